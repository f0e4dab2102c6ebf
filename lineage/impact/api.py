"""Impact in the REST API."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts.caller import caller
from catalog.common.api import PortalPagination, StrictParameters
from catalog.incidents.selectors import incident_or_404
from lineage.impact.answers import DOWN, SORTS, UP, Found
from lineage.impact.asking import PARAMETERS, read_question
from lineage.impact.root_cause import causes_of
from lineage.impact.sight import STATES
from lineage.impact.tables import about_json, row_json

_DOCUMENTED = [
    OpenApiParameter(
        "node", str, required=True,
        description="product:domain/slug, port:domain/slug/name/version or column:domain/slug/name/version/path",
    ),
    OpenApiParameter("steps", int, description="At most so many steps; without it the whole way."),
    OpenApiParameter("level", str, enum=["product", "column"]),
    OpenApiParameter("owner", str, description="Slug of the owning team."),
    OpenApiParameter("domain", str, description="Slug of a domain, with those below it."),
    OpenApiParameter("state", str, many=True, enum=[key for key, _ in STATES], description="State of the objectives."),
    OpenApiParameter("direct", bool, description="Follow only edges that say: made from (columns)."),
    OpenApiParameter("sort", str, enum=[name for key in SORTS for name in (key, f"-{key}")]),
    OpenApiParameter("page", int),
    OpenApiParameter("page_size", int),
]  # fmt: skip


class _Answer(StrictParameters, APIView):
    query_parameters = PARAMETERS | {"page", "page_size"}
    way = DOWN

    def answer(self, request: Request) -> Response:
        user = caller(request)
        found: Any = Found(user, read_question(user, request.query_params, way=self.way))
        pages = PortalPagination()
        rows = pages.paginate_queryset(found, request, self) or []
        response = pages.get_paginated_response([row_json(row) for row in rows])
        response.data |= about_json(found)
        return response


class ImpactView(_Answer):
    """Everything downstream of a node that the caller may see, exactly counted; the rest is a number."""

    @extend_schema(operation_id="lineage_impact", parameters=_DOCUMENTED, responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return self.answer(request)


class UpstreamView(_Answer):
    """Everything a node is made from, in the same shape."""

    way = UP

    @extend_schema(operation_id="lineage_upstream", parameters=_DOCUMENTED, responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return self.answer(request)


class IncidentCausesView(StrictParameters, APIView):
    """What is broken upstream of an incident, the likeliest first, with the path and the reasons."""

    @extend_schema(operation_id="incident_causes", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, pk: int) -> Response:
        user = caller(request)
        return Response(causes_of(user, incident_or_404(user, pk)).as_dict())
