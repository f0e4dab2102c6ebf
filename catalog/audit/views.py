"""The audit trail as a page, and as files for auditors."""

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.audit import services
from catalog.audit.filters import AuditFilter
from catalog.audit.models import AuditEvent
from catalog.common.csv import csv_response
from catalog.common.errors import NotFound
from catalog.common.lists import filtered, page_of

HEADER = (
    "position", "at", "actor", "actor_number", "verb", "object_kind", "object_id", "object_name", "product_id",
    "changes", "detail", "digest",
)  # fmt: skip


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Who did what to which thing, when; `?format=csv` and `?format=json` export what the filters leave."""
    person = caller(request)
    if not kernel.can(person, "audit.view"):
        raise NotFound("There is no such page, or it is not for you.")
    query = request.GET.copy()
    for name in [name for name, values in query.lists() if not any(values)]:
        del query[name]  # a filter left empty in the form narrows nothing
    rows = filtered(AuditFilter(query, queryset=AuditEvent.objects.order_by("-at", "-pk"), request=request))
    wanted = query.get("format", "")
    if wanted in ("csv", "json"):
        _tell(person, wanted, query.dict())
        return _csv(rows) if wanted == "csv" else _json(rows)
    links = {}
    for kind in ("csv", "json"):
        query["format"] = kind
        links[f"{kind}_url"] = f"?{query.urlencode()}"
    context = {"page": page_of(request, rows), "asked": request.GET, "filters": _fields(request), **links}
    return render(request, "catalog/audit/list.html", context)


def _fields(request: HttpRequest) -> list[tuple[str, str, str]]:
    names = ("actor", "verb", "kind", "object", "q", "from", "to")
    return [(name, str(AuditFilter.base_filters[name].label), request.GET.get(name, "")) for name in names]


def _tell(person: User, kind: str, query: dict[str, Any]) -> None:
    """Taking the trail along is itself an event."""
    asked = {name: value for name, value in query.items() if name != "format"}
    services.record(
        actor=person,
        verb="audit.exported",
        obj=person,
        name="the audit trail",
        detail={"as": kind, "filters": asked},
    )


def _rows(rows: QuerySet[AuditEvent]) -> Iterator[tuple[Any, ...]]:
    for event in rows.iterator(chunk_size=1_000):
        yield (
            event.position, event.at, event.actor_name, event.actor_number, event.verb, event.object_kind,
            event.object_id, event.object_name, event.product_id, event.changes, event.detail, event.digest,
        )  # fmt: skip


def _csv(rows: QuerySet[AuditEvent]) -> HttpResponseBase:
    lines = (
        tuple(json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict) else cell for cell in row)
        for row in _rows(rows)
    )
    return csv_response("audit.csv", HEADER, lines)


def _json(rows: QuerySet[AuditEvent]) -> HttpResponseBase:
    """One JSON object a line, so that a file of any size can be read."""
    lines = (
        json.dumps(dict(zip(HEADER, row, strict=True)), default=lambda at: at.isoformat(), ensure_ascii=False)
        + "\n"
        for row in _rows(rows)
    )
    response = StreamingHttpResponse(lines, content_type="application/x-ndjson")
    response["Content-Disposition"] = content_disposition_header(True, "audit.ndjson")
    response["X-Content-Type-Options"] = "nosniff"
    return response
