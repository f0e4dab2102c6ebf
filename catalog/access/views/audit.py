"""Who had access on a day: page and CSV."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.access.held import Found, Held, day_of, held_on, record_held
from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.lists import PER_PAGE, sorted_rows

HEADER = (
    "day", "product", "port", "version", "environment", "consumer_kind", "consumer", "agreed", "in_the_store", "mode",
    "columns", "role_in_store", "from", "until", "purpose", "purposes", "legal_basis", "rule", "decided_by",
    "decided_at", "request", "accepted_contract", "agreement",
)  # fmt: skip


SORTS: dict[str, Callable[[Found], Any]] = {
    "consumer": lambda row: row.consumer.casefold(), "from": lambda row: row.starts_at,
    "product": lambda row: row.product.casefold(), "until": lambda row: row.ends_at,
}  # fmt: skip


@never_cache
@require_safe
def held(request: HttpRequest) -> HttpResponseBase:
    """Who had access on the day `?on=`, and why; `?format=csv` the same as a file."""
    person = caller(request)
    day = day_of(request.GET.get("on", ""))
    product, consumer = request.GET.get("product", "")[:300], request.GET.get("consumer", "")[:200]
    rows = held_on(person, day, product=product, consumer=consumer)
    if request.GET.get("sort"):  # without it: as the trail tells them
        rows = rows.by(lambda found: sorted_rows(request, found, SORTS, "product"))
    record_held(person, day, rows)
    if request.GET.get("format") == "csv":
        return csv_response(f"access-{day:%Y-%m-%d}.csv", HEADER, lines(rows, day))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query["format"], query["on"] = "csv", day.isoformat()
    context: dict[str, Any] = {
        "page": page, "day": day, "product": product, "consumer": consumer, "csv_url": f"?{query.urlencode()}",
        "is_future": day > timezone.now().date(),
    }  # fmt: skip
    return render(request, "catalog/access/held.html", context)


def lines(rows: Iterable[Held], day: dt.date) -> Iterator[tuple[Any, ...]]:
    """The rows of the file."""
    for row in rows:
        item, request = row.agreement, row.request
        yield (
            day.isoformat(), item.port.product.key, item.port.name, item.port.version, item.environment,
            item.consumer_kind, str(item.consumer), row.is_agreed, row.provisioning, row.mode, row.columns,
            row.principal, row.starts_at, row.ends_at, row.purpose, [purpose.name for purpose in row.purposes],
            [purpose.get_legal_basis_display() for purpose in row.purposes], row.rule, "; ".join(row.deciders),
            request.decided_at if request else None, request.pk if request else None,
            request.contract_words if request else "", item.pk,
        )  # fmt: skip
