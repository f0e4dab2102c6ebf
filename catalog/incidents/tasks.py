"""Celery's way into incidents. What is missing is derived from rows: a lost or doubled message does no harm."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from catalog.incidents import detecting

PERIODIC = {"catalog.incidents.sweep": timedelta(minutes=5)}


@shared_task(name="catalog.incidents.sweep", time_limit=600, soft_time_limit=540)
def sweep() -> int:
    """Open and end the incidents that a look missed, and count anew whom the open ones reach."""
    return detecting.sweep(now=timezone.now())
