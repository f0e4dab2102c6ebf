"""Pages of the map: the map itself, the tiles its script asks for, its search, its exports."""

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.views.decorators.http import require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.audit.remembered import remembered
from catalog.common.csv import csv_response
from catalog.common.errors import Invalid, NotFound, PortalError
from catalog.search.documents import IndexUnavailable
from lineage.mesh import svg
from lineage.mesh.address import DOMAIN_LEVEL, LEVELS, PORT_LEVEL, MapAddress, read_map_address
from lineage.mesh.finding import Place, find_places
from lineage.mesh.ground import read_areas
from lineage.mesh.laying import WINDOW_WIDTH
from lineage.mesh.lenses import LENSES, Lens, lens_named
from lineage.mesh.picture import MeshPicture, compose_map
from lineage.mesh.tables import (
    COLUMNS,
    FLOWS_LISTED,
    as_json,
    domain_lines,
    flow_rows,
    legend,
    product_page,
)
from lineage.mesh.tiles import NODE_BUDGET, PRODUCT_LEVEL, lay_tile, read_rows

logger = logging.getLogger(__name__)


@require_safe
def mesh_map(request: HttpRequest) -> HttpResponse:
    """The map of the whole mesh: domains, products, ports; `?q=` searches and shows the first place found."""
    user = caller(request)
    error: PortalError | None = None
    status = 200
    try:
        address = read_map_address(request.GET)
    except Invalid as invalid:
        address, error, status = MapAddress(), invalid, 400
    typed = request.GET.get("q", "").strip()[:400]
    places, is_searchable = _places(user, typed, address)
    if places:
        address = address.about(places[0].focus)
    try:
        picture = compose_map(user, address)
    except NotFound as missing:
        address, error, status = address.about(""), missing, 404
        picture = compose_map(user, address)
    context = _context(user, picture) | {
        "error": error,
        "typed": typed,
        "places": places,
        "is_searchable": is_searchable,
        "lines": product_page(user, picture, request.GET.get("page", "1")),
    }
    return render(request, "lineage/map/map.html", context, status=status)


def _places(user: User, typed: str, address: MapAddress) -> tuple[list[Place], bool]:
    """What was typed may mean, and whether the search could be asked at all."""
    try:
        return find_places(user, typed, address), True
    except IndexUnavailable as error:
        logger.warning("%s", error)
        return [], False


def _context(user: User, picture: MeshPicture) -> dict[str, Any]:
    address, ground, window = picture.address, picture.ground, picture.window
    return {
        "picture": picture,
        "ground": ground,
        "address": address,
        "query": address.query(),
        "definitions": svg.definitions(ground.unit),
        "world": svg.world(picture),
        "view_box": f"{window.x:.0f} {window.y:.0f} {window.width:.0f} {window.height:.0f}",
        "tier": svg.tier(WINDOW_WIDTH / window.width),
        "levels": [
            (key, label, address.at_level(key).query(), key == picture.level) for key, label in LEVELS.items()
        ],
        "lenses": [
            (key, label, address.through(key).query(), key == picture.lens.key)
            for key, label in LENSES.items()
        ],
        "legend": legend(picture),
        "domains": domain_lines(ground, picture.lens),
        "flows": ground.flows[:FLOWS_LISTED],
        "budget": NODE_BUDGET,
        "closed": [
            area for area in ground.areas() if area.own_products and area.domain.pk not in picture.tiles
        ],
        "left_out": sum(tile.left_out for tile in picture.tiles.values()),
    }


@require_safe
def map_tile(request: HttpRequest) -> HttpResponse:
    """The inside of one domain as a piece of SVG: `?domain=` its slug, `?level=` product or port, `?lens=`."""
    address = read_map_address(request.GET)
    user = caller(request)
    slug = request.GET.get("domain", "")
    level = PORT_LEVEL if address.level == PORT_LEVEL else PRODUCT_LEVEL
    content = remembered(
        "map-tile",
        (kernel.scope(user), slug, level, address.lens, get_script_prefix()),
        lambda: _draw_tile(user, slug, level, lens_named(address.lens)),
    )
    response = HttpResponse(content, content_type="image/svg+xml")
    response["Cache-Control"] = "private, max-age=10"
    return response


def _draw_tile(user: User, slug: str, level: str, lens: Lens) -> str:
    by_domain, _, _ = read_areas(user, lens)
    area = next((area for area in by_domain.values() if area.domain.slug == slug), None)
    if area is None:
        raise NotFound("There is no such domain on the map.")
    tile = lay_tile(area.domain.pk, area.own_products, read_rows(user, [area], lens, level))
    return svg.tile_content(tile, lens)


@require_safe
def map_find(request: HttpRequest) -> HttpResponse:
    """Places for the list under the map's search box; empty when there is nothing to offer."""
    try:
        address = read_map_address(request.GET)
    except Invalid:
        address = MapAddress()
    places, _ = _places(caller(request), request.GET.get("q", "")[:400], address)
    response = render(request, "lineage/map/places.html", {"places": places})
    response["Cache-Control"] = "private, max-age=10"
    return response


def _exported(request: HttpRequest) -> MeshPicture:
    return compose_map(caller(request), read_map_address(request.GET))


@require_safe
def export_map_svg(request: HttpRequest) -> HttpResponse:
    """The map as a file of its own, whole, styled for paper."""
    picture = _exported(request)
    context = {
        "picture": picture,
        "ground": picture.ground,
        "definitions": svg.definitions(picture.ground.unit),
    }
    picture.window = picture.window.__class__(0, 0, picture.ground.width, picture.ground.height)
    context |= {"world": svg.world(picture), "legend": legend(picture)}
    context["tier"] = "mid" if picture.level != DOMAIN_LEVEL else "far"
    content = render_to_string("lineage/map/export.svg", context)
    return _attachment(HttpResponse(content, content_type="image/svg+xml"), "svg")


@require_safe
def export_map_json(request: HttpRequest) -> HttpResponse:
    """What the map shows as a file, the same as the API gives."""
    found = as_json(_exported(request))
    return _attachment(JsonResponse(found, json_dumps_params={"indent": 2, "ensure_ascii": False}), "json")


@require_safe
def export_map_csv(request: HttpRequest) -> HttpResponseBase:
    """The flows between domains as a file for spreadsheets."""
    return csv_response("map.csv", COLUMNS, flow_rows(_exported(request).ground.flows))


def _attachment(response: HttpResponse, ending: str) -> HttpResponse:
    response["Content-Disposition"] = f'attachment; filename="map.{ending}"'
    return response
