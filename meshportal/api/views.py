"""The API's own pages: its entrance, its OpenAPI document and the browsable documentation."""

from django.urls import NoReverseMatch, reverse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.common.api import StrictParameters


class Entrance(StrictParameters, APIView):
    """The lists of the API by name, so that a client can find its way from /api/v1/."""

    @extend_schema(
        operation_id="entrance",
        responses={200: {"type": "object", "additionalProperties": {"type": "string"}}},
    )
    def get(self, request: Request) -> Response:
        return Response({name: request.build_absolute_uri(url) for name, url in sorted(entrances().items())})


def entrances() -> dict[str, str]:
    """Name -> address of every API route that needs no argument and stands directly below /api/v1/."""
    from meshportal.api.urls import urlpatterns

    found = {}
    for pattern in urlpatterns:
        name = getattr(pattern, "name", None)
        if not name or name == "entrance":
            continue
        try:
            found[name.removesuffix("-list")] = reverse(f"api:{name}")
        except NoReverseMatch:
            continue
    return found


class Schema(SpectacularAPIView):
    """The OpenAPI 3 document (YAML, or JSON by content negotiation)."""


class Documentation(SpectacularSwaggerSplitView):
    """Swagger UI of our own copy, in a page without inline script or style."""

    url_name = "api:schema"
    template_name = "meshportal/api_documentation.html"
    title = "Mesh portal API"
