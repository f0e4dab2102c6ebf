"""What is published when something happens, in the same transaction: audit events and turns of objectives."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.services.writing import JOINS
from catalog.access.signals import access_ending
from catalog.audit.models import AuditEvent
from catalog.audit.outbox import publish_all
from catalog.audit.signals import events_recorded
from catalog.events import access, products, troubles
from catalog.slos.evaluating import Turn
from catalog.slos.signals import slos_turned


@receiver(events_recorded, dispatch_uid="catalog.events.events_recorded")
def publish_recorded(events: Sequence[AuditEvent], **_: Any) -> None:
    found = products.happened(events) + troubles.of_incidents(events) + access.happened(events)
    publish_all(found)


@receiver(slos_turned, dispatch_uid="catalog.events.slos_turned")
def publish_turns(turns: Sequence[Turn], at: dt.datetime, **_: Any) -> None:
    publish_all(troubles.of_objectives(turns, at))


@receiver(access_ending, dispatch_uid="catalog.events.access_ending")
def publish_ending(agreement_id: int, days: int, **_: Any) -> None:
    """Inside the transaction that notes the reminder."""
    found = Agreement.objects.select_related(*JOINS).filter(pk=agreement_id).first()
    if found is not None:
        publish_all([access.ending(found, days, timezone.now())])
