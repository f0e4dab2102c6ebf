"""Access on a product's own pages: its tab, and what a port offers those who ask."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from catalog.access import selectors, terms
from catalog.access.forms import TermsForm
from catalog.access.models import Agreement
from catalog.access.services import rules
from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.errors import NotFound, PortalError
from catalog.common.lists import page_of
from catalog.common.validation import show_on_form
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct, Lifecycle, OutputPort

MOST_PORTS = 50
LISTS = ("modes", "known_readers")  # of the terms; one a line in the form


def port_or_404(product: DataProduct, name: str, version: str) -> OutputPort:
    """A port of the product, with the product as it was loaded."""
    found = product.output_ports.select_related("asset").filter(name=name, version=version).first()
    if found is None:
        raise NotFound("This product has no such port.", remedy="See the product for the ports it has.")
    found.product = product
    return found


@require_safe
@with_product
def of_product(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Who has access as far as the reader may know, and how to ask for it."""
    person, now = caller(request), timezone.now()
    seen = selectors.agreements_for(person).filter(port__product=product)
    page = page_of(request, seen.agreed().order_by("port__name", "-port__version", "-pk"))
    standing = product_standing(product)
    context = {
        "product": product,
        "tab": "access",
        "page": page,
        "lines": selectors.lines_of(page, now),
        "waiting": selectors.requests_for(person).submitted().filter(agreement__port__product=product)[:20],
        "ports": product.output_ports.order_by("name", "-version")[:MOST_PORTS],
        "unseen": max(standing - seen.standing(now).count(), 0),
        "is_offered": product.lifecycle in (Lifecycle.ACTIVE, Lifecycle.DEPRECATED),
        "may_edit": kernel.can(person, "product.publish", product),
        "usual": selectors.usual_time(product),
    }
    return render(request, "catalog/access/product.html", context)


def product_standing(product: DataProduct) -> int:
    """How many agreements stand on the product's ports, whoever asks."""
    return Agreement.objects.standing(timezone.now()).filter(port__product=product).count()


@require_http_methods(["GET", "HEAD", "POST"])
@with_product
def port_terms(request: HttpRequest, product: DataProduct, name: str, version: str) -> HttpResponse:
    """What the port offers those who ask: how long, which modes, how it is granted."""
    person, port = caller(request), port_or_404(product, name, version)
    kernel.require(person, "access.edit_terms", port, "You may not say how access to this port is given.")
    held = terms.terms_of(port)
    initial = {field: getattr(held, field) for field in rules.TERMS} | {
        name: "\n".join(getattr(held, name)) for name in LISTS
    }
    form = TermsForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = form.cleaned_data
            fields: Any = {**given, **{name: given[name].splitlines() for name in LISTS}}
            try:
                rules.set_terms(actor=person, port=port, **fields)
            except PortalError as error:
                show_on_form(form, error)
            else:
                messages.success(request, f"How access to {port} is given is saved.")
                return redirect("access:product", product.domain.slug, product.slug)
    context = {"product": product, "tab": "access", "port": port, "form": form}
    return render(request, "catalog/access/terms.html", context, status=status)
