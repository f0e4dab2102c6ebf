"""Where a product lives: finding it by its address, or by one it had before it was renamed or moved."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.common.models import OldAddress
from catalog.domains.models import Domain
from catalog.products.models import DataProduct

ProductView = Callable[..., HttpResponseBase]  # (request, product, **the rest of the address)


@dataclass
class Moved(Exception):
    """The address was right once; `product` lives elsewhere now (and whoever asked may see it)."""

    product: DataProduct


def find_product(user: User, domain: str, slug: str) -> DataProduct:
    """The product at `domain/slug` as `user` may see it, with domain, team and people loaded.

    Raises Moved when it lives elsewhere now, NotFound when there is none or none that `user` may know of.
    """
    visible = (
        DataProduct.objects.visible_to(user)
        .select_related(
            "domain", "domain__team", "team", "classification", "trust", "successor", "successor__domain"
        )
        .prefetch_related("stewardships__user", "tags")
    )
    product = visible.filter(domain__slug=domain, slug=slug).first()
    if product is not None:
        return product
    target = _moved_to(domain, slug)
    product = visible.filter(pk=target).first() if target else None
    if product is not None and (product.domain.slug, product.slug) != (domain, slug):
        raise Moved(product)
    raise NotFound("There is no such product, or you may not see it.")


def is_address_taken(domain: Domain, slug: str, *, but_for: int | None = None) -> bool:
    """Whether another product than `but_for` lives at the address, or lived there and is redirected from it."""
    old = OldAddress.objects.filter(kind=OldAddress.Kind.PRODUCT, address=f"{domain.slug}/{slug}")
    return (
        DataProduct.objects.filter(domain=domain, slug=slug).exclude(pk=but_for or 0).exists()
        or old.exclude(target_id=but_for or 0).exists()
    )


def with_product(view: ProductView) -> Callable[..., HttpResponseBase]:
    """A page below /products/<domain>/<slug>/ gets the product itself; old addresses lead to the same page of today.

    Reading requests are redirected for good; a form sent to an old address is sent again to the new one (308).
    """

    @wraps(view)
    def found(request: HttpRequest, domain: str, slug: str, **rest: Any) -> HttpResponseBase:
        try:
            product = find_product(caller(request), domain, slug)
        except Moved as moved:
            return _redirect(request, moved.product, rest)
        except NotFound as error:
            raise Http404(error.message) from error
        return view(request, product, **rest)

    return found


def _redirect(request: HttpRequest, product: DataProduct, rest: dict[str, Any]) -> HttpResponseBase:
    match = request.resolver_match
    assert match is not None  # noqa: S101 - the resolver called the view
    url = reverse(match.view_name, kwargs={**rest, "domain": product.domain.slug, "slug": product.slug})
    query = request.META.get("QUERY_STRING", "")
    reads = request.method in ("GET", "HEAD")
    return redirect(f"{url}?{query}" if query else url, permanent=True, preserve_request=not reads)


def _moved_to(domain: str, slug: str) -> int | None:
    """The id of the product that once lived at `domain/slug`, through a renamed domain too."""
    old = OldAddress.objects.filter(kind=OldAddress.Kind.PRODUCT, address=f"{domain}/{slug}").first()
    if old is not None:
        return old.target_id
    renamed = OldAddress.objects.filter(kind=OldAddress.Kind.DOMAIN, address=domain).first()
    if renamed is None:
        return None
    product = DataProduct.objects.filter(domain_id=renamed.target_id, slug=slug).first()
    if product is not None:
        return product.pk
    today = Domain.objects.filter(pk=renamed.target_id).first()
    later = OldAddress.objects.filter(
        kind=OldAddress.Kind.PRODUCT, address=f"{today.slug}/{slug}" if today else ""
    ).first()
    return later.target_id if later else None
