"""A webhook whose receiver was away: something of every state for its page to show."""

import datetime as dt

from django.utils import timezone

from catalog.audit import outbox
from catalog.audit.models import OutboxEvent
from catalog.common.crypto import encrypt
from catalog.notifications.webhooks.models import Webhook, WebhookDelivery
from tests.conftest import Cast

State = WebhookDelivery.State


def plant_webhook(cast: Cast) -> dict[str, int]:
    """The owner's, failing for two hours; `webhook` is its number."""
    now = timezone.now()
    made = Webhook.objects.create(
        name="Tickets", url="https://tickets.example.org/in", created_by=cast.owner, team=cast.listening_team,
        types=["product.changed", "incident.opened"], secret=encrypt({"secret": "whsec_AAAA"}),
        failing_since=now - dt.timedelta(hours=2), succeeded_at=now - dt.timedelta(hours=3),
    )  # fmt: skip
    for state, answers in (
        (State.DELIVERED, [200]), (State.DEAD, [500, None]), (State.WAITING, [503]), (State.WAITING, []),
    ):  # fmt: skip
        outbox.publish(
            type="product.changed",
            subject="product/listening/play-events",
            data={},
            product_id=cast.play_events.pk,
        )
        event = OutboxEvent.objects.latest("pk")
        log = [
            {
                "at": now.isoformat(),
                "status": answer,
                "ms": 48,
                "words": "" if answer == 200 else "It did not arrive.",
            }
            for answer in answers
        ]
        done = now if state in (State.DELIVERED, State.DEAD) else None
        WebhookDelivery.objects.create(
            webhook=made, event=event, position=event.pk, key=cast.play_events.pk, state=state, log=log,
            attempts=len(log), due_at=now, created_at=now, done_at=done,
        )  # fmt: skip
    return {"webhook": made.pk}
