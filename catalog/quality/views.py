"""Pages of checks: the list, one of them, the tab of a product, the form with its preview."""

from collections.abc import Iterator
from dataclasses import replace
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
from catalog.audit.reading import record_read
from catalog.common.csv import csv_response
from catalog.common.errors import NotAllowed, PortalError, StaleRevision
from catalog.common.lists import filtered, page_of, sorted_by
from catalog.common.validation import show_on_form
from catalog.products.activity import told
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct
from catalog.quality import selectors, services
from catalog.quality.filters import STATUSES, CheckFilter
from catalog.quality.forms import CheckForm, initial_of, path_in_form
from catalog.quality.models import QualityCheck
from catalog.quality.preview import preview
from catalog.quality.words import question

SORTS = {
    "product": "port__product__name", "name": "name", "failed": "state__failed_rows",
    "measured": "state__measured_at", "since": "state__since",
}  # fmt: skip
CSV_HEADER = (
    "id", "product", "port", "version", "name", "field", "kind", "question", "dimension", "severity", "source",
    "status", "failed_rows", "total_rows", "value", "measured_at", "message",
)  # fmt: skip
CHOICES = (
    ("status", "Status", STATUSES),
    ("severity", "Severity", QualityCheck.Severity.choices),
    ("kind", "Kind", QualityCheck.Kind.choices),
)
HISTORY_SHOWN = 20
FORM_SOURCES = (QualityCheck.Source.FORM, QualityCheck.Source.API)


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Every check the person may see: filtered, sorted, in pages, as CSV (`?format=csv`)."""
    person = caller(request)
    query = request.GET.copy()
    for name in [name for name, values in query.lists() if not any(values)]:
        del query[name]  # a filter left empty in the form narrows nothing
    found = filtered(CheckFilter(query, queryset=selectors.checks_for(person), request=request))
    rows = sorted_by(request, found, SORTS, "product")
    if request.GET.get("format") == "csv":
        return csv_response("checks.csv", CSV_HEADER, _csv_rows(rows))
    page = page_of(request, rows)
    context = {
        "page": page,
        "lines": selectors.lines_of(page, timezone.now()),
        "filters": [(name, label, choices, query.getlist(name)) for name, label, choices in CHOICES],
        "q": query.get("q", ""),
        "mine": query.get("mine", ""),
        "is_filtered": bool(set(query) - {"sort", "page"}),
    }
    return render(request, "catalog/quality/list.html", context)


def _csv_rows(rows: Any) -> Iterator[tuple[Any, ...]]:
    now = timezone.now()
    for check in rows.iterator(chunk_size=500):
        state = check.state
        yield (
            check.pk,
            check.port.product.key,
            check.port.name,
            check.port.version,
            check.name,
            check.element,
            check.kind,
            question(check.kind, check.element, check.parameters),
            check.dimension,
            check.severity,
            check.source,
            selectors.status_of(check, now),
            state.failed_rows,
            state.total_rows,
            state.value,
            state.measured_at,
            state.message,
        )


@require_safe
@with_product
def of_product(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """The checks of a product's ports; `?ended=true` shows those that are asked no longer."""
    person = caller(request)
    with_ended = request.GET.get("ended") == "true"
    found = selectors.checks_for(person).filter(port__product=product, ended_at__isnull=not with_ended)
    page = page_of(request, found.order_by("port__name", "-port__version", "name", "pk"))
    context = {
        "product": product,
        "tab": "quality",
        "page": page,
        "lines": selectors.lines_of(page, timezone.now()),
        "with_ended": with_ended,
        "may_create": kernel.can(person, "check.create", product),
        "has_ports": product.output_ports.exists(),
    }
    return render(request, "catalog/quality/product.html", context)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One check: what it asks, how it stands, its results over time, its history."""
    person = caller(request)
    check = selectors.check_or_404(person, pk)
    events = AuditEvent.objects.about("check", check.pk).filter(product_id=check.port.product_id)[
        :HISTORY_SHOWN
    ]
    shown = selectors.page_of(check, timezone.now())
    if shown.sample:
        record_read(actor=person, what="samples", object_id=check.pk, name=f"failing values of {check}")
    context = {
        "check": check,
        "product": check.port.product,
        "tab": "quality",
        "shown": shown,
        "events": told(events, check.port.product, person),
        "may_edit": kernel.can(person, "check.edit", check),
        "is_own": check.source in FORM_SOURCES,
    }
    return render(request, "catalog/quality/detail.html", context)


@with_product
def create(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Ask for a new check; “Preview” shows what it would say of the last crawl and saves nothing."""
    person = caller(request)
    kernel.require(person, "check.create", product, "You may not ask for checks of this product.")
    wanted = product.output_ports.filter(name=request.GET.get("port", "")).first()
    initial = {"port": wanted, "element": request.GET.get("element", "")[:500]}
    return _form_page(
        request, CheckForm(request.POST or None, product=product, initial=initial), product, None
    )


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a check; “Preview” shows what it would say of the last crawl and saves nothing."""
    check = selectors.check_or_404(caller(request), pk)
    kernel.require(caller(request), "check.edit", check)
    services.refuse_foreign(check)
    form = CheckForm(request.POST or None, product=check.port.product, initial=initial_of(check))
    form.fields["port"].disabled = form.fields["kind"].disabled = True
    return _form_page(request, form, check.port.product, check)


def _form_page(
    request: HttpRequest, form: CheckForm, product: DataProduct, check: QualityCheck | None
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "product": product, "tab": "quality", "check": check}
    context["next_due"] = selectors.next_due(check, check.state.measured_at) if check else None
    code = 200
    if request.method == "POST":
        code = 400
        if form.is_valid():
            try:
                if "preview" not in request.POST:
                    return _saved(request, form, check)
                drafted = _drafted(form)
                context["previewed"], context["preview"] = True, preview(drafted)
                context["next_due"] = selectors.next_due(drafted, timezone.now())
                code = 200
            except StaleRevision as error:
                code = 409
                form.add_error(None, str(error))
            except PortalError as error:
                placed = [replace(item, path=path_in_form(item.path)) for item in error.problems]
                error.problems = placed
                show_on_form(form, error)
    return render(request, "catalog/quality/form.html", context, status=code)


def _saved(request: HttpRequest, form: CheckForm, check: QualityCheck | None) -> HttpResponse:
    person, fields = caller(request), form.fields_given()
    if check is None:
        saved = services.create_check(actor=person, port=form.cleaned_data["port"], **fields)
        first = " after its next time" if saved.schedule else ""
        messages.success(request, f"“{saved}” is asked from the next crawl{first} on.")
    else:
        revision = form.cleaned_data["revision"]
        saved = services.edit_check(actor=person, check=check, expected_revision=revision, **fields)
        messages.success(request, f"“{saved}” is saved.")
    return redirect("quality:detail", saved.pk)


def _drafted(form: CheckForm) -> QualityCheck:
    """The check as the form says it, verified and not saved."""
    drafted = QualityCheck(port=form.cleaned_data["port"], **form.fields_given())
    services.verify(drafted)
    return drafted


def _acting(service: Any, words: str) -> Any:
    @require_POST
    def act(request: HttpRequest, pk: int) -> HttpResponse:
        """Ask no longer, or ask again what was ended."""
        check = selectors.check_or_404(caller(request), pk)
        service(actor=caller(request), check=check)
        messages.success(request, words.format(check))
        return redirect("quality:detail", pk)

    return act


end = _acting(services.end_check, "“{}” is asked no longer; its results stay.")
resume = _acting(services.resume_check, "“{}” is asked again.")


def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a check with its results, after saying what goes."""
    check = selectors.check_or_404(caller(request), pk)
    if not kernel.can(caller(request), "check.edit", check):
        raise NotAllowed("You may not delete this check.", remedy="Ask the people in charge of the product.")
    if request.method == "POST":
        product = check.port.product
        services.delete_check(actor=caller(request), check=check)
        messages.success(request, f"“{check}” and its results are deleted.")
        return redirect("quality:product", product.domain.slug, product.slug)
    context = {
        "check": check,
        "product": check.port.product,
        "tab": "quality",
        "question": question(check.kind, check.element, check.parameters),
        "result_count": check.results.count(),
    }
    return render(request, "catalog/quality/delete.html", context)
