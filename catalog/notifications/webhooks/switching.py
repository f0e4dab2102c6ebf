"""When a webhook is switched off by the portal, and whom that is told."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.audit import services as audit
from catalog.notifications.models import Kind, Notice
from catalog.notifications.telling import Draft, tell
from catalog.notifications.webhooks import pacing
from catalog.notifications.webhooks.models import Webhook

SAID_AGAIN = dt.timedelta(seconds=10)  # that something arrived


def why_not(webhook: Webhook) -> str:
    """Why nothing may be sent in the name of its creator any more; "" where it may."""
    person = webhook.created_by
    if not person.is_active:
        return "The account of its creator is deactivated."
    if webhook.team_id is not None:
        who = kernel.standing(person)
        if webhook.team_id not in who.team_ids and not who.is_platform_admin:
            return f"{person} is no longer in the team {webhook.team}."
    return ""


def judge(webhook: Webhook, *, is_success: bool, is_gone: bool, now: dt.datetime) -> None:
    """Keep how it fares after an attempt; switch it off when nothing arrived for days, or it is gone (status 410)."""
    rows = Webhook.objects.filter(pk=webhook.pk)
    if is_success:
        last = webhook.succeeded_at
        if webhook.failing_since is not None or last is None or now - last > SAID_AGAIN:
            rows.update(failing_since=None, succeeded_at=now)
            webhook.failing_since, webhook.succeeded_at = None, now
        return
    since = webhook.failing_since
    if since is None:
        rows.filter(failing_since=None).update(failing_since=now)
        webhook.failing_since = now
    if is_gone:
        switch_off(webhook, "The receiver says that it is gone for good (status 410).")
    elif since is not None and now - since >= pacing.LONGEST_FAILURE:
        switch_off(webhook, f"Nothing arrived for {pacing.LONGEST_FAILURE.days} days.")


@transaction.atomic
def switch_off(webhook: Webhook, reason: str) -> None:
    """Switch it off and tell its creator; what waits, waits until it is switched on again. Twice changes nothing."""
    now = timezone.now()
    active = Webhook.objects.filter(pk=webhook.pk, is_active=True)
    if not active.update(is_active=False, switched_off_reason=reason[:300], updated_at=now):
        return
    audit.record(actor=None, verb="webhook.switched_off", obj=webhook, detail={"reason": reason})
    title = f"The webhook {webhook.name} is switched off"
    sentence = f"{reason} What waits is kept: mend the receiver, then switch it on again."
    about: dict[str, int | None] = {"recipient": webhook.created_by_id}
    key = f"webhook:{webhook.pk}:off:{now:%Y%m%dT%H%M%S}"
    link = webhook.get_absolute_url()
    tell([Draft(key, Kind.WEBHOOK, title, sentence, link, Notice.Audience.RECIPIENT, about)], now=now)
