"""Pages of objectives: the list, one of them, the tab of a product, the form with its preview."""

from collections.abc import Iterator
from copy import copy
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.audit.models import AuditEvent
from catalog.common.csv import csv_response
from catalog.common.errors import NotAllowed, PortalError, StaleRevision
from catalog.common.lists import filtered, page_of, sorted_by
from catalog.common.validation import show_on_form
from catalog.products.activity import told
from catalog.products.addresses import with_product
from catalog.products.history import versions
from catalog.products.models import DataProduct
from catalog.slos import bounds, restoring, selectors, services
from catalog.slos.filters import STATES, SloFilter
from catalog.slos.forms import SloForm, initial_of
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.preview import preview

SORTS = {
    "product": "port__product__name", "name": "name", "target": "target", "budget": "state__budget_left",
    "burn": "state__burn_rate", "measured": "state__measured_at",
}  # fmt: skip
CSV_HEADER = (
    "id", "product", "port", "version", "name", "kind", "target", "window", "criticality", "state", "alert",
    "attainment", "budget_left", "burn_rate", "measured_at",
)  # fmt: skip
CHOICES = (
    ("state", "State", STATES),
    ("criticality", "Criticality", ServiceLevelObjective.Criticality.choices),
    ("kind", "Kind", ServiceLevelObjective.Kind.choices),
)
HISTORY_SHOWN = 20


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Every objective the person may see: filtered, sorted, in pages, as CSV (`?format=csv`)."""
    person = caller(request)
    query = request.GET.copy()
    for name in [name for name, values in query.lists() if not any(values)]:
        del query[name]  # a filter left empty in the form narrows nothing
    found = filtered(SloFilter(query, queryset=selectors.slos_for(person), request=request))
    rows = sorted_by(request, found, SORTS, "product")
    if request.GET.get("format") == "csv":
        return csv_response("slos.csv", CSV_HEADER, _csv_rows(rows))
    page = page_of(request, rows)
    chosen = [(name, label, choices, query.getlist(name)) for name, label, choices in CHOICES]
    context = {
        "page": page,
        "lines": selectors.lines_of(page, timezone.now()),
        "filters": chosen,
        "q": query.get("q", ""),
        "mine": query.get("mine", ""),
        "domain": query.get("domain", ""),
        "domains": _domains(request),
        "is_filtered": bool(set(query) - {"sort", "page"}),
    }
    return render(request, "catalog/slos/list.html", context)


def _domains(request: HttpRequest) -> list[Any]:
    filterset = SloFilter({}, queryset=ServiceLevelObjective.objects.none(), request=request)
    return list(filterset.filters["domain"].field.queryset.order_by("name")[:200])


def _csv_rows(rows: Any) -> Iterator[tuple[Any, ...]]:
    now = timezone.now()
    for slo in rows.iterator(chunk_size=500):
        state = slo.state
        yield (
            slo.pk,
            slo.port.product.key,
            slo.port.name,
            slo.port.version,
            slo.name,
            slo.kind,
            slo.target,
            slo.judged_over.words,
            slo.criticality,
            selectors.meaning_of(slo, now),
            state.alert,
            state.attainment,
            state.budget_left,
            state.burn_rate,
            state.measured_at,
        )


@require_safe
@with_product
def of_product(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """The objectives of a product's ports; `?ended=true` shows those withdrawn."""
    person = caller(request)
    with_ended = request.GET.get("ended") == "true"
    found = selectors.slos_for(person).filter(port__product=product, ended_at__isnull=not with_ended)
    page = page_of(request, found.order_by("port__name", "-port__version", "name", "pk"))
    context = {
        "product": product,
        "tab": "slos",
        "page": page,
        "lines": selectors.lines_of(page, timezone.now()),
        "with_ended": with_ended,
        "may_create": kernel.can(person, "slo.create", product),
        "has_ports": product.output_ports.exists(),
    }
    return render(request, "catalog/slos/product.html", context)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One objective: the budget over time, what consumed it, the forecast, its newest measurements and history."""
    person = caller(request)
    slo = selectors.slo_or_404(person, pk)
    events = AuditEvent.objects.about("slo", slo.pk).filter(product_id=slo.port.product_id)[:HISTORY_SHOWN]
    context = {
        "slo": slo,
        "product": slo.port.product,
        "tab": "slos",
        "shown": selectors.page_of(slo, timezone.now()),
        "events": told(events, slo.port.product, person),
        "may_edit": kernel.can(person, "slo.edit", slo),
    }
    return render(request, "catalog/slos/detail.html", context)


@with_product
def create(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Promise a new objective; “Preview” shows the last 28 days under it and saves nothing."""
    person = caller(request)
    kernel.require(person, "slo.create", product, "You may not promise anything for this product.")
    wanted = product.output_ports.filter(name=request.GET.get("port", "")).first()
    form = SloForm(request.POST or None, product=product, initial={"port": wanted})
    return _form_page(request, form, product, None)


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an objective; “Preview” shows the last 28 days under the change and saves nothing."""
    slo = selectors.slo_or_404(caller(request), pk)
    kernel.require(caller(request), "slo.edit", slo)
    form = SloForm(request.POST or None, product=slo.port.product, initial=initial_of(slo))
    form.fields["port"].disabled = True
    return _form_page(request, form, slo.port.product, slo)


def _form_page(
    request: HttpRequest, form: SloForm, product: DataProduct, slo: ServiceLevelObjective | None
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "product": product, "tab": "slos", "slo": slo}
    code = 200
    if request.method == "POST":
        code = 400
        if form.is_valid():
            try:
                if "preview" not in request.POST:
                    return _saved(request, form, slo)
                context["preview"] = preview(_drafted(form, slo), timezone.now())
                code = 200
            except StaleRevision as error:
                code = 409
                form.add_error(None, str(error))
            except PortalError as error:
                show_on_form(form, error)
    return render(request, "catalog/slos/form.html", context, status=code)


def _saved(request: HttpRequest, form: SloForm, slo: ServiceLevelObjective | None) -> HttpResponse:
    person, fields = caller(request), form.fields_given()
    if slo is None:
        saved = services.create_slo(actor=person, port=form.cleaned_data["port"], **fields)
        messages.success(request, f"{saved} is promised. It is measured from the next crawl on.")
    else:
        revision = form.cleaned_data["revision"]
        saved = services.edit_slo(actor=person, slo=slo, expected_revision=revision, **fields)
        messages.success(request, f"{saved} is saved.")
    return redirect("slos:detail", saved.pk)


def _drafted(form: SloForm, slo: ServiceLevelObjective | None) -> ServiceLevelObjective:
    """The objective as the form says it, checked and not saved."""
    drafted = copy(slo) if slo else ServiceLevelObjective(port=form.cleaned_data["port"])
    for name, value in form.fields_given().items():
        setattr(drafted, name, value)
    services.check(drafted)
    return drafted


def _acting(service: Any, words: str) -> Any:
    @require_POST
    def act(request: HttpRequest, pk: int) -> HttpResponse:
        """Withdraw a promise, or promise again what was withdrawn."""
        slo = selectors.slo_or_404(caller(request), pk)
        service(actor=caller(request), slo=slo)
        messages.success(request, words.format(slo))
        return redirect("slos:detail", pk)

    return act


end = _acting(services.end_slo, "{} is withdrawn: it is measured no longer, its history stays.")
resume = _acting(services.resume_slo, "{} is promised again.")


@require_safe
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """Every version of an objective, field by field; those in charge bring one back."""
    person = caller(request)
    slo = selectors.slo_or_404(person, pk)
    rows = restoring.history_of(slo)
    page = page_of(request, rows, HISTORY_SHOWN)
    context = {
        "slo": slo,
        "product": slo.port.product,
        "tab": "slos",
        "page": page,
        "versions": versions(page, rows, person),
        "may_edit": kernel.can(person, "slo.edit", slo),
    }
    return render(request, "catalog/slos/history.html", context)


@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring an older version back as a new one."""
    slo = selectors.slo_or_404(caller(request), pk)
    version, revision = (_number(request, name) for name in ("version", "revision"))
    restoring.restore_slo(actor=caller(request), slo=slo, history_id=version or 0, expected_revision=revision)
    messages.success(request, "The older version is back, as a new one. Nothing of the history was lost.")
    return redirect("slos:detail", pk)


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete an objective with its measurements, after saying what goes."""
    slo = selectors.slo_or_404(caller(request), pk)
    if not kernel.can(caller(request), "slo.edit", slo):
        raise NotAllowed(
            "You may not delete this objective.", remedy="Ask the people in charge of the product."
        )
    if request.method == "POST":
        product = slo.port.product
        services.delete_slo(actor=caller(request), slo=slo)
        messages.success(request, f"{slo} and its measurements are deleted.")
        return redirect("slos:product", product.domain.slug, product.slug)
    context = {
        "slo": slo,
        "product": slo.port.product,
        "tab": "slos",
        "promise": bounds.promise(slo),
        "measurement_count": slo.measurements.count(),
    }
    return render(request, "catalog/slos/delete.html", context)
