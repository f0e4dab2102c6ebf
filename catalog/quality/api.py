"""Checks and their results in the REST API."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from catalog.common.errors import Invalid, Problem
from catalog.common.etag import RevisionTagMixin
from catalog.quality import selectors, services
from catalog.quality.filters import CheckFilter
from catalog.quality.models import QualityCheck
from catalog.quality.serializers import (
    CheckEdit,
    CheckInput,
    CheckResultInput,
    CheckResultsAnswer,
    CheckResultSerializer,
    CheckSerializer,
)
from catalog.quality.storing import NewResult


class CheckViews(StrictParameters, RevisionTagMixin, generics.GenericAPIView[QualityCheck]):
    """What the list and the single check share."""

    serializer_class = CheckSerializer

    def get_queryset(self) -> QuerySet[QualityCheck]:
        rows = selectors.checks_for(caller(self.request))
        return rows.prefetch_related("port__product__stewardships") if self.kwargs.get("pk") else rows

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": timezone.now()}

    def answer(self, check: QualityCheck, code: int = status.HTTP_200_OK) -> Response:
        fresh = selectors.checks_for(caller(self.request)).get(pk=check.pk)
        self.tag(fresh)
        return Response(CheckSerializer(fresh, context=self.get_serializer_context()).data, status=code)


class CheckList(CheckViews):
    """Checks of the products the caller may see."""

    filterset_class = CheckFilter
    sort_fields = {
        "name": "name", "product": "port__product__name", "failed_rows": "state__failed_rows",
        "measured_at": "state__measured_at", "since": "state__since",
    }  # fmt: skip

    @extend_schema(operation_id="quality_checks_list", responses=CheckSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="quality_checks_create", request=CheckInput, responses={201: CheckSerializer})
    def post(self, request: Request) -> Response:
        """Ask for a check of a port. The parameters of each kind are described in the documentation."""
        data = CheckInput(data=request.data, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        origin: services.CheckOrigin = {"source": QualityCheck.Source.API.value}
        made = services.create_check(actor=caller(request), origin=origin, **data.validated_data)
        return self.answer(made, status.HTTP_201_CREATED)


class CheckDetail(CheckViews):
    """One check."""

    @extend_schema(operation_id="quality_checks_read", responses=CheckSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(operation_id="quality_checks_edit", request=CheckEdit, responses=CheckSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given. Needs If-Match."""
        check = self.get_object()
        kernel.require(caller(request), "check.edit", check)
        expected = self.expected_revision(check)
        data = CheckEdit(data=request.data, partial=True, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        saved = services.edit_check(
            actor=caller(request), check=check, expected_revision=expected, **data.validated_data
        )
        return self.answer(saved)

    @extend_schema(operation_id="quality_checks_delete", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Delete it with its results. Needs If-Match."""
        check = self.get_object()
        kernel.require(caller(request), "check.edit", check)
        self.expected_revision(check)
        services.delete_check(actor=caller(request), check=check)
        return Response(status=status.HTTP_204_NO_CONTENT)


class CheckResults(CheckViews):
    """The results of a check, the newest first."""

    @extend_schema(operation_id="quality_check_results", responses=CheckResultSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        check = self.get_object()
        self._tagged = None
        page = self.paginate_queryset(check.results.all())
        return self.get_paginated_response(CheckResultSerializer(page, many=True).data)

    @extend_schema(
        operation_id="quality_check_measure",
        request=CheckResultInput(many=True),
        responses={200: CheckResultsAnswer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take one result of another tool, or a list of up to 10,000, all or none. Sending it twice does no harm."""
        check = self.get_object()
        self._tagged = None
        product = check.port.product
        kernel.require(
            caller(request), "check.measure", product, "You may not send results for this product."
        )
        items = request.data if isinstance(request.data, list) else [request.data]
        if not 0 < len(items) <= services.MOST_RESULTS:
            words = f"Send 1 to {services.MOST_RESULTS:,} results."
            raise Invalid("There are too many or no results.", problems=[Problem("$", "size", words)])
        data = CheckResultInput(data=items, many=True)
        data.is_valid(raise_exception=True)
        results = [
            NewResult(check_id=check.pk, source=item.pop("tool"), **item) for item in data.validated_data
        ]
        changed = services.record_results(actor=caller(request), results=results)
        return Response({"received": len(results), "is_changed": bool(changed)})
