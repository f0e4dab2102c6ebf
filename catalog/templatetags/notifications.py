"""The bell of the frame."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse

from catalog.accounts.models import User
from catalog.notifications.selectors import MOST_COUNTED, unread_count

register = template.Library()


@register.inclusion_tag("catalog/notifications/bell.html", takes_context=True)
def bell(context: template.Context) -> dict[str, Any]:
    """The way to one's notifications, with how many are unread: one query that stops counting at a hundred."""
    request: HttpRequest = context["request"]
    count = unread_count(request.user) if isinstance(request.user, User) else 0
    url = reverse("notifications:list")
    words = f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)
    return {"url": url, "count": count, "words": words, "is_here": request.path == url}
