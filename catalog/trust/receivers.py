"""Trust rows follow what objectives and contracts announce."""

from collections.abc import Collection, Iterable
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from catalog.contracts.services.drifting import judge_drift
from catalog.contracts.signals import port_contract_changed
from catalog.slos.signals import slos_changed, slos_evaluated
from catalog.trust.services import refresh_ports


@receiver(slos_evaluated, dispatch_uid="catalog.trust.slos_evaluated")
def refresh_evaluated(port_ids: Iterable[int], **_: Any) -> None:
    refresh_ports(port_ids=port_ids, now=timezone.now())


@receiver(slos_changed, dispatch_uid="catalog.trust.slos_changed")
def refresh_changed(port_ids: Iterable[int], **_: Any) -> None:
    refresh_ports(port_ids=port_ids, now=timezone.now())


@receiver(port_contract_changed, dispatch_uid="catalog.trust.port_contract_changed")
def refresh_agreed(port_ids: Collection[int], **_: Any) -> None:
    """Drift first, of which the marks are made: another contract promises another schema."""
    now = timezone.now()
    judge_drift(port_ids=port_ids, now=now)
    refresh_ports(port_ids=port_ids, now=now)
