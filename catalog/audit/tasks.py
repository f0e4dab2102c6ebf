"""Celery's way into the audit trail and the outbox. Messages are only doorbells for rows."""

from datetime import timedelta

from celery import shared_task

from catalog.audit import chain, outbox

TICK = timedelta(seconds=10)
PERIODIC = {
    "catalog.audit.number_events": TICK,
    "catalog.audit.seal": timedelta(seconds=30),
}


@shared_task(name="catalog.audit.number_events", time_limit=300, soft_time_limit=270)
def number_events() -> int:
    """Give committed events their place in the feed, in the order of their commits."""
    return outbox.number_waiting()


@shared_task(name="catalog.audit.seal", time_limit=600, soft_time_limit=540)
def seal() -> int:
    """Put committed audit events into the chain."""
    return chain.seal_waiting()


def ring_for_numbers() -> None:
    """Send a doorbell; one nobody answers is void when the clock rings anyway."""
    number_events.apply_async(expires=TICK.total_seconds(), retry=False)
