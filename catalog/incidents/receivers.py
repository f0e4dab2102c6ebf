"""What incidents listen to: objectives, drift, and the life of products."""

from collections.abc import Iterable
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from catalog.contracts.signals import drift_changed
from catalog.incidents.detecting import look_at
from catalog.incidents.transitions import Cause
from catalog.products.models import OutputPort
from catalog.products.signals import lifecycle_changed
from catalog.slos.signals import slo_changed, slos_evaluated


@receiver(slos_evaluated, dispatch_uid="catalog.incidents.slos_evaluated")
def look_at_evaluated(port_ids: Iterable[int], **_: Any) -> None:
    look_at(port_ids=list(port_ids), now=timezone.now(), causes=[Cause.SLO])


@receiver(slo_changed, dispatch_uid="catalog.incidents.slo_changed")
def look_at_changed(port_id: int, **_: Any) -> None:
    """A new target may be met, a withdrawn promise is missed no longer; nothing was measured."""
    look_at(port_ids=[port_id], now=timezone.now(), causes=[Cause.SLO], is_seen_again=False)


@receiver(drift_changed, dispatch_uid="catalog.incidents.drift_changed")
def look_at_drifted(port_ids: Iterable[int], **_: Any) -> None:
    look_at(port_ids=list(port_ids), now=timezone.now(), causes=[Cause.DRIFT])


@receiver(lifecycle_changed, dispatch_uid="catalog.incidents.lifecycle_changed")
def look_at_product(product_id: int, **_: Any) -> None:
    ports = OutputPort.objects.filter(product=product_id).values_list("pk", flat=True)
    look_at(port_ids=list(ports), now=timezone.now(), is_seen_again=False)
