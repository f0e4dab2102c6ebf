"""The Celery application: `celery -A meshportal.celery worker`, `… beat`.

A job is a row; a message is only the doorbell that says "look at the row". So every task takes ids, may run twice,
and what nobody rang for is found by the periodic tasks. Each feature's `tasks.py` declares its own in
`PERIODIC: dict[str, timedelta]` (task name -> how often); `beat_schedule` collects them.
"""

import logging
import os
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from celery import Celery, Task
from celery.signals import setup_logging, task_failure, task_unknown, worker_init, worker_ready
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from catalog.common import log_context
from meshportal import beat, errors, journal, memory

os.umask(0o077)  # as in wsgi.py
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meshportal.settings")

# Celery warns of root because pickled messages could run code; this application accepts JSON only.
warnings.filterwarnings("ignore", message="\\s*You're running the worker with superuser privileges")

log = logging.getLogger(__name__)

HEARTBEAT_KEY = "worker-heartbeat"
HEARTBEAT_EVERY = timedelta(seconds=20)
HEARTBEAT = "meshportal.heartbeat"
_has_beaten = False
RETENTION, RETENTION_EVERY = "meshportal.apply_retention", timedelta(hours=6)


class PortalTask(Task):  # type: ignore[type-arg]  # generic for the type checker only
    """Every task: its log lines carry its id; one whose worker died over it is not tried a second time.

    The broker gives such a message to the next worker, which would die as well, for ever. The row it rang for is
    still there, and found by the clock.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.id is None:  # called as a function
            return super().__call__(*args, **kwargs)
        if (self.request.delivery_info or {}).get("redelivered"):
            log.warning("%s was with a worker that is gone; its message is dropped", self.name)
            sentence = f"A worker ended while it did {self.name}. That message was not tried a second time."
            journal.note(Path(settings.DATA_DIR), "worker", sentence)
            return None
        with log_context.carrying(task_id=self.request.id):
            return super().__call__(*args, **kwargs)


app = Celery("meshportal", task_cls=PortalTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["catalog", "lineage"])


@app.task(name=HEARTBEAT, expires=HEARTBEAT_EVERY.total_seconds())
def heartbeat() -> None:
    """Leave the time in the cache: beat, broker, worker and cache are all alive when it is recent.

    A time that is gone though this process left one tells that somebody emptied the cache.
    """
    global _has_beaten  # of this process
    was_there = cache.get(HEARTBEAT_KEY) is not None
    cache.set(HEARTBEAT_KEY, timezone.now(), timeout=3600)
    is_there = cache.get(HEARTBEAT_KEY) is not None  # no: the cache is away
    if is_there and _has_beaten and not was_there:
        sentence = (
            "The cache and broker was emptied or started anew. It holds nothing that is not made again."
        )
        journal.note(Path(settings.DATA_DIR), "cache", sentence)
    _has_beaten = _has_beaten or is_there


@app.task(name=RETENTION, time_limit=1_700, soft_time_limit=1_600)
def apply_retention() -> dict[str, int]:
    """Delete the rows that are kept no longer, in small transactions."""
    from meshportal import retention  # it needs the models, which are not loaded yet when this module is

    return retention.apply()


@setup_logging.connect
def keep_logging(**_: Any) -> None:
    """Somebody listens, so Celery leaves the logging as the settings made it: one format, no line twice."""


@task_failure.connect
def note_failure(sender: Any, exception: BaseException, **_: Any) -> None:
    """For the operations page: which task raised what; the log has the rest."""
    if errors.is_away(exception):
        errors.away(exception)
        return
    sentence = f"The task {sender.name} failed ({type(exception).__name__}); see the log. The others went on."
    journal.note_rarely(Path(settings.DATA_DIR), "worker", sentence)


@task_unknown.connect
def note_unknown(**_: Any) -> None:
    """For the operations page; the name is the sender's own words, which stand in the log."""
    sentence = "A message asked for a task that there is not; it was dropped. See the log."
    journal.note_rarely(Path(settings.DATA_DIR), "worker", sentence)


@worker_init.connect
def refuse_unfit_host(**_: Any) -> None:
    """A worker that would fill an index nobody else sees must not take work from one that may."""
    django.setup()
    from meshportal.hosts import end_on_unfit_host

    end_on_unfit_host()


@worker_ready.connect
def say_ready(sender: Any, **_: Any) -> None:
    """The first sign of life does not wait for the clock; from now on memory and clock are watched."""
    heartbeat()
    memory.watch(settings.WORKER_MEBIBYTES, Path(settings.DATA_DIR))
    beat.watch(sender.controller, Path(settings.DATA_DIR))


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Beat's entries: the heartbeat and every feature's PERIODIC. Raises ValueError when a name stands twice."""
    import catalog.tasks
    import lineage.tasks

    periods = {HEARTBEAT: HEARTBEAT_EVERY, RETENTION: RETENTION_EVERY}
    for module in (*catalog.tasks.modules, lineage.tasks):
        for name, every in getattr(module, "PERIODIC", {}).items():
            if name in periods:
                raise ValueError(f"The periodic task {name} is declared twice.")
            periods[name] = every
    # A tick that could not run before the next one is due is dropped, so that none pile up while no worker runs.
    return {
        name: {"task": name, "schedule": every, "options": {"expires": every.total_seconds()}}
        for name, every in periods.items()
    }


@app.on_after_finalize.connect
def set_beat_schedule(sender: Celery, **_: Any) -> None:
    sender.conf.beat_schedule = beat_schedule()
