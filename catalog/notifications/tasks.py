"""Celery's way into notifications. Messages are only doorbells for rows: lost, late or doubled ones do no harm."""

from datetime import timedelta

from celery import shared_task

from catalog.notifications import mailing, searches, sources, telling
from catalog.notifications.webhooks import queueing, sending

TICK = timedelta(seconds=30)
DELIVERY_TICK = timedelta(seconds=10)
PERIODIC = {
    "catalog.notifications.deliver": DELIVERY_TICK,
    "catalog.notifications.fan_out": TICK,
    "catalog.notifications.send_mail": TICK,
    "catalog.notifications.look_after_sources": timedelta(minutes=5),
    "catalog.notifications.check_searches": timedelta(minutes=1),
}


@shared_task(name="catalog.notifications.fan_out", time_limit=600, soft_time_limit=540)
def fan_out() -> int:
    """Tell the notices that wait to the people they concern."""
    return telling.fan_out_waiting()


@shared_task(name="catalog.notifications.send_mail", time_limit=900, soft_time_limit=840)
def send_mail() -> int:
    """Send the e-mail that is due, one message a person; twice at a time does no harm."""
    return mailing.send_due()


@shared_task(name="catalog.notifications.look_after_sources", time_limit=300, soft_time_limit=270)
def look_after_sources() -> int:
    """Tell of stores that could not be read for a while, once each time."""
    return sources.look_after_sources()


@shared_task(name="catalog.notifications.check_searches", time_limit=600, soft_time_limit=540)
def check_searches() -> int:
    """Ask the watched searches that are due again, and tell of what they did not find before."""
    return searches.check_due()


@shared_task(name="catalog.notifications.deliver", time_limit=300, soft_time_limit=270)
def deliver() -> int:
    """Send to webhooks what is new in the feed and what is to be tried again."""
    queueing.queue_new()
    return sending.send_due()


def ring_for_notice() -> None:
    """Send a doorbell; one nobody answers is void when the clock rings anyway."""
    fan_out.apply_async(expires=TICK.total_seconds(), retry=False)


def ring_for_mail() -> None:
    """The same for e-mail."""
    send_mail.apply_async(expires=TICK.total_seconds(), retry=False)


def ring_for_deliveries() -> None:
    """The same for webhooks."""
    deliver.apply_async(expires=DELIVERY_TICK.total_seconds(), retry=False)
