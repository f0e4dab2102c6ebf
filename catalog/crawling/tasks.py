"""Celery's way into crawling. Messages are only doorbells for rows: lost, late or doubled ones do no harm."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from celery import shared_task
from django.conf import settings

from catalog.crawling import apart, claims, runner, services

logger = logging.getLogger(__name__)
BATCH = 64  # runs per message: a task per source reaches a fraction of what threads in one task do
APART_AT_ONCE = 8  # of those a tick rings for
TICK = timedelta(seconds=15)
PERIODIC = {
    "catalog.crawling.dispatch": TICK,
    "catalog.crawling.prune": timedelta(hours=6),
}


@shared_task(name="catalog.crawling.run_batch", time_limit=1_700, soft_time_limit=1_600)
def run_batch(run_ids: list[int]) -> int:
    """Run what is still queued of `run_ids`, several at a time."""
    return runner.run_batch(apart.without_suspects(run_ids), threads=settings.CRAWL_THREADS)


@shared_task(name="catalog.crawling.run_apart", time_limit=1_700)
def run_apart(run_id: int) -> bool:
    """Run what may end its process, in a process of its own."""
    return apart.run(run_id)


@shared_task(name="catalog.crawling.dispatch")
def dispatch() -> int:
    """The heartbeat of crawling: free what dead workers held, queue what is due, ring for all that waits."""
    services.bring_back_from_the_future()
    released = claims.release_stale()
    queued = services.queue_due()
    waiting = services.due_runs()
    ring(waiting)
    if released or queued:
        logger.info("Crawls: %s freed, %s due, %s waiting", len(released), len(queued), len(waiting))
    return len(waiting)


@shared_task(name="catalog.crawling.prune")
def prune() -> int:
    """Thin out old readings and scores."""
    return services.thin_history()


def ring(run_ids: Sequence[int]) -> None:
    """Send doorbells for runs, in batches spread evenly; a doorbell nobody answers is void at the next tick."""
    alone = apart.suspects(run_ids)
    for run_id in sorted(alone)[:APART_AT_ONCE]:
        run_apart.apply_async((run_id,), expires=2 * TICK.total_seconds(), retry=False)
    trusted = [run_id for run_id in run_ids if run_id not in alone]
    for start in range(0, len(trusted), BATCH):
        part = trusted[start : start + BATCH]
        run_batch.apply_async((part,), expires=2 * TICK.total_seconds(), retry=False)
