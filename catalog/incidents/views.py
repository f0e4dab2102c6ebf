"""Pages of incidents: the list, one of them with its deeds, the tab of a product, the form to report one."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.errors import Conflict, Invalid, PortalError
from catalog.common.lists import filtered, page_of, sorted_by
from catalog.common.validation import show_on_form
from catalog.incidents import selectors, services
from catalog.incidents.deeds import Deed, perform
from catalog.incidents.filters import IncidentFilter
from catalog.incidents.forms import ReportForm
from catalog.incidents.models import Incident
from catalog.incidents.transitions import Happening
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct

SORTS = {
    "opened": "opened_at", "severity": "severity_rank", "product": "product__name", "title": "title",
    "seen": "last_seen_at", "consumers": "consumers",
}  # fmt: skip
CSV_HEADER = (
    "id", "product", "port", "version", "title", "cause", "status", "severity", "consumers", "occurrences",
    "opened_at", "last_seen_at", "acknowledged_at", "resolved_at", "resolved_by_portal", "assignee",
)  # fmt: skip
CHOICES = (
    ("status", "Status", Incident.Status.choices),
    ("severity", "Severity", Incident.Severity.choices),
    ("cause", "Cause", Incident.Cause.choices),
)
SAID = {
    Happening.ACKNOWLEDGED: "You look after it.",
    Happening.ASSIGNED: "It is assigned.",
    Happening.COMMENTED: "Your comment stands on the timeline.",
    Happening.RATED: "The severity is set.",
    Happening.RESOLVED: "It is resolved.",
    Happening.REOPENED: "It is open again.",
    Happening.NOTED: "The note is saved.",
}


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Every incident the person may see: filtered, sorted, in pages, as CSV (`?format=csv`)."""
    person = caller(request)
    query = request.GET.copy()
    for name in [name for name, values in query.lists() if not any(values)]:
        del query[name]  # a filter left empty in the form narrows nothing
    filterset = IncidentFilter(query, queryset=selectors.incidents_for(person), request=request)
    rows = sorted_by(request, filtered(filterset), SORTS, "-opened")
    if request.GET.get("format") == "csv":
        return csv_response("incidents.csv", CSV_HEADER, _csv_rows(rows))
    context = {
        "page": page_of(request, rows),
        "filters": [(name, label, choices, query.getlist(name)) for name, label, choices in CHOICES],
        "q": query.get("q", ""),
        "mine": query.get("mine", ""),
        "domain": query.get("domain", ""),
        "domains": list(filterset.filters["domain"].field.queryset.order_by("name")[:200]),
        "is_filtered": bool(set(query) - {"sort", "page"}),
    }
    return render(request, "catalog/incidents/list.html", context)


def _csv_rows(rows: Any) -> Iterator[tuple[Any, ...]]:
    for incident in rows.iterator(chunk_size=500):
        port = incident.port
        yield (
            incident.pk,
            incident.product.key,
            port.name if port else "",
            port.version if port else "",
            incident.title,
            incident.cause,
            incident.status,
            incident.severity,
            incident.consumers,
            incident.occurrences,
            incident.opened_at,
            incident.last_seen_at,
            incident.acknowledged_at,
            incident.resolved_at,
            incident.is_resolved_by_portal,
            incident.assignee.username if incident.assignee else "",
        )


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One incident: what is known, its timeline, whom it reaches, what one may do."""
    return _page(request, selectors.incident_or_404(caller(request), pk))


def _page(
    request: HttpRequest, incident: Incident, error: PortalError | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "incident": incident,
        "product": incident.product,
        "tab": "incidents",
        "shown": selectors.page_of(caller(request), incident),
        "severities": Incident.Severity.choices,
        "error": error,
        "typed": request.POST.get("text", "") if error else "",
    }
    return render(request, "catalog/incidents/detail.html", context, status=status)


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Do one thing to an incident: the button says which."""
    person = caller(request)
    incident = selectors.incident_or_404(person, pk)
    sent = {name: request.POST.get(name, "") for name in ("kind", "assignee", "severity")}
    deed = Deed(text=request.POST.get("text", "").replace("\r\n", "\n"), **sent)
    try:
        perform(actor=person, incident=incident, deed=deed)
    except (Invalid, Conflict) as error:
        incident = selectors.incident_or_404(person, pk)
        return _page(request, incident, error, 409 if isinstance(error, Conflict) else 400)
    messages.success(request, SAID[Happening(deed.kind)])
    return redirect("incidents:detail", pk)


@require_safe
@with_product
def of_product(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """The incidents of a product, open ones first; `?status=resolved` those that are over."""
    person = caller(request)
    is_past = request.GET.get("status") == "resolved"
    rows = selectors.incidents_for(person).filter(product=product)
    rows = rows.filter(status=Incident.Status.RESOLVED) if is_past else rows.unresolved()  # type: ignore[attr-defined]
    order = ("-resolved_at", "-pk") if is_past else ("-severity_rank", "-opened_at", "-pk")
    context = {
        "product": product,
        "tab": "incidents",
        "page": page_of(request, rows.order_by(*order)),
        "is_past": is_past,
        "may_report": kernel.can(person, "incident.report", product),
    }
    return render(request, "catalog/incidents/product.html", context)


@with_product
def report(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Report trouble of a product or one of its ports; what is open already stands above the form."""
    person = caller(request)
    kernel.require(person, "incident.report", product, "You may not report incidents of this product.")
    name, _, version = request.GET.get("port", "").partition("/")
    wanted = product.output_ports.filter(name=name, version=version).first()
    form = ReportForm(request.POST or None, product=product, initial={"port": wanted})
    code = 200
    if request.method == "POST":
        code = 400
        if form.is_valid():
            try:
                made = services.report_incident(actor=person, product=product, report=form.report())
                messages.success(request, "It is reported. The people in charge see it.")
                return redirect("incidents:detail", made.pk)
            except PortalError as error:
                code = 409 if isinstance(error, Conflict) else 400
                show_on_form(form, error)
    rows = selectors.incidents_for(person).filter(product=product).unresolved()  # type: ignore[attr-defined]
    going_on = rows.order_by("-severity_rank", "-opened_at", "-pk")[:10]
    context = {"form": form, "product": product, "tab": "incidents", "incidents": going_on}
    return render(request, "catalog/incidents/report.html", context, status=code)
