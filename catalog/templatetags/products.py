"""What pages of products need from features above `products`: the frame around them, and trust."""

from datetime import datetime

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from catalog.accounts.caller import caller
from catalog.products.models import DataProduct, OutputPort
from catalog.products.pages import Frame, frame_of
from catalog.trust.marks import Mark, marks
from catalog.trust.selectors import trust_of

register = template.Library()


@register.simple_tag(takes_context=True)
def product_frame(context: template.Context, product: DataProduct) -> Frame:
    """The frame of a product's page; every tab gets it by extending `catalog/products/frame.html`."""
    request: HttpRequest = context["request"]
    kept: Frame | None = getattr(request, "_product_frame", None)  # several blocks of a page ask for it
    if kept is None or kept.product is not product:
        kept = frame_of(caller(request), product)
        request._product_frame = kept  # type: ignore[attr-defined]
    return kept


@register.simple_tag
def product_marks(
    product: DataProduct, now: datetime | None = None, *, is_linked: bool = False
) -> tuple[Mark, ...]:
    """The marks of a product; `select_related("trust")` keeps lists to one query. `is_linked`: with their proofs."""
    return marks(trust_of(product), now or timezone.now(), product_url(product) if is_linked else "")


@register.simple_tag
def port_marks(port: OutputPort, now: datetime | None = None) -> tuple[Mark, ...]:
    """The marks of a port, each leading to its proof on the port's page."""
    return marks(trust_of(port.product, port), now or timezone.now(), proof=port_url(port))


@register.simple_tag
def product_url(product: DataProduct) -> str:
    """The address of a product whose domain is loaded."""
    return reverse("products:detail", args=[product.domain.slug, product.slug])


@register.simple_tag
def port_url(port: OutputPort, product: DataProduct | None = None) -> str:
    """The address of a port; give its product where that is loaded already."""
    owner = product or port.product
    return reverse("products:port", args=[owner.domain.slug, owner.slug, port.name, port.version])
