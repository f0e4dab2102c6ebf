"""Celery's way into testing connections. The row is the job; messages are only doorbells."""

from datetime import timedelta

from celery import shared_task

from catalog.connections import checks

TICK = timedelta(seconds=20)
PERIODIC = {"catalog.connections.dispatch_checks": TICK}


@shared_task(name="catalog.connections.run_check", time_limit=90, soft_time_limit=60)
def run_check(check_id: int) -> bool:
    """Do one queued test."""
    return checks.run_check(check_id=check_id)


@shared_task(name="catalog.connections.dispatch_checks")
def dispatch_checks() -> int:
    """Free tests of dead workers and ring for those that wait."""
    checks.release_stale()
    waiting = checks.waiting_checks()
    for check_id in waiting:
        ring(check_id)
    return len(waiting)


def ring(check_id: int) -> None:
    """Send a doorbell; one nobody answers is void at the next tick."""
    run_check.apply_async((check_id,), expires=2 * TICK.total_seconds(), retry=False)
