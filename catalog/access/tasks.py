"""Celery's way into what time does to access. Everything due is derived from rows: a lost or doubled message does
no harm."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from catalog.access.services import ending, looking, running

PERIODIC = {
    "catalog.access.expire_due": timedelta(minutes=1),
    "catalog.access.provision_due": timedelta(minutes=1),
    "catalog.access.escalate_due": timedelta(minutes=15),
    "catalog.access.look_around": timedelta(minutes=10),
}


@shared_task(name="catalog.access.expire_due", time_limit=300, soft_time_limit=270)
def expire_due() -> int:
    """End the agreements whose time has come."""
    return ending.expire_due(now=timezone.now())


@shared_task(name="catalog.access.provision_due", time_limit=900, soft_time_limit=840)
def provision_due() -> int:
    """Grant, look at and remove what the portal provisions itself."""
    return running.provision_due()


def ring_for_store_work() -> None:
    """Send a doorbell; one nobody answers is void when the clock rings anyway."""
    provision_due.apply_async(expires=PERIODIC[provision_due.name].total_seconds(), retry=False)


@shared_task(name="catalog.access.escalate_due", time_limit=600, soft_time_limit=540)
def escalate_due() -> int:
    """Tell of ends that come near and grants that are late, remind those who decide, and hand what waits too long to
    those above."""
    now = timezone.now()
    told = ending.remind_due(now=now) + looking.tell_late(now=now)
    return told + ending.remind_deciders(now=now) + ending.escalate_due(now=now)


@shared_task(name="catalog.access.look_around", time_limit=900, soft_time_limit=840)
def look_around() -> int:
    """Ask the stores who reads without an agreement."""
    return looking.look_around(now=timezone.now())
