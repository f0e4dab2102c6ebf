"""Reading pages: a product's overview and one of its ports."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.accounts.caller import caller
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct
from catalog.products.pages import overview_of, port_page_of


@require_safe
@with_product
def detail(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """What the product is, through which ports it is had, what it is made from and who uses it."""
    context = {"product": product, "tab": "overview", "overview": overview_of(caller(request), product)}
    return render(request, "catalog/products/detail.html", context)


@require_safe
@with_product
def port(request: HttpRequest, product: DataProduct, name: str, version: str) -> HttpResponse:
    """One version of one port: where it is, how to connect, what was read of it."""
    page = port_page_of(caller(request), product, name, version)
    context = {"product": product, "tab": "overview", "page": page, "port": page.row.port}
    return render(request, "catalog/products/port.html", context)
