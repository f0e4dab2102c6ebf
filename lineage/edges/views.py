"""Pages of edges: the list, drawing by hand, what came and went, the clean-up."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.errors import Conflict, NotFound, PortalError
from catalog.common.lists import filtered, page_of, sorted_by
from catalog.common.validation import show_on_form
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct
from lineage.edges import by_hand, cleaning
from lineage.edges.comparison import COLUMNS as CHANGE_COLUMNS
from lineage.edges.comparison import Comparison, change_rows, changes_as_json, read_comparison
from lineage.edges.filters import EdgeFilter
from lineage.edges.forms import CleaningForm, EdgeForm
from lineage.edges.selectors import Told, edges_for, every_edge_for, ports_told_of, senders_of, tell
from lineage.models import LineageEdge, Source
from lineage.nodes import find_focus, port_key, product_key

PER_PAGE = 50
SORTS = {"seen": "last_seen", "since": "first_seen", "source": "source"}
COLUMNS = ("id", "upstream", "downstream", "source", "derived", "confidence", "job", "first_seen", "last_seen",
           "valid_to", "fading", "author", "note")  # fmt: skip


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Edges in force between products the person may see: filtered, in pages, as CSV (`?format=csv`)."""
    person = caller(request)
    query = request.GET.copy()
    for name in [name for name, values in query.lists() if not any(values)]:
        del query[name]
    found = filtered(EdgeFilter(query, queryset=edges_for(person), request=request))
    rows = sorted_by(request, found.select_related("job", "author"), SORTS, "seen")
    if request.GET.get("format") == "csv":
        return csv_response("lineage-edges.csv", COLUMNS, _csv_rows(rows))
    page = page_of(request, rows)
    context = {
        "page": page,
        "lines": tell(page, timezone.now()),
        "sources": Source.choices,
        "chosen": query.get("source", ""),
        "product": query.get("product", ""),
        "fading": query.get("fading", ""),
        "is_filtered": bool(set(query) - {"page", "sort"}),
        "may_clean": kernel.can(person, "lineage_edge.clean"),
    }
    return render(request, "lineage/edges/list.html", context)


def _csv_rows(rows: Any) -> Iterator[list[Any]]:
    batch: list[LineageEdge] = []
    now = timezone.now()
    for edge in rows.iterator(chunk_size=500):
        batch.append(edge)
        if len(batch) == 500:
            yield from map(_cells, tell(batch, now))
            batch = []
    yield from map(_cells, tell(batch, now))


def _cells(line: Told) -> list[Any]:
    edge = line.edge
    return [
        edge.pk, port_key(line.port, line.port.product), product_key(line.product), edge.source, edge.is_derived,
        edge.confidence, str(edge.job) if edge.job else "", edge.first_seen.isoformat(), edge.last_seen.isoformat(),
        edge.valid_to.isoformat() if edge.valid_to else "", line.age.is_fading,
        edge.author.name if edge.author else "", edge.note,
    ]  # fmt: skip


@with_product
def create(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Draw an edge by hand: a port feeds this product."""
    person = caller(request)
    kernel.require(person, "lineage_edge.create", product, "You may not say what this product is made from.")
    form = EdgeForm(request.POST or None, initial={"port": request.GET.get("port", "")})
    if request.method == "POST" and form.is_valid():
        try:
            focus = find_focus(person, f"port:{form.cleaned_data['port'].removeprefix('port:').strip()}")
            assert focus.port is not None  # noqa: S101 - a port was asked for
            by_hand.draw_edge(
                actor=person, port=focus.port, product=product,
                note=form.cleaned_data["note"], valid_to=form.valid_to,
            )  # fmt: skip
        except NotFound as error:
            form.add_error("port", str(error))
        except PortalError as error:
            for problem in error.problems:
                problem_path = {"node": "port", "valid_to": "last_day"}.get(problem.path, problem.path)
                form.add_error(problem_path if problem_path in form.fields else None, problem.message)
            if not error.problems:
                form.add_error(None, str(error))
        else:
            messages.success(request, "The edge is drawn.")
            return redirect("lineage:product", product.domain.slug, product.slug)
    code = 400 if request.method == "POST" else 200
    context = {"form": form, "product": product, "tab": "lineage", "edge": None}
    return render(request, "lineage/edges/form.html", context, status=code)


def _found(request: HttpRequest, pk: int) -> Told:
    edge = every_edge_for(caller(request)).select_related("job", "author").filter(pk=pk).first()
    told = tell([edge], timezone.now()) if edge else []
    if not told:
        raise Http404("There is no such edge, or you may not see it.")
    return told[0]


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """One edge: who says so, since when; drawn by hand, its note and end can be changed."""
    line = _found(request, pk)
    person, edge = caller(request), line.edge
    may_edit = edge.source == Source.BY_HAND and kernel.can(person, "lineage_edge.edit", line.product)
    ends = edge.valid_to.astimezone(dt.UTC).date() if edge.valid_to else None
    form = EdgeForm(request.POST or None, is_new=False, initial={"note": edge.note, "last_day": ends})
    code = 200
    if request.method == "POST":
        code = 400
        try:
            if form.is_valid():
                fields = {"note": form.cleaned_data["note"], "valid_to": form.valid_to}
                by_hand.edit_edge(actor=person, edge=edge, **fields)
                messages.success(request, "The edge is saved.")
                return redirect("lineage:edge", pk)
        except Conflict as error:
            code = 409
            form.add_error(None, str(error))
        except PortalError as error:
            if not error.problems:
                raise
            show_on_form(form, error)
    may_doubt = kernel.can(person, "product.edit", line.product)
    context = {"line": line, "edge": edge, "product": line.product, "form": form, "may_edit": may_edit,
               "senders": senders_of(person, edge), "doubtful": ports_told_of(edge) if may_doubt else [],
               "has_ended": edge.valid_to is not None and edge.valid_to <= timezone.now()}  # fmt: skip
    return render(request, "lineage/edges/detail.html", context, status=code)


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End an edge drawn by hand; the past keeps it."""
    line = _found(request, pk)
    by_hand.end_edge(actor=caller(request), edge=line.edge)
    messages.success(request, "The edge has ended.")
    return redirect("lineage:product", line.product.domain.slug, line.product.slug)


def clean(request: HttpRequest) -> HttpResponse:
    """End many edges at once: choose, look at exactly what would end, then end it."""
    person = caller(request)
    kernel.require(person, "lineage_edge.clean", None, "Only platform admins end edges in bulk.")
    form = CleaningForm(request.POST or None)
    context: dict[str, Any] = {
        "form": form,
        "sources": cleaning.sources_in_force(),
        "stops": cleaning.stops(),
    }
    code = 200
    if request.method == "POST" and form.is_valid():
        try:
            if "end" in request.POST:
                raw = request.POST.get("expected", "")
                expected = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 12 else -1
                done = cleaning.clean_edges(actor=person, selection=form.selection, expected=expected)
                messages.success(request, f"{done.total:,} edges have ended. Nothing was deleted.")
                return redirect("lineage:edges-clean")
            context["preview"] = cleaning.preview_cleaning(actor=person, selection=form.selection)
        except Conflict as error:
            code = 409
            form.add_error(None, str(error))
        except PortalError as error:
            code = 400
            show_on_form(form, error)
    elif request.method == "POST":
        code = 400
    return render(request, "lineage/edges/clean.html", context, status=code)


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """What came and went between two days, of the whole mesh or around one node."""
    compared = read_comparison(caller(request), request.GET)
    total = sum(compared.changes.counts.values())
    page = Paginator(range(total), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "compared": compared,
        "page": page,
        "lines": list(compared.changes.read(max(page.start_index() - 1, 0), PER_PAGE)),
        "total": total,
        "query": compared.query(),
    }
    return render(request, "lineage/edges/changes.html", context)


@require_safe
def changes_json(request: HttpRequest) -> HttpResponse:
    """The same as a file: complete."""
    compared = read_comparison(caller(request), request.GET)
    response = JsonResponse(changes_as_json(compared), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="{_stem(compared)}.json"'
    return response


@require_safe
def changes_csv(request: HttpRequest) -> HttpResponseBase:
    """The same for spreadsheets: complete."""
    compared = read_comparison(caller(request), request.GET)
    return csv_response(f"{_stem(compared)}.csv", CHANGE_COLUMNS, change_rows(compared))


def _stem(compared: Comparison) -> str:
    return f"lineage-{compared.first}-to-{compared.second}"
