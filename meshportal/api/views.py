"""The API's own pages: its entrance, its OpenAPI document and the browsable documentation."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from meshportal.api.documentation import areas


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


@never_cache
@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """The operations of one area, `?area=`, for people; without scripts, in the frame of the portal."""
    caller(request)
    known = areas()
    wanted = request.GET.get("area", "")
    area = next((item for item in known if item.name == wanted), known[0])
    portal = request.build_absolute_uri("/").rstrip("/")
    shown = [(operation, operation.command(portal)) for operation in area.operations]
    context = {
        "areas": known,
        "area": area,
        "operations": shown,
        "is_unknown": bool(wanted) and area.name != wanted,
    }
    return render(request, "meshportal/api_documentation.html", context)
