"""Pages of SQL: what became of the views of stores, and a query somebody pastes."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.errors import Invalid, PortalError
from catalog.common.lists import page_of, sorted_by
from catalog.connections.models import Connection
from lineage.models import ReadDefinition
from lineage.sql import definitions
from lineage.sql.forms import QueryForm
from lineage.sql.pasted import read_pasted, record_pasted

Outcome = ReadDefinition.Outcome
MEANINGS = {Outcome.READ: "good", Outcome.PARTLY: "warning", Outcome.FAILED: "bad"}
SORTS = {"view": "asset__name", "outcome": "outcome", "tables": "tables", "links": "links", "read": "read_at"}
COLUMNS = ("store", "view", "outcome", "tables", "links", "read_at", "missing")


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """What became of the SQL of views the person may see, as CSV too; `?outcome=failed`: what was not understood."""
    person = caller(request)
    rows: Any = ReadDefinition.objects.visible_to(person).select_related("asset__connection")
    chosen = request.GET.get("outcome", "")
    if chosen in Outcome.values:
        rows = rows.filter(outcome=chosen)
    rows = sorted_by(request, rows.order_by("outcome", "asset__namespace", "asset__name", "pk"), SORTS, "")
    if request.GET.get("format") == "csv":
        lines = (
            (row.asset.connection.name if row.asset.connection else "", row.asset.name, row.outcome, row.tables,
             row.links, row.read_at, "; ".join(row.problems))
            for row in rows.iterator(chunk_size=500)
        )  # fmt: skip
        return csv_response("views.csv", COLUMNS, lines)
    page = page_of(request, rows)
    stores = Connection.objects.visible_to(person).filter(assets__definitions__isnull=False).distinct()[:50]
    context = {
        "page": page,
        "rows": [(row, MEANINGS[Outcome(row.outcome)]) for row in page],
        "outcomes": Outcome.choices,
        "outcome": chosen,
        "stores": [store for store in stores if kernel.can(person, "connection.crawl", store)],
    }
    return render(request, "lineage/sql/index.html", context)


@require_POST
def read_again(request: HttpRequest, slug: str) -> HttpResponse:
    """Have all views of a store read again by the next worker."""
    person = caller(request)
    connection = get_object_or_404(Connection.objects.visible_to(person), slug=slug)
    count = definitions.read_anew(actor=person, connection=connection)
    messages.success(request, f"{count} views of {connection.name} are read again within a minute.")
    return redirect("lineage:sql")


@require_http_methods(["GET", "HEAD", "POST"])
def query(request: HttpRequest) -> HttpResponse:
    """Paste a query and see what it reads and makes; “Record” draws it as lineage of the port it is for."""
    person = caller(request)
    form = QueryForm(
        request.POST if request.method == "POST" else None,
        person=person,
        initial={"port": request.GET.get("port", "")},
    )
    found, may_record = None, False
    if request.method == "POST" and form.is_valid():
        port = form.found
        found = read_pasted(
            reader=person, sql=form.cleaned_data["sql"], dialect=form.cleaned_data["dialect"], port=port
        )
        may_record = port is not None and kernel.can(person, "product.edit", port.product)
        if port is not None and "record" in request.POST:
            try:
                tables, links = record_pasted(actor=person, port=port, found=found)
            except Invalid as error:
                form.add_error("sql", _words(error))
            else:
                messages.success(
                    request, f"Recorded: {port.name} is made from {tables} tables, {links} links of columns."
                )
                return redirect("lineage:product", port.product.domain.slug, port.product.slug)
    status = 400 if form.is_bound and form.errors else 200
    context = {"form": form, "found": found, "may_record": may_record, "port": form.found}
    return render(request, "lineage/sql/query.html", context, status=status)


def _words(error: PortalError) -> str:
    return error.problems[0].message if error.problems else error.message
