"""What notifications do when something happens: leave a notice, in the same transaction; ring for a worker."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from catalog.audit.models import AuditEvent
from catalog.audit.signals import events_recorded
from catalog.common.bell import Bell
from catalog.notifications import events as audit_events
from catalog.notifications import objectives, tasks
from catalog.notifications.models import Notice, Notification
from catalog.notifications.signals import noticed
from catalog.notifications.telling import tell
from catalog.slos.evaluating import Turn
from catalog.slos.signals import slos_turned


@receiver(events_recorded, dispatch_uid="catalog.notifications.events_recorded")
def tell_of_events(events: Sequence[AuditEvent], **_: Any) -> None:
    tell(audit_events.drafts_of(events))


@receiver(slos_turned, dispatch_uid="catalog.notifications.slos_turned")
def tell_of_objectives(turns: Sequence[Turn], at: dt.datetime, **_: Any) -> None:
    tell(objectives.drafts_of(turns, at), now=at)


notice_bell, mail_bell = Bell(tasks.ring_for_notice), Bell(tasks.ring_for_mail)


@receiver(noticed, sender=Notice, dispatch_uid="catalog.notifications.noticed")
def ring_for_notice(**_: Any) -> None:
    notice_bell.press()


@receiver(noticed, sender=Notification, dispatch_uid="catalog.notifications.mail_due")
def ring_for_mail(**_: Any) -> None:
    mail_bell.press()
