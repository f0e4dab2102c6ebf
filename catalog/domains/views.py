"""Pages of domains: the tree, and one domain."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.csv import csv_response
from catalog.common.lists import page_of
from catalog.domains.pages import Moved, domain_lines, domain_page_of

PER_PAGE = 25
CSV_COLUMNS = ("key", "name", "below", "kind", "owner", "products", "description")
SORTS = {"name": "name", "changed": "updated_at", "ports": "port_count", "lifecycle": "lifecycle"}


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Every domain the reader may see, as a tree with counts and health; `?format=csv` as a file."""
    if request.GET.get("format") == "csv":
        return csv_response("domains.csv", CSV_COLUMNS, domain_lines(caller(request)))
    return render(request, "catalog/domains/index.html", {"can_create": _can_create(request)})


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One domain: what is below it, its products, who answers for it."""
    try:
        page = domain_page_of(caller(request), slug)
    except Moved as moved:
        return redirect(reverse("domains:detail", args=[moved.slug]), permanent=True)
    wanted = request.GET.get("sort", "name")
    key = wanted.removeprefix("-")
    order = SORTS.get(key, "name")
    ordered = page.products.order_by(f"-{order}" if wanted.startswith("-") else order, "pk")
    context = {
        "page": page,
        "domain": page.domain,
        "products": page_of(request, ordered, PER_PAGE),
        "can_edit": kernel.can(caller(request), "domain.edit", page.domain),
    }
    return render(request, "catalog/domains/detail.html", context)


def _can_create(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and kernel.can(request.user, "domain.create", None)
