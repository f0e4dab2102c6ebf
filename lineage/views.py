"""Pages of lineage: the picture, its exports, a product's tab."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.csv import csv_response
from catalog.common.errors import Invalid, NotFound
from catalog.common.fragments import render_fragment
from catalog.domains.models import Domain
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct
from lineage.address import Address, read_address, resolve
from lineage.picture import compose, product_url
from lineage.selectors import DIRECTIONS, MAX_DEPTH, NODE_BUDGET, connected_products, neighbourhood
from lineage.tables import COLUMNS, as_json, csv_rows, lines


def _picture_context(user: User, address: Address) -> dict[str, Any]:
    """Everything the picture, its controls and its table twin show."""
    focus, view = resolve(user, address)
    found = neighbourhood(user, focus, view)
    picture = compose(found, address)
    return {
        "address": address,
        "focus": focus,
        "focus_url": product_url(found.nodes[focus.product.pk]),
        "domains": [*Domain.objects.get_ancestors(focus.product.domain), focus.product.domain],
        "found": found,
        "picture": picture,
        "lines": lines(found),
        "hidden_total": sum(sum(node.hidden.values()) for node in found.nodes.values()),
        "query": address.query(),
        "depths": range(1, MAX_DEPTH + 1),
        "directions": DIRECTIONS,
        "budget": NODE_BUDGET,
    }


def _drawn_context(user: User, address: Address) -> dict[str, Any]:
    """The same with picture and table drawn, for a page."""
    context = _picture_context(user, address)
    focus = context["focus"]
    graph = render_fragment("lineage/graph.jinja", picture=context["picture"], title=focus.name)
    table = render_fragment("lineage/table.jinja", lines=context["lines"], focus=focus.product.pk)
    return {**context, "graph": graph, "table": table}


@require_safe
def lineage(request: HttpRequest) -> HttpResponse:
    """The picture around one node; without one, the products best connected to begin with."""
    user = caller(request)
    if not request.GET.get("node"):
        return render(request, "lineage/start.html", {"products": connected_products(user)})
    try:
        context = _drawn_context(user, read_address(request.GET))
    except Invalid as error:
        return render(
            request, "lineage/start.html", {"products": connected_products(user), "error": error}, status=400
        )
    except NotFound as error:
        return render(
            request, "lineage/start.html", {"products": connected_products(user), "error": error}, status=404
        )
    return render(request, "lineage/lineage.html", context)


@require_safe
def export_svg(request: HttpRequest) -> HttpResponse:
    """The picture as a file of its own, styled for paper."""
    context = _picture_context(caller(request), read_address(request.GET))
    content = render_to_string("lineage/export.svg", context)
    return _attachment(HttpResponse(content, content_type="image/svg+xml"), context, "svg")


@require_safe
def export_json(request: HttpRequest) -> HttpResponse:
    """The picture's nodes and edges as a file, the same as the API gives."""
    context = _picture_context(caller(request), read_address(request.GET))
    response = JsonResponse(as_json(context["found"]), json_dumps_params={"indent": 2, "ensure_ascii": False})
    return _attachment(response, context, "json")


@require_safe
def export_csv(request: HttpRequest) -> HttpResponseBase:
    """The table under the picture as a file for spreadsheets."""
    context = _picture_context(caller(request), read_address(request.GET))
    return csv_response(f"lineage-{_file_stem(context)}.csv", COLUMNS, csv_rows(context["lines"]))


def _file_stem(context: dict[str, Any]) -> str:
    return slugify(context["focus"].product.slug) or "lineage"


def _attachment(response: HttpResponse, context: dict[str, Any], ending: str) -> HttpResponse:
    response["Content-Disposition"] = f'attachment; filename="lineage-{_file_stem(context)}.{ending}"'
    return response


@require_safe
@with_product
def product_lineage(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """The lineage tab of a product: the picture with the product in the middle."""
    parameters = request.GET.copy()
    parameters["node"] = f"product:{product.key}"
    context = _drawn_context(caller(request), read_address(parameters))
    return render(request, "lineage/product.html", {**context, "product": product, "tab": "lineage"})
