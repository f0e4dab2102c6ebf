"""Celery's way into tidying up."""

from datetime import timedelta

from celery import shared_task

from catalog.accounts.services import forget_expired

PERIODIC = {"catalog.accounts.forget_expired": timedelta(hours=6)}


@shared_task(name="catalog.accounts.forget_expired", time_limit=300, soft_time_limit=270)
def forget_expired_task() -> dict[str, int]:
    """Sessions, links and wrong sign-ins that are over; running it twice does no harm."""
    return forget_expired()
