"""Celery entries of lineage."""

from datetime import timedelta

from celery import shared_task

from lineage.services import sync_declared_edges

PERIODIC = {"lineage.sync_declared_edges": timedelta(minutes=5)}


@shared_task(name="lineage.sync_declared_edges")
def sync_declared() -> int:
    """Catch what bulk imports wrote past the receivers; changes nothing when nothing changed."""
    return sync_declared_edges()
