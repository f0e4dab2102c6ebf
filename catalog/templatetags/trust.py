"""What pages of other features show of certifications."""

import datetime as dt
from typing import Any

from django import template
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.products.models import DataProduct, OutputPort
from catalog.trust.models import Certification
from catalog.trust.selectors import trust_of

register = template.Library()


@register.simple_tag(takes_context=True)
def certified(
    context: template.Context, product: DataProduct, port: OutputPort | None = None
) -> dict[str, Any]:
    """Until when a product or port is certified, whether that is over, and whether the reader may certify it."""
    until = trust_of(product, port or None).certified_until  # a page without a port gives ""
    return {
        "last_day": timezone.localtime(until - dt.timedelta(microseconds=1)).date() if until else None,
        "is_over": until is not None and until <= timezone.now(),
        "may_certify": kernel.can(caller(context["request"]), "product.certify", product),
    }


@register.simple_tag
def certification_standing(certification: Certification, now: dt.datetime) -> dict[str, str]:
    """The meaning and the word of a certification as of `now`."""
    standing = certification.standing(now)
    meanings = {"in_force": "good", "expired": "unknown", "withdrawn": "bad", "replaced": "unknown"}
    return {"key": standing, "meaning": meanings[standing], "word": standing.replace("_", " ")}
