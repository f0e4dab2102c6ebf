"""Celery's way into notifications. Messages are only doorbells for rows: lost, late or doubled ones do no harm."""

from datetime import timedelta

from celery import shared_task

from catalog.notifications import telling

TICK = timedelta(seconds=30)
PERIODIC = {
    "catalog.notifications.fan_out": TICK,
}


@shared_task(name="catalog.notifications.fan_out", time_limit=600, soft_time_limit=540)
def fan_out() -> int:
    """Tell the notices that wait to the people they concern."""
    return telling.fan_out_waiting()


def ring() -> None:
    """Send a doorbell; one nobody answers is void when the clock rings anyway."""
    fan_out.apply_async(expires=TICK.total_seconds(), retry=False)
