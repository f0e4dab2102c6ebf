"""OpenSLO in the REST API, and the history of objectives with bringing a version back."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.api import DocumentParser, YamlRenderer, document_of
from catalog.common.errors import Invalid, Problem
from catalog.common.serializers import StrictSerializer
from catalog.products.history import versions
from catalog.slos import restoring
from catalog.slos.api import SloViews
from catalog.slos.exchange import export_slos, import_slos
from catalog.slos.filters import SloFilter
from catalog.slos.serializers import SloSerializer

MOST_EXPORTED = 1_000


class ProblemShape(serializers.Serializer[Any]):
    path = serializers.CharField()
    rule = serializers.CharField()
    severity = serializers.CharField()
    message = serializers.CharField()


class BroughtShape(serializers.Serializer[Any]):
    """What became of one objective."""

    key = serializers.CharField()
    status = serializers.ChoiceField(["imported", "changed", "unchanged", "refused"])
    slo = serializers.IntegerField(allow_null=True)
    problems = ProblemShape(many=True)


class BroughtAnswer(serializers.Serializer[Any]):
    results = BroughtShape(many=True)


class OpenSlo(SloViews):
    """Objectives as OpenSLO v1 documents, out and in."""

    filterset_class = SloFilter
    parser_classes = (DocumentParser,)
    renderer_classes = (YamlRenderer, JSONRenderer)

    def allowed_parameters(self) -> set[str]:
        return set(SloFilter.base_filters) if self.request.method == "GET" else {"port"}

    def get_renderers(self) -> list[BaseRenderer]:
        """What became of an import is told in JSON."""
        return [JSONRenderer()] if self.request.method == "POST" else super().get_renderers()

    @extend_schema(
        operation_id="slos_openslo_export", responses={(200, "application/yaml"): OpenApiTypes.STR}
    )
    def get(self, request: Request) -> HttpResponse:
        """Those the list would show, narrowed by its filters, as one YAML stream. 400 for more than 1,000."""
        found = list(self.filter_queryset(self.get_queryset()).order_by("pk")[: MOST_EXPORTED + 1])
        if len(found) > MOST_EXPORTED:
            words = f"More than {MOST_EXPORTED:,} objectives; narrow them, such as ?product=domain/slug."
            raise Invalid(
                "There are too many objectives for one file.", problems=[Problem("", "size", words)]
            )
        return HttpResponse(export_slos(found), content_type="application/yaml; charset=utf-8")

    @extend_schema(
        operation_id="slos_openslo_import",
        parameters=[OpenApiParameter("port", str, description="For objectives that name none.")],
        request={"application/yaml": OpenApiRequest(OpenApiTypes.STR)},
        responses={200: BroughtAnswer, 400: BroughtAnswer},
    )
    def post(self, request: Request) -> Response:
        """Promise what the documents in the body say, each objective whole or not at all; sent again, nothing changes.

        200 with a result for each, 400 with the same results when every one was refused.
        """
        results = import_slos(
            actor=caller(request), raw=document_of(request), port_key=request.query_params.get("port", "")
        )
        is_refused = all(item.status == "refused" for item in results)
        return Response({"results": [item.as_dict() for item in results]}, status=400 if is_refused else 200)


class ChangeShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class VersionShape(serializers.Serializer[Any]):
    """One version: `id` restores it."""

    id = serializers.IntegerField(source="history_id")
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    reason = serializers.CharField()
    is_newest = serializers.BooleanField()
    changes = ChangeShape(many=True)


class RestorationInput(StrictSerializer):
    version = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class SloHistory(SloViews):
    """Every version of an objective."""

    def allowed_parameters(self) -> set[str]:
        return {"page", "page_size"}

    @extend_schema(operation_id="slos_history", responses=VersionShape(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Newest first, each with what it changed."""
        rows = restoring.history_of(self.get_object())
        self._tagged = None
        page = self.paginate_queryset(rows)
        shown = versions(page or [], rows, caller(request))
        return self.get_paginated_response(VersionShape(shown, many=True).data)


class SloRestoration(SloViews):
    """Bringing a version back."""

    @extend_schema(operation_id="slos_restore", request=RestorationInput, responses=SloSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Promise what an older version promised, as a new version. Needs If-Match."""
        slo = self.get_object()
        kernel.require(caller(request), "slo.edit", slo)
        expected = self.expected_revision(slo)
        data = RestorationInput(data=request.data)
        data.is_valid(raise_exception=True)
        saved = restoring.restore_slo(
            actor=caller(request),
            slo=slo,
            history_id=data.validated_data["version"],
            expected_revision=expected,
        )
        return self.answer(saved)
