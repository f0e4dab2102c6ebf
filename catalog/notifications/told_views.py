"""Who saw what was changed: the list of changes, one of them, and both as files."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.lists import filtered, page_of, sorted_by
from catalog.notifications import told
from catalog.notifications.filters import ChangeFilter

HEADER = (
    "change", "at", "kind", "product", "title", "changed_by", "person", "reason", "told_at", "mailed_at", "opened_at",
    "acknowledged_at",
)  # fmt: skip
SORTS = {"at": "created_at", "product": "product__name", "title": "title"}
FIELDS = ("product", "kind", "from", "to")


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Changes of products one may edit (auditors: of all), how many were told and opened it; `?format=csv`: by whom."""
    person = caller(request)
    query = request.GET.copy()
    for name in [name for name, values in query.lists() if not any(values)]:
        del query[name]
    found = filtered(ChangeFilter(query, queryset=told.changes_for(person), request=request))
    rows = sorted_by(request, found, SORTS, "-at")
    if query.get("format") == "csv":
        told.record_seen(person)
        return csv_response("told.csv", HEADER, _lines(told.all_seen(rows)))
    page = page_of(request, rows)
    counts = told.counts_of(page)
    query["format"] = "csv"
    context: dict[str, Any] = {
        "page": page, "rows": [(notice, told.about(notice), counts.get(notice.pk, told.Counts())) for notice in page],
        "asked": {name: request.GET.get(name, "") for name in FIELDS}, "csv_url": f"?{query.urlencode()}",
        "kinds": [(kind.value, kind.label) for kind in told.CHANGES], "since": request.GET.get("from", ""),
    }  # fmt: skip
    return render(request, "catalog/notifications/told.html", context)


@never_cache
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One change: who was told, why, when they opened and acknowledged it; `?format=csv` the same as a file."""
    person = caller(request)
    notice = told.change_or_404(person, pk)
    told.record_seen(person)
    rows = told.people_of(notice)
    if request.GET.get("format") == "csv":
        return csv_response(f"told-{pk}.csv", HEADER, _lines(told.seen_of(notice, rows)))
    page = page_of(request, rows)
    context = {
        "notice": notice, "page": page, "people": told.seen_of(notice, page), "about": told.about(notice),
        "counts": told.counts_of([notice]).get(pk, told.Counts()),
    }  # fmt: skip
    return render(request, "catalog/notifications/told_one.html", context)


def _lines(rows: Iterable[told.Seen]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        notice = row.notice
        yield (
            notice.pk, notice.created_at, notice.kind, notice.product.key if notice.product else "", notice.title,
            str(notice.actor) if notice.actor else "", str(row.person), row.reason, row.told_at, row.mailed_at,
            row.opened_at, row.acknowledged_at,
        )  # fmt: skip
