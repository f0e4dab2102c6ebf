"""Pages of events: what came, what became of it, and the button that has a failed one read again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.errors import Conflict
from catalog.common.lists import filtered, page_of, sorted_by
from lineage.openlineage import services, tasks
from lineage.openlineage.filters import EventFilter
from lineage.openlineage.keeping import backlog
from lineage.openlineage.selectors import events_for, show

SORTS = {
    "received": "received_at",
    "happened": "event_at",
    "job": "job_name",
    "state": "state",
    "bytes": "size",
}
COLUMNS = ("id", "kind", "event_type", "job", "run", "state", "event_at", "received_at", "bytes")


@require_safe
def events(request: HttpRequest) -> HttpResponseBase:
    """Events the person may see, newest first, as CSV too; `?state=`, `?kind=`, `?job=`, `?run=` narrow the list."""
    person = caller(request)
    query = request.GET.copy()
    for name in [name for name, values in query.lists() if not any(values)]:
        del query[name]
    chosen = EventFilter(query, queryset=events_for(person), request=request)
    rows = sorted_by(request, filtered(chosen), SORTS, "-received")
    if query.get("format") == "csv":
        lines = (
            (row.pk, row.kind, row.event_type, row.job_name, row.run_key, row.state, row.event_at, row.received_at,
             row.size)
            for row in rows.iterator(chunk_size=500)
        )  # fmt: skip
        return csv_response("lineage-events.csv", COLUMNS, lines)
    whole = kernel.can(person, "lineage.view_events")
    context = {
        "page": page_of(request, rows),
        "form": chosen.form,
        "chosen": query,
        "is_filtered": bool(set(query) - {"page", "sort"}),
        "backlog": backlog() if whole else None,
    }
    return render(request, "lineage/events/list.html", context)


@require_safe
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """One event: what it says, what became of it, and why it failed."""
    person = caller(request)
    found = get_object_or_404(events_for(person), pk=pk)
    return render(request, "lineage/events/detail.html", {"shown": show(person, found), "event": found})


@require_POST
def project_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a failed event read once more."""
    person = caller(request)
    found = get_object_or_404(events_for(person), pk=pk)
    try:
        services.project_again(actor=person, event=found)
    except Conflict as error:
        messages.error(request, str(error))
    else:
        tasks.ring()
        messages.success(request, "The event waits to be read again. It takes some seconds.")
    return redirect("lineage:event", pk=found.pk)
