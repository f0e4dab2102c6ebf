"""Celery entries of imports of dbt. The row is the job; messages are only doorbells."""

from datetime import timedelta

from celery import shared_task

from lineage.dbt import running

TICK = timedelta(seconds=30)
PERIODIC = {"lineage.dbt.dispatch_imports": TICK}


@shared_task(name="lineage.dbt.run_import", time_limit=3_600)
def run_import(import_id: int) -> bool:
    """Do one queued import."""
    return running.run_import(import_id=import_id)


@shared_task(name="lineage.dbt.dispatch_imports")
def dispatch_imports() -> int:
    """Free imports of dead workers and ring for those that wait."""
    running.release_stale()
    waiting = running.waiting_imports()
    for import_id in waiting:
        ring(import_id)
    return len(waiting)


def ring(import_id: int) -> None:
    """Send a doorbell; one nobody answers is void at the next tick."""
    run_import.apply_async((import_id,), expires=2 * TICK.total_seconds(), retry=False)
