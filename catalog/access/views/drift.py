"""Where agreements and stores differ: page and CSV."""

from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.access.differing import KINDS, Difference, differences, unseen
from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.errors import Problem
from catalog.common.lists import PER_PAGE, sorted_rows
from catalog.common.validation import invalid

HEADER = ("kind", "product", "port", "version", "who", "since", "words", "agreement")


SORTS: dict[str, Callable[[Difference], Any]] = {
    "who": lambda row: row.who.casefold(), "kind": lambda row: row.title,
    "product": lambda row: row.port.product.name.casefold(), "since": lambda row: row.since,
}  # fmt: skip


@never_cache
@require_safe
def drift(request: HttpRequest) -> HttpResponseBase:
    """What was agreed and is not granted, what ended and is still there, and who reads without an agreement."""
    person, now = caller(request), timezone.now()
    product, kind = request.GET.get("product", "")[:300], request.GET.get("kind", "")
    if kind and kind not in KINDS:
        raise invalid([Problem("kind", "choice", f"Use one of {', '.join(KINDS)}.")])
    rows = sorted_rows(request, differences(person, now, product=product, kind=kind), SORTS, "since")
    if request.GET.get("format") == "csv":
        lines = (
            (
                row.kind, row.port.product.key, row.port.name, row.port.version, row.who, row.since, row.words,
                row.agreement.pk if row.agreement else None,
            )
            for row in rows
        )  # fmt: skip
        return csv_response("access-drift.csv", HEADER, lines)
    query = request.GET.copy()
    query["format"] = "csv"
    context = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")), "kinds": KINDS, "kind": kind,
        "product": product, "unseen": unseen(person), "csv_url": f"?{query.urlencode()}",
    }  # fmt: skip
    return render(request, "catalog/access/drift.html", context)
