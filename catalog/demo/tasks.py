"""Celery's way into the demo; elsewhere the task returns at once."""

from datetime import timedelta

from celery import shared_task

from catalog.demo import history

PERIODIC = {"catalog.demo.tend": timedelta(seconds=20)}


@shared_task(name="catalog.demo.tend", time_limit=1_800, soft_time_limit=1_700)
def tend() -> str:
    """Grow the demo's past after it was made, then keep its healthy stores moving."""
    return history.tend()
