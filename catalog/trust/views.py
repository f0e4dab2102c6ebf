"""Pages of certifications: those of the mesh, and those of one product with the forms to give and withdraw them."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.errors import PortalError
from catalog.common.lists import filtered, page_of, sorted_by
from catalog.common.validation import show_on_form
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct
from catalog.trust import selectors, services
from catalog.trust.filters import STATES, CertificationFilter
from catalog.trust.forms import CertifyForm, WithdrawForm

SORTS = {"expires": "expires_at", "certified": "certified_at", "product": "product__name"}
ORDERS = (("expires", "the next to end"), ("-certified", "the newest"), ("product", "product"))
CSV_HEADER = (
    "id", "product", "port", "certified_at", "certified_by", "expires_at", "withdrawn_at", "withdrawn_by", "reason",
    "withdrawn_reason",
)  # fmt: skip
SOON = 30  # days in which a certification is due to be looked at again


@require_safe
def certifications(request: HttpRequest) -> HttpResponseBase:
    """Every certification of products one may see, as CSV too; `?ending_within=30` are those to renew."""
    person = caller(request)
    query = request.GET.copy()
    for name in [name for name, values in query.lists() if not any(values)]:
        del query[name]  # a filter left empty in the form narrows nothing
    given = selectors.certifications_for(person)
    found = filtered(CertificationFilter(query, queryset=given, request=request))
    rows = sorted_by(request, found, SORTS, "expires")
    if query.get("format") == "csv":
        return csv_response("certifications.csv", CSV_HEADER, _csv_rows(rows))
    context = {
        "page": page_of(request, rows),
        "orders": ORDERS,
        "order": query.get("sort", "expires"),
        "states": STATES,
        "state": query.getlist("state"),
        "ending_within": query.get("ending_within", ""),
        "mine": query.get("mine", ""),
        "soon": str(SOON),
        "is_filtered": bool(set(query) - {"sort", "page"}),
        "now": timezone.now(),
    }
    return render(request, "catalog/trust/certifications.html", context)


def _csv_rows(rows: Any) -> Iterator[tuple[Any, ...]]:
    for item in rows.iterator(chunk_size=500):
        given, taken = (who.username if who else "" for who in (item.certified_by, item.withdrawn_by))
        yield (
            item.pk, item.product.key, str(item.port or ""), item.certified_at, given, item.expires_at,
            item.withdrawn_at, taken, item.reason, item.withdrawn_reason,
        )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@with_product
def certification(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Who certified the product and its ports, until when and why; stewards certify here."""
    person = caller(request)
    status = 200
    form = CertifyForm(request.POST if request.method == "POST" else None, product=product)
    if request.method == "POST":
        kernel.require(person, "product.certify", product, services.DENIED)
        status = 400
        if form.is_valid():
            try:
                services.certify(actor=person, product=product, **form.cleaned_data)
                messages.success(request, f"{form.cleaned_data['port'] or product} is certified.")
                return redirect("trust:certification", product.domain.slug, product.slug)
            except PortalError as error:
                show_on_form(form, error)
                status = 400 if error.problems else 409
    given = selectors.certifications_for(person).filter(product=product).order_by("-certified_at", "-pk")
    context = {
        "product": product,
        "tab": "overview",
        "form": form,
        "page": page_of(request, given),
        "withdraw_form": WithdrawForm(),
        "may_certify": kernel.can(person, "product.certify", product),
        "now": timezone.now(),
    }
    return render(request, "catalog/trust/product.html", context, status=status)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a certification back, with a reason that is kept."""
    found = selectors.certification_or_404(caller(request), pk)
    services.withdraw_certification(
        actor=caller(request), certification=found, reason=request.POST.get("reason", "")[:2_000]
    )
    messages.success(request, "The certification is withdrawn.")
    return redirect("trust:certification", found.product.domain.slug, found.product.slug)
