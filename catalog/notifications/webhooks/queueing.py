"""From the feed to deliveries: one row for each event a webhook asks for and its creator may see."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.audit import numbering
from catalog.audit.models import Numbering, OutboxEvent
from catalog.events.selectors import visible_to
from catalog.notifications.webhooks.models import Webhook, WebhookDelivery
from catalog.products.models import DataProduct

AT_ONCE = 1_000  # positions of one webhook in one transaction
MOST_ROUNDS = 50


def queue_new() -> int:
    """Leave deliveries of what is new in the feed; returns how many. Twice at a time does no harm."""
    head = numbering.reached(Numbering.Name.OUTBOX)
    behind = Webhook.objects.filter(is_active=True, cursor__lt=head).values_list("pk", flat=True)
    return sum(_catch_up(pk, head) for pk in list(behind))


def _catch_up(webhook_id: int, head: int) -> int:
    made = 0
    for _ in range(MOST_ROUNDS):
        with transaction.atomic():
            rows = Webhook.objects.select_for_update(of=("self",)).filter(is_active=True, cursor__lt=head)
            webhook = rows.select_related("created_by", "domain").filter(pk=webhook_id).first()
            if webhook is None:
                break
            until = min(head, webhook.cursor + AT_ONCE)
            events = wanted(webhook).filter(position__gt=webhook.cursor, position__lte=until)
            made += leave(webhook, events.order_by("position"), timezone.now())
            Webhook.objects.filter(pk=webhook.pk).update(cursor=until)
    return made


def wanted(webhook: Webhook) -> QuerySet[OutboxEvent]:
    """The events a webhook asks for that its creator may see now; needs creator and domain loaded."""
    events = visible_to(webhook.created_by).filter(position__isnull=False)
    if webhook.types:
        events = events.filter(type__in=webhook.types)
    if webhook.product_id is not None:
        events = events.filter(product_id=webhook.product_id)
    if webhook.domain is not None:
        within = DataProduct.objects.in_domain(webhook.domain)
        events = events.filter(product_id__in=within.values("pk"))
    return events


def leave(webhook: Webhook, events: Iterable[OutboxEvent], now: dt.datetime) -> int:
    """One waiting delivery for each event there is none of yet; returns how many events there were."""
    rows = [
        WebhookDelivery(
            webhook=webhook, event=event, position=event.position or 0, key=event.product_id or 0,
            due_at=now, created_at=now,
        )
        for event in events
    ]  # fmt: skip
    WebhookDelivery.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    return len(rows)
