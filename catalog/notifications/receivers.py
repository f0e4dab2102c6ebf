"""What notifications do when something happens: leave a notice, in the same transaction; ring for a worker."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from catalog.access.models import Agreement
from catalog.access.services.writing import JOINS
from catalog.access.signals import access_ending
from catalog.audit.models import AuditEvent
from catalog.audit.signals import events_numbered, events_recorded
from catalog.common.bell import Bell
from catalog.notifications import access, glossary, objectives, tasks
from catalog.notifications import events as audit_events
from catalog.notifications.models import Notice, Notification
from catalog.notifications.signals import noticed
from catalog.notifications.telling import tell
from catalog.notifications.webhooks.models import Webhook
from catalog.notifications.webhooks.signals import deliveries_due
from catalog.slos.evaluating import Turn
from catalog.slos.signals import slos_turned


@receiver(events_recorded, dispatch_uid="catalog.notifications.events_recorded")
def tell_of_events(events: Sequence[AuditEvent], **_: Any) -> None:
    access_drafts = [*access.drafts_of(events), *access.drafts_of_stores(events)]
    tell([*audit_events.drafts_of(events), *access_drafts, *glossary.drafts_of(events)])


@receiver(access_ending, dispatch_uid="catalog.notifications.access_ending")
def tell_of_ends(agreement_id: int, days: int, **_: Any) -> None:
    """Inside the transaction that notes the reminder."""
    found = Agreement.objects.select_related(*JOINS).filter(pk=agreement_id).first()
    if found is not None:
        tell([access.ending(found, days)])


@receiver(slos_turned, dispatch_uid="catalog.notifications.slos_turned")
def tell_of_objectives(turns: Sequence[Turn], at: dt.datetime, **_: Any) -> None:
    tell(objectives.drafts_of(turns, at), now=at)


notice_bell, mail_bell = Bell(tasks.ring_for_notice), Bell(tasks.ring_for_mail)
delivery_bell = Bell(tasks.ring_for_deliveries)


@receiver(noticed, sender=Notice, dispatch_uid="catalog.notifications.noticed")
def ring_for_notice(**_: Any) -> None:
    notice_bell.press()


@receiver(noticed, sender=Notification, dispatch_uid="catalog.notifications.mail_due")
def ring_for_mail(**_: Any) -> None:
    mail_bell.press()


@receiver(events_numbered, dispatch_uid="catalog.notifications.events_numbered")
def ring_for_new_events(**_: Any) -> None:
    if Webhook.objects.filter(is_active=True).exists():
        delivery_bell.press()


@receiver(deliveries_due, dispatch_uid="catalog.notifications.deliveries_due")
def ring_for_deliveries(**_: Any) -> None:
    delivery_bell.press()
