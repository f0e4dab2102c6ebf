"""Links and support channels: two small lists of rows."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from catalog.accounts.caller import caller
from catalog.common.errors import PortalError, StaleRevision
from catalog.products import services
from catalog.products.addresses import with_product
from catalog.products.forms.products import LinkFormSet, SupportFormSet, filled_rows
from catalog.products.models import DataProduct
from catalog.products.views.sections import settings_frame


@require_http_methods(["GET", "HEAD", "POST"])
@with_product
def edit_links(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Rows left empty are dropped; two empty ones are always offered."""
    context = settings_frame(request, product, "links") | {"revision": product.revision}
    data = request.POST if request.method == "POST" else None
    links = LinkFormSet(data, initial=product.links, prefix="links")
    support = SupportFormSet(data, initial=product.support, prefix="support")
    context |= {"links": links, "support": support}
    status = 200
    if data is not None:
        status = 400
        if links.is_valid() and support.is_valid():
            try:
                _save(request, product, links, support)
            except PortalError as error:
                context["error"] = error
                status = 409 if isinstance(error, StaleRevision) else 400
                context["revision"] = DataProduct.objects.values_list("revision", flat=True).get(
                    pk=product.pk
                )
            else:
                messages.success(request, "Links and support saved.")
                return redirect("products:links", domain=product.domain.slug, slug=product.slug)
    return render(request, "catalog/products/links.html", context, status=status)


def _save(request: HttpRequest, product: DataProduct, links: Any, support: Any) -> None:
    revision = request.POST.get("revision", "")
    services.edit_product(
        actor=caller(request),
        product=product,
        expected_revision=int(revision) if revision.isascii() and revision.isdigit() else None,
        links=filled_rows(links),
        support=filled_rows(support),
    )
