"""Pages of impact: what is reached from a product, port or column, and what it is made from."""

from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from catalog.accounts.caller import caller
from catalog.accounts.models import Team, User
from catalog.common.csv import csv_response
from catalog.common.errors import Invalid, NotFound
from catalog.common.fragments import render_fragment
from catalog.common.lists import page_of
from catalog.domains.models import Domain
from lineage.impact.answers import DOWN, UP, Asked, Found
from lineage.impact.asking import direction, read_question
from lineage.impact.sight import STATES
from lineage.impact.tables import COLUMNS, csv_rows, json_lines

STEPS = (1, 2, 3, 5, 10)
MOST_CHOICES = 500


@require_safe
def impact(request: HttpRequest) -> HttpResponseBase:
    """Everything downstream (or upstream) of a node: filtered, sorted, in pages; whole as CSV or JSON."""
    user = caller(request)
    if not request.GET.get("node"):
        return render(request, "lineage/impact/start.html")
    try:
        asked = read_question(user, request.GET, way=direction(request.GET.get("direction", "")))
        found = Found(user, asked)
    except Invalid as error:
        return render(request, "lineage/impact/start.html", {"error": error}, status=400)
    except NotFound as error:
        return render(request, "lineage/impact/start.html", {"error": error}, status=404)
    name = f"{'impact' if asked.way == DOWN else 'upstream'}-{slugify(asked.node.product.slug) or 'lineage'}"
    if request.GET.get("format") == "csv":
        return csv_response(f"{name}.csv", COLUMNS, csv_rows(found))
    if request.GET.get("format") == "json":
        response = StreamingHttpResponse(json_lines(found), content_type="application/json")
        response["Content-Disposition"] = content_disposition_header(True, f"{name}.json")
        return response
    return render(request, "lineage/impact/impact.html", _context(request, user, asked, found))


def _context(request: HttpRequest, user: User, asked: Asked, found: Found) -> dict[str, Any]:
    page: Any = page_of(request, found)  # type: ignore[arg-type]  # a list that loads its rows when they are read
    columns = not found.is_products
    query = request.GET.copy()
    query["direction"] = UP if asked.way == DOWN else DOWN
    for key in ("page", "sort"):
        query.pop(key, None)
    export = request.GET.copy()
    export["format"] = "json"
    export.pop("page", None)
    return {
        "asked": asked,
        "found": found,
        "page": page,
        "rows": render_fragment("lineage/impact/rows.jinja", rows=list(page), columns=columns),
        "is_down": asked.way == DOWN,
        "columns": columns,
        "json_url": f"?{export.urlencode(safe=':/')}",
        "other_way": f"?{query.urlencode(safe=':/')}",
        "states": STATES,
        "steps": STEPS,
        "domains": list(Domain.objects.visible_to(user).order_by("name")[:MOST_CHOICES]),
        "owners": list(_owners(user)[:MOST_CHOICES]),
        "is_filtered": not asked.wanted.is_everything or asked.steps is not None or asked.direct_only,
    }


def _owners(user: User) -> Any:
    from catalog.products.models import DataProduct

    owning = DataProduct.objects.visible_to(user).exclude(team=None).order_by().values("team")
    return Team.objects.filter(pk__in=owning).order_by("name")
