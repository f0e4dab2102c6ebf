"""Lineage in the REST API."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts.caller import caller
from catalog.common.errors import Invalid, Problem
from lineage.address import LENSES, read_address, resolve
from lineage.looking import look
from lineage.rows import with_columns
from lineage.selectors import neighbourhood
from lineage.tables import as_json

PARAMETERS = [
    OpenApiParameter("depth", int, description="Hops from the focus, 1 to 10."),
    OpenApiParameter("direction", str, enum=["both", "upstream", "downstream"]),
    OpenApiParameter("level", str, enum=["product", "column"], description="`column` adds `columns`."),
    OpenApiParameter("lens", str, enum=list(LENSES), description="What `state` says of a product."),
    OpenApiParameter("at", OpenApiTypes.DATE, description="As it was at the end of that day, in UTC."),
]
KNOWN = {"node", "depth", "direction", "at", "level", "lens", "format"}


def _graph(request: Request, node: str) -> Response:
    unknown = sorted(set(request.query_params) - KNOWN)
    if unknown:
        problems = [Problem(name, "unknown", "This parameter is not known here.") for name in unknown]
        raise Invalid("The request has unknown parameters.", problems=problems)
    user = caller(request)
    parameters = request.query_params.copy()
    parameters["node"] = node
    address = read_address(parameters)
    focus, view = resolve(user, address)
    found = neighbourhood(user, focus, view)
    return Response(as_json(found, look(found, address.lens, "", with_columns(found, address))))


class LineageGraphView(APIView):
    """The neighbourhood of a node, as far as the caller may see it; what is left out is counted."""

    @extend_schema(
        operation_id="lineage_graph",
        parameters=[
            OpenApiParameter(
                "node", str, required=True, description="product:domain/slug or port:domain/slug/name/version"
            ),
            *PARAMETERS,
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        return _graph(request, request.query_params.get("node", ""))


class ProductLineageView(APIView):
    """The neighbourhood of one product."""

    @extend_schema(operation_id="product_lineage", parameters=PARAMETERS, responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, domain: str, slug: str) -> Response:
        return _graph(request, f"product:{domain}/{slug}")
