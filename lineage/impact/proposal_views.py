"""The page of proposed classifications: what waits for one's word, and what was said before."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.csv import csv_response
from catalog.common.errors import Invalid, NotFound, PortalError, Problem
from catalog.common.lists import page_of, sorted_by
from catalog.products.models import OutputPort
from lineage.impact.finding import column_key
from lineage.impact.services import accept_proposal, dismiss_proposal
from lineage.models import ClassificationProposal

STATES = ClassificationProposal.State
MOST_NOTE = 2_000
AT_ONCE = 500  # rows of a file
SORTS = {
    "column": "column__path",
    "proposed": "classification__rank",
    "steps": "steps",
    "decided": "decided_at",
}
COLUMNS = (
    "id", "product", "port", "column", "proposed", "because_of_product", "because_of_column", "steps", "state",
    "decided_by", "decided_at", "note",
)  # fmt: skip


@require_safe
def proposals(request: HttpRequest) -> HttpResponseBase:
    """Proposals about columns of products one may edit, as CSV too; `?state=` shows those decided or lapsed."""
    user = caller(request)
    state = request.GET.get("state") or STATES.PROPOSED.value
    if state not in STATES.values:
        words = f"State is one of {', '.join(STATES.values)}."
        raise Invalid("There is no such state.", problems=[Problem("state", "choice", words)])
    rows: Any = ClassificationProposal.objects.visible_to(user).filter(state=state)
    rows = rows.select_related("column__asset", "because", "classification", "decided_by")
    rows = rows.order_by("-classification__rank", "column__asset__name", "column__path", "pk")
    rows = sorted_by(request, rows, SORTS, "")
    if request.GET.get("format") == "csv":
        return csv_response("proposals.csv", COLUMNS, _csv_rows(user, rows))
    page = page_of(request, rows)
    context = {"page": page, "lines": _lines(user, list(page)), "state": state, "states": STATES.choices}
    return render(request, "lineage/impact/proposals.html", context)


def _csv_rows(user: User, rows: Any) -> Iterator[tuple[Any, ...]]:
    batch: list[ClassificationProposal] = []
    for row in rows.iterator(chunk_size=AT_ONCE):
        batch.append(row)
        if len(batch) == AT_ONCE:
            yield from map(_cells, _lines(user, batch))
            batch = []
    yield from map(_cells, _lines(user, batch))


def _cells(line: dict[str, Any]) -> tuple[Any, ...]:
    """A line of the file; what it comes from stays empty where the reader may not see that."""
    row, port, source = line["proposal"], line["port"], line["source"]
    return (
        row.pk, port.product.key if port else "", str(port or ""), row.column.path, str(row.classification),
        source.product.key if source else "", row.because.path if source else "", row.steps, row.state,
        row.decided_by.username if row.decided_by else "", row.decided_at, row.note,
    )  # fmt: skip


def _lines(user: User, rows: list[ClassificationProposal]) -> list[dict[str, Any]]:
    """Each proposal with the port it is about and where it comes from, as far as the reader may see that."""
    assets = {row.column.asset_id for row in rows} | {row.because.asset_id for row in rows}
    ports = OutputPort.objects.visible_to(user).filter(asset__in=assets).select_related("product__domain")
    offers: dict[int | None, OutputPort] = {}
    for port in ports.order_by("pk"):
        offers.setdefault(port.asset_id, port)
    lines = []
    for row in rows:
        own, source = offers.get(row.column.asset_id), offers.get(row.because.asset_id)
        node = column_key(own, own.product, row.column.path) if own else ""
        lines.append({"proposal": row, "port": own, "source": source, "node": node})
    return lines


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept or dismiss one proposal, with a note; dismissing needs one."""
    user = caller(request)
    found = ClassificationProposal.objects.visible_to(user).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such proposal, or it is not yours to decide.")
    note = request.POST.get("note", "")[:MOST_NOTE].strip()
    try:
        if request.POST.get("kind") == "accept":
            accept_proposal(actor=user, proposal=found, note=note)
            messages.success(request, "The column is classified as proposed.")
        elif note:
            dismiss_proposal(actor=user, proposal=found, note=note)
            messages.success(request, "It is dismissed, and comes back only for another reason.")
        else:
            messages.error(request, "Say why it is dismissed; nothing was changed.")
    except PortalError as error:
        messages.error(request, str(error))
    return redirect("lineage:proposals")
