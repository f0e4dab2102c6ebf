"""Celery's way into checks. What is due is derived from rows: a lost or doubled message does no harm."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from catalog.quality import storing

PERIODIC = {"catalog.quality.prune": timedelta(hours=6)}


@shared_task(name="catalog.quality.prune", time_limit=1_700, soft_time_limit=1_600)
def prune() -> int:
    """Forget results of checks that are older than they are kept."""
    return storing.prune(now=timezone.now())
