"""Celery entries of reading SQL. Messages are only doorbells: what waits is in the rows."""

from datetime import timedelta

from celery import shared_task

from lineage.sql import definitions

TICK = timedelta(minutes=1)
PERIODIC = {"lineage.sql.read_definitions": TICK}


@shared_task(name="lineage.sql.read_definitions", time_limit=3_600)
def read_definitions() -> int:
    """Read the SQL of views that are new or say something new, and end the edges of those that vanished."""
    definitions.end_vanished()
    done = definitions.read_waiting()
    if done == definitions.AT_ONCE:
        ring()
    return done


def ring() -> None:
    """Send a doorbell; one nobody answers is void at the next tick."""
    read_definitions.apply_async(expires=2 * TICK.total_seconds(), retry=False)
