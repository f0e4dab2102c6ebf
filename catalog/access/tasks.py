"""Celery's way into what time does to access. Everything due is derived from rows: a lost or doubled message does
no harm."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from catalog.access.services import ending, running

PERIODIC = {
    "catalog.access.expire_due": timedelta(minutes=1),
    "catalog.access.provision_due": timedelta(minutes=1),
    "catalog.access.escalate_due": timedelta(minutes=15),
}


@shared_task(name="catalog.access.expire_due", time_limit=300, soft_time_limit=270)
def expire_due() -> int:
    """End the agreements whose time has come."""
    return ending.expire_due(now=timezone.now())


@shared_task(name="catalog.access.provision_due", time_limit=900, soft_time_limit=840)
def provision_due() -> int:
    """Grant, look at and remove what the portal provisions itself."""
    return running.provision_due()


@shared_task(name="catalog.access.escalate_due", time_limit=600, soft_time_limit=540)
def escalate_due() -> int:
    """Tell of ends that come near, and hand requests that wait too long to those above."""
    now = timezone.now()
    return ending.remind_due(now=now) + ending.escalate_due(now=now)
