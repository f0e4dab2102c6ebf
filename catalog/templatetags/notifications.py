"""The bell of the frame, and the button by which one watches what a page shows."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse

from catalog.accounts.models import User
from catalog.notifications import searches
from catalog.notifications.selectors import MOST_COUNTED, unread_count
from catalog.notifications.watching import Watchable, button_of

register = template.Library()


@register.inclusion_tag("catalog/notifications/bell.html", takes_context=True)
def bell(context: template.Context) -> dict[str, Any]:
    """The way to one's notifications, with how many are unread: one query that stops counting at a hundred."""
    request: HttpRequest = context["request"]
    count = unread_count(request.user) if isinstance(request.user, User) else 0
    url = reverse("notifications:list")
    words = f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)
    return {"url": url, "count": count, "words": words, "is_here": request.path == url}


@register.inclusion_tag("catalog/notifications/watch_button.html", takes_context=True)
def watch_button(context: template.Context, target: str, key: str) -> dict[str, Any]:
    """`{% watch_button "product" product.key %}`: works without scripts; with them it changes in its place."""
    request: HttpRequest = context["request"]
    item = Watchable(target, key)
    is_watched = isinstance(request.user, User) and item.subscription_of(request.user) is not None
    shown = button_of(item, is_watched=is_watched, back=request.get_full_path())
    return {**shown, "csrf_token": context.get("csrf_token", "")}


@register.filter
def search_words(query: str) -> str:
    """A kept search as people read it."""
    return searches.words_of(query)
