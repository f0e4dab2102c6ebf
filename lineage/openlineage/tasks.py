"""Celery's way into projection. The waiting rows are the job; a message only says "look"."""

import logging
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

from celery import shared_task
from celery.signals import worker_ready
from django.core.cache import cache

from lineage.openlineage import projecting

log = logging.getLogger(__name__)

PROJECT = "lineage.project_events"
TICK = timedelta(seconds=10)
PERIODIC = {PROJECT: TICK}
LONGEST = 600  # seconds of one message
_ONE_AT_A_TIME, _HELD = "lineage-projector", 30  # seconds after which a dead worker no longer holds it
_AGAIN = 2  # seconds after the last events, for those that came while nobody rang
_RUNG_EVERY = 1.0  # seconds, in each process
_silent_until = 0.0  # by time.monotonic()


@shared_task(name=PROJECT, time_limit=LONGEST + 60, soft_time_limit=LONGEST + 30)
def project_events() -> int:
    """Project what waits, until nothing does. One worker at a time; two would only wait for each other."""
    holder = uuid4().hex
    if not cache.add(_ONE_AT_A_TIME, holder, timeout=_HELD):
        return 0
    done, ends_at = 0, time.monotonic() + LONGEST
    try:
        while time.monotonic() < ends_at and (some := projecting.project_waiting()):
            done += some
            cache.touch(_ONE_AT_A_TIME, timeout=_HELD)
    finally:
        if cache.get(_ONE_AT_A_TIME) == holder:
            cache.delete(_ONE_AT_A_TIME)
    if done:
        project_events.apply_async(countdown=_AGAIN, expires=_AGAIN + TICK.total_seconds(), retry=False)
    return done


def ring() -> None:
    """Ask for a projection soon, at most once a second; what nobody rang for is found by the clock."""
    global _silent_until
    now = time.monotonic()
    if now < _silent_until:
        return
    _silent_until = now + _RUNG_EVERY
    try:
        project_events.apply_async(expires=TICK.total_seconds(), retry=False)
    except Exception as error:  # whatever the broker's client raises while it is away
        _silent_until = now + TICK.total_seconds()
        log.warning("No worker could be rung for lineage events (%s); beat will", type(error).__name__)


@worker_ready.connect
def look_at_once(**_: Any) -> None:
    """What a worker left when it was killed need not wait for the clock."""
    ring()
