"""What incidents listen to: objectives, drift, and the life of products."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from catalog.contracts.signals import drift_changed
from catalog.incidents.detecting import look_at
from catalog.incidents.transitions import Cause
from catalog.incidents.troubles import key_of, take_note
from catalog.products.models import OutputPort
from catalog.products.signals import lifecycle_changed
from catalog.quality.models import QualityCheck
from catalog.quality.signals import check_changed
from catalog.slos.signals import slos_changed, slos_evaluated


@receiver(slos_evaluated, dispatch_uid="catalog.incidents.slos_evaluated")
def look_at_evaluated(port_ids: Iterable[int], **_: Any) -> None:
    look_at(port_ids=list(port_ids), now=timezone.now(), causes=[Cause.SLO])


@receiver(slos_changed, dispatch_uid="catalog.incidents.slos_changed")
def look_at_changed(port_ids: Iterable[int], **_: Any) -> None:
    """A new target may be met, a withdrawn promise is missed no longer; nothing was measured."""
    look_at(port_ids=list(port_ids), now=timezone.now(), causes=[Cause.SLO], is_seen_again=False)


@receiver(drift_changed, dispatch_uid="catalog.incidents.drift_changed")
def look_at_drifted(port_ids: Iterable[int], at: dt.datetime, **_: Any) -> None:
    look_at(port_ids=list(port_ids), now=at, causes=[Cause.DRIFT])


@receiver(check_changed, dispatch_uid="catalog.incidents.check_changed")
def look_at_checked(check: QualityCheck, measured_at: dt.datetime | None, **_: Any) -> None:
    """A check that ends or is deleted measured nothing; its row may go only after this is heard."""
    if measured_at is None:
        key = key_of(check.port_id, Cause.CHECK, str(check.pk))
        take_note(troubles=[], ended={key: "The check is not asked any more."}, now=timezone.now())
    else:
        look_at(port_ids=[check.port_id], now=timezone.now(), causes=[Cause.CHECK])


@receiver(lifecycle_changed, dispatch_uid="catalog.incidents.lifecycle_changed")
def look_at_product(product_id: int, **_: Any) -> None:
    ports = OutputPort.objects.filter(product=product_id).values_list("pk", flat=True)
    look_at(port_ids=list(ports), now=timezone.now(), is_seen_again=False)
