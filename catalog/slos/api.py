"""Objectives and their measurements in the REST API."""

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
from catalog.slos import selectors, services
from catalog.slos.filters import SloFilter
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.serializers import (
    MeasurementInput,
    MeasurementsAnswer,
    SloEdit,
    SloInput,
    SloSerializer,
)


class SloViews(StrictParameters, RevisionTagMixin, generics.GenericAPIView[ServiceLevelObjective]):
    """What the list and the single objective share."""

    serializer_class = SloSerializer

    def get_queryset(self) -> QuerySet[ServiceLevelObjective]:
        rows = selectors.slos_for(caller(self.request))
        return rows.prefetch_related("port__product__stewardships") if self.kwargs.get("pk") else rows

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": timezone.now()}

    def answer(self, slo: ServiceLevelObjective, code: int = status.HTTP_200_OK) -> Response:
        fresh = selectors.slos_for(caller(self.request)).get(pk=slo.pk)
        self.tag(fresh)
        return Response(self.get_serializer(fresh).data, status=code)


class SloList(SloViews):
    """Objectives of the products the caller may see."""

    filterset_class = SloFilter
    sort_fields = {
        "name": "name", "budget": "state__budget_left", "target": "target", "burn_rate": "state__burn_rate",
        "measured_at": "state__measured_at", "product": "port__product__name",
    }  # fmt: skip

    @extend_schema(operation_id="slos_list", responses=SloSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="slos_create", request=SloInput, responses={201: SloSerializer})
    def post(self, request: Request) -> Response:
        """Promise an objective on a port."""
        data = SloInput(data=request.data, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        origin: services.SloOrigin = {"source": ServiceLevelObjective.Source.API.value}
        made = services.create_slo(actor=caller(request), origin=origin, **data.validated_data)
        return self.answer(made, status.HTTP_201_CREATED)


class SloDetail(SloViews):
    """One objective."""

    @extend_schema(operation_id="slos_read", responses=SloSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(operation_id="slos_edit", request=SloEdit, responses=SloSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given. Needs If-Match."""
        slo = self.get_object()
        kernel.require(caller(request), "slo.edit", slo)
        expected = self.expected_revision(slo)
        data = SloEdit(data=request.data, partial=True, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        saved = services.edit_slo(
            actor=caller(request), slo=slo, expected_revision=expected, **data.validated_data
        )
        return self.answer(saved)

    @extend_schema(operation_id="slos_delete", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Delete it with everything measured of it. Needs If-Match."""
        slo = self.get_object()
        kernel.require(caller(request), "slo.edit", slo)
        self.expected_revision(slo)
        services.delete_slo(actor=caller(request), slo=slo)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SloMeasurements(SloViews):
    """Measurements of a custom objective, from outside."""

    @extend_schema(
        operation_id="slos_measure", request=MeasurementInput(many=True), responses={200: MeasurementsAnswer}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take one measurement or a list of up to 10,000, all or none.

        The same `key` again replaces the earlier measurement, so sending a batch twice does no harm; without a key
        the time of the measurement is its key.
        """
        slo = self.get_object()
        self._tagged = None
        kernel.require(
            caller(request), "slo.measure", slo, "You may not send measurements of this objective."
        )
        items = request.data if isinstance(request.data, list) else [request.data]
        if not 0 < len(items) <= services.MOST_MEASUREMENTS:
            words = f"Send 1 to {services.MOST_MEASUREMENTS:,} measurements."
            raise Invalid("There are too many or no measurements.", problems=[Problem("$", "size", words)])
        data = MeasurementInput(data=items, many=True)
        data.is_valid(raise_exception=True)
        given = [services.Given(**item) for item in data.validated_data]
        changed = services.record_measurements(actor=caller(request), slo=slo, measurements=given)
        return Response({"received": len(given), "is_changed": bool(changed)})
