"""Status pages of products and domains. Strangers see them only where the platform and the product both allow it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.common.lists import page_of
from catalog.domains.models import Domain
from catalog.incidents import status
from catalog.incidents.models import PublicStatus
from catalog.incidents.services import publish_status
from catalog.products.addresses import Moved, find_product, with_product
from catalog.products.models import DataProduct


@login_not_required
@require_safe
def of_product(request: HttpRequest, domain: str, slug: str) -> HttpResponseBase:
    """How a product stands: now, its objectives, what is open, 90 days; strangers see public ones without words."""
    person = _person(request)
    try:
        product = find_product(person, domain, slug) if person else None
    except Moved as moved:
        home = moved.product
        return redirect("incidents:status", home.domain.slug, home.slug, permanent=True)
    except NotFound:
        product = None
    if product is not None:
        return _shown(request, product, person)
    public = status.public_products().filter(domain__slug=domain, slug=slug)
    found = status.with_what_is_shown(public).first()
    if found is None:
        return _nothing(request, person)
    return _shown(request, found, None)


def _shown(request: HttpRequest, product: DataProduct, person: User | None) -> HttpResponse:
    if person is not None:
        rows = DataProduct.objects.filter(pk=product.pk).prefetch_related("stewardships")
        product = status.with_what_is_shown(rows).get()
    is_published = PublicStatus.objects.filter(product=product).exists()
    context = {
        "product": product,
        "shown": status.status_of(product, person, timezone.now()),
        "is_for_anybody": person is None,
        "may_publish": person is not None and kernel.can(person, "product.publish_status", product),
        "is_published": is_published,
        "is_public": is_published and status.public_products().filter(pk=product.pk).exists(),
    }
    return render(request, "catalog/incidents/status.html", context)


@login_not_required
@require_safe
def of_domain(request: HttpRequest, domain: str) -> HttpResponseBase:
    """How the products of a domain stand; strangers see the public ones."""
    person = _person(request)
    seen = Domain.objects.visible_to(person) if person else Domain.objects.none()
    found = seen.filter(slug=domain).first()
    is_for_anybody = found is None
    if found is None:
        found = Domain.objects.filter(slug=domain).first()
        if found is None or not status.products_of(found, None).exists():
            return _nothing(request, person)
    products = status.products_of(found, None if is_for_anybody else person)
    page, now = page_of(request, products), timezone.now()
    context = {
        "domain": found,
        "page": page,
        "standings": status.standings_of(page, now),
        "days": status.days_of(products, now),
        "is_for_anybody": is_for_anybody,
    }
    return render(request, "catalog/incidents/status_domain.html", context)


@require_POST
@with_product
def publish(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Let anybody read the product's status page, or no longer."""
    is_public = request.POST.get("is_public") == "true"
    publish_status(actor=caller(request), product=product, is_public=is_public)
    words = (
        "Anybody may read this page, where the platform allows it." if is_public else "Only members read it."
    )
    messages.success(request, words)
    return redirect("incidents:status", product.domain.slug, product.slug)


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _nothing(request: HttpRequest, person: User | None) -> HttpResponseBase:
    """Strangers are asked to sign in, whether there is such a thing or not."""
    if person is None:
        return redirect_to_login(request.get_full_path())
    raise Http404("There is no such status page, or you may not see it.")
