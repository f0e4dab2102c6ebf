"""What of access the home page shows."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.selectors import agreements_for, lines_of, of_consumer, waiting_for
from catalog.accounts.models import User

register = template.Library()

SHOWN = 5


@register.inclusion_tag("catalog/access/home.html", takes_context=True)
def access_at_home(context: template.Context) -> dict[str, Any]:
    """What waits for the reader's decision, and the access that is theirs: a fixed number of queries."""
    request: HttpRequest = context["request"]
    if not isinstance(request.user, User):
        return {}
    now = timezone.now()
    own = agreements_for(request.user).standing(now).filter(of_consumer(request.user)).distinct()
    found: list[Agreement] = list(own.order_by("ends_at", "pk")[: SHOWN + 1])
    return {
        "waiting": waiting_for(request.user),
        "lines": lines_of(found[:SHOWN], now),
        "has_more": len(found) > SHOWN,
    }
