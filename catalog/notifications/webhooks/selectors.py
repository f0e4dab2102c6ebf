"""Reads of webhooks and their logs, for pages and the API."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.dateparse import parse_datetime

from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.events.selectors import visible_to
from catalog.notifications.webhooks.models import Webhook, WebhookDelivery

State = WebhookDelivery.State
OPEN = Q(deliveries__state__in=(State.WAITING, State.SENDING))


def webhooks_for(user: User) -> QuerySet[Webhook]:
    """Those `user` may see, with how many deliveries wait and how many were given up."""
    rows = Webhook.objects.visible_to(user).select_related("created_by", "team", "product__domain", "domain")
    return rows.annotate(
        waiting=Count("deliveries", filter=OPEN),
        dead=Count("deliveries", filter=Q(deliveries__state=State.DEAD)),
    ).order_by("name", "pk")


def webhook_or_404(user: User, pk: int) -> Webhook:
    found = webhooks_for(user).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such webhook, or you may not see it.")
    return found


def deliveries_for(user: User, webhook: Webhook) -> QuerySet[WebhookDelivery]:
    """Its log, the newest first; who did not make it sees of it only events they may see themselves."""
    rows = WebhookDelivery.objects.filter(webhook=webhook).select_related("event")
    if webhook.created_by_id != user.pk:
        rows = rows.filter(Q(event=None) | Q(event__in=visible_to(user).values("pk")))
    return rows.order_by("-pk")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of a delivery's log."""

    at: dt.datetime | None
    status: int | None
    milliseconds: int
    words: str


def attempts_of(delivery: WebhookDelivery) -> list[Attempt]:
    """What became of each attempt, the newest first."""
    return [_attempt(entry) for entry in reversed(delivery.log)]


def _attempt(entry: dict[str, Any]) -> Attempt:
    return Attempt(parse_datetime(entry["at"]), entry["status"], entry["ms"], entry["words"])
