"""Pages of lineage: the picture, its exports, a product's tab."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.csv import csv_response
from catalog.common.errors import Invalid, NotFound, PortalError, Problem
from catalog.common.fragments import render_fragment
from catalog.domains.models import Domain
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct
from lineage.address import LENSES, LEVELS, Address, read_address, resolve
from lineage.looking import look
from lineage.mermaid import mermaid
from lineage.picture import compose, product_url
from lineage.rows import with_columns
from lineage.selectors import DIRECTIONS, MAX_DEPTH, NODE_BUDGET, connected_products, neighbourhood
from lineage.tables import (
    COLUMN_COLUMNS,
    COLUMNS,
    EDGE_COLUMNS,
    as_json,
    csv_rows,
    edge_lines,
    edge_rows,
    lines,
    link_lines,
    link_rows,
    through_unnamed,
)

SLIDER_DAYS = 730


def _picture_context(user: User, address: Address) -> dict[str, Any]:
    """Everything the picture, its controls and its table twin show."""
    focus, view = resolve(user, address)
    found = neighbourhood(user, focus, view)
    looking = look(found, address.lens, address.find, with_columns(found, address))
    picture = compose(found, address, looking)
    return {
        "address": address,
        "focus": focus,
        "focus_url": product_url(found.nodes[focus.product.pk]),
        "domains": [*Domain.objects.get_ancestors(focus.product.domain), focus.product.domain],
        "found": found,
        "picture": picture,
        "looking": looking,
        "lines": lines(found, looking),
        "edge_lines": edge_lines(found, looking),
        "link_lines": link_lines(found, looking),
        "through_unnamed": through_unnamed(found),
        "hidden_total": sum(sum(node.hidden.values()) for node in found.nodes.values()),
        "query": address.query(),
        "depths": range(1, MAX_DEPTH + 1),
        "directions": DIRECTIONS,
        "levels": LEVELS,
        "lenses": LENSES,
        "today": timezone.now().astimezone(UTC).date(),
        "slider_days": SLIDER_DAYS,
        "now_query": replace(address, at=None).query(),
        "budget": NODE_BUDGET,
    }


def _drawn_context(user: User, address: Address) -> dict[str, Any]:
    """The same with picture and table drawn, for a page."""
    context = _picture_context(user, address)
    focus = context["focus"]
    looking = context["looking"]
    graph = render_fragment("lineage/graph.jinja", picture=context["picture"], title=focus.name)
    table = render_fragment(
        "lineage/table.jinja",
        lines=context["lines"],
        focus=focus.product.pk,
        lens=looking.label if looking.lens else "",
    )
    legend = render_fragment("lineage/legend.jinja", label=looking.label, entries=looking.legend())
    may_draw = kernel.can(user, "lineage_edge.create", focus.product)
    drawn = {"graph": graph, "table": table, "legend": legend if address.lens else ""}
    return {**context, **drawn, "may_draw": may_draw}


@require_safe
def lineage(request: HttpRequest) -> HttpResponse:
    """The picture around one node; without one, the products best connected to begin with."""
    user = caller(request)
    if not request.GET.get("node"):
        return _start(request, user)
    try:
        context = _drawn_context(user, read_address(request.GET))
    except Invalid as error:
        return _start(request, user, error, 400)
    except NotFound as error:
        return _start(request, user, error, 404)
    return render(request, "lineage/lineage.html", context)


def _start(
    request: HttpRequest, user: User, error: PortalError | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "products": connected_products(user),
        "may_sort": kernel.can(user, "dataset.view_quarantine"),
        "error": error,
    }
    return render(request, "lineage/start.html", context, status=status)


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
    response = JsonResponse(
        as_json(context["found"], context["looking"]), json_dumps_params={"indent": 2, "ensure_ascii": False}
    )
    return _attachment(response, context, "json")


@require_safe
def export_csv(request: HttpRequest) -> HttpResponseBase:
    """A table under the picture as a file for spreadsheets: `?table=products`, `edges` or `columns`."""
    context = _picture_context(caller(request), read_address(request.GET))
    found, looking = context["found"], context["looking"]
    kind = request.GET.get("table", "products")
    tables: dict[str, tuple[Sequence[str], Iterable[Sequence[Any]]]] = {
        "products": (COLUMNS, csv_rows(context["lines"])),
        "edges": (EDGE_COLUMNS, edge_rows(found, looking)),
        "columns": (COLUMN_COLUMNS, link_rows(found, looking)),
    }
    if kind not in tables:
        problem = Problem("table", "choice", f"Table is one of {', '.join(tables)}.")
        raise Invalid("There is no such table.", problems=[problem])
    return csv_response(f"lineage-{_file_stem(context)}-{kind}.csv", *tables[kind])


@require_safe
def export_mermaid(request: HttpRequest) -> HttpResponse:
    """The picture as a Mermaid flowchart, to paste into documents."""
    context = _picture_context(caller(request), read_address(request.GET))
    content = mermaid(context["found"], context["looking"])
    return _attachment(HttpResponse(content, content_type="text/plain; charset=utf-8"), context, "mmd")


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
