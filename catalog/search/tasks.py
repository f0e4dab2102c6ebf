"""Celery's way into search. The outbox rows are the job; a message only says "look"."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from catalog.search import services

TICK = timedelta(seconds=10)
PERIODIC = {
    "catalog.search.drain": TICK,
    "catalog.search.age": timedelta(minutes=5),
    "catalog.search.compare": timedelta(minutes=30),
}
LONGEST = 3_600  # seconds; building an index of 100,000 products takes minutes


@shared_task(name="catalog.search.drain", time_limit=LONGEST, soft_time_limit=LONGEST - 60)
def drain() -> int:
    """Write what is marked into the index; builds it where there is none."""
    try:
        return services.drain_marks()
    except Exception as error:
        services.note_problem(error)
        raise


@shared_task(name="catalog.search.compare", time_limit=LONGEST, soft_time_limit=LONGEST - 60)
def compare() -> int:
    """The drift meter: compare index and database, mend what differs."""
    drift = services.repair_drift()
    return drift.total if drift else 0


@shared_task(name="catalog.search.age")
def age() -> None:
    """Measurements grow old without anybody changing anything."""
    services.mark_aged_measurements()


def ring() -> None:
    """Ask for a drain soon; a doorbell nobody answers is void at the next tick."""
    drain.apply_async(expires=2 * TICK.total_seconds(), retry=False)


@worker_ready.connect
def look_at_once(**_: Any) -> None:
    """A portal that starts without an index need not wait for the clock before it is ready."""
    ring()
