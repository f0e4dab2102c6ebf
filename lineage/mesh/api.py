"""The map in the REST API."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts.caller import caller
from catalog.common.api import check_parameters
from lineage.mesh.address import DOMAIN_LEVEL, LEVELS, read_map_address
from lineage.mesh.lenses import LENSES
from lineage.mesh.picture import compose_map
from lineage.mesh.tables import as_json


class LineageMapView(APIView):
    """The map of the mesh, as far as the caller may see it: domains, flows between them, products within the budget."""

    @extend_schema(
        operation_id="lineage_map",
        parameters=[
            OpenApiParameter("level", str, enum=list(LEVELS), description="How fine; domain when left out."),
            OpenApiParameter("domain", str, description="Slug of a domain whose products are wanted first."),
            OpenApiParameter("lens", str, enum=list(LENSES), description="What `state` says of a product."),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        check_parameters(request, {"level", "domain", "lens", "format"})
        parameters = request.query_params.copy()
        parameters.setdefault("level", DOMAIN_LEVEL)
        if domain := parameters.get("domain"):
            parameters["focus"] = f"domain:{domain}"
        return Response(as_json(compose_map(caller(request), read_map_address(parameters))))
