"""Celery's way into objectives. What is due is derived from rows: a lost or doubled message does no harm."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from catalog.slos import evaluating, storing

PERIODIC = {
    "catalog.slos.evaluate_due": timedelta(minutes=1),
    "catalog.slos.prune": timedelta(hours=6),
}


@shared_task(name="catalog.slos.evaluate_due", time_limit=600, soft_time_limit=540)
def evaluate_due() -> int:
    """Evaluate the objectives that were measured since, or not evaluated for an hour."""
    return evaluating.evaluate_due(now=timezone.now())


@shared_task(name="catalog.slos.prune", time_limit=1_700, soft_time_limit=1_600)
def prune() -> int:
    """Forget measurements and roll-ups that are older than they are kept."""
    return storing.prune(now=timezone.now())
