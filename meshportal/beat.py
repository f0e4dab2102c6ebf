"""The clock of the periodic work, steady while the wall clock is set: Celery's own waits for times of the old one."""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler
from celery.worker import state
from django.conf import settings

from meshportal import journal
from meshportal.memory import STATUS

log = logging.getLogger(__name__)

JUMP_SECONDS = 5.0  # what the wall clock may gain or lose between two looks without having been set
LOOK_SECONDS = 1.0
STOP_SECONDS = (
    3.0  # a clock that is told to stop may be gone before its worker knows that it is to stop as well
)


class SteadyScheduler(PersistentScheduler):
    """Celery's scheduler; when the wall clock is set, or was set while nothing ran, every wait begins anew.

    A clock set back by a day would otherwise make each task wait for a day, the sign of life among them. Set forward,
    everything is due once, and no more often.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._wall, self._steady = time.time(), time.monotonic()
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        super().setup_schedule()
        self._wait_anew()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        wall, steady = time.time(), time.monotonic()
        jump = (wall - self._wall) - (steady - self._steady)
        self._wall, self._steady = wall, steady
        if abs(jump) > JUMP_SECONDS:
            log.warning("The clock was set %s s; periodic work goes on from now", f"{jump:+.0f}")
            sentence = (
                f"The clock of this host was set {_words(jump)}. Periodic work goes on from the new time."
            )
            journal.note(Path(settings.DATA_DIR), "clock", sentence)
            self._wait_anew()
        pause: float = super().tick(*args, **kwargs)
        return pause

    def _wait_anew(self) -> None:
        """No task ran later than now; the queue of what comes next is made again."""
        for entry in self.schedule.values():
            now = entry.default_now()
            if entry.last_run_at is None or entry.last_run_at > now:
                entry.last_run_at = now
        self._heap = None


def watch(controller: Any, data: Path, end: Callable[[int], None] = os._exit) -> threading.Thread | None:
    """End the worker when the clock inside it has died, so that both are started anew; None where it has none.

    With `--beat` the clock is a child process of the worker, which Celery starts and never looks at again.
    """
    clock = getattr(controller, "beat", None)
    if clock is None:
        return None

    def look() -> None:
        while clock.is_alive():
            time.sleep(LOOK_SECONDS)
        time.sleep(STOP_SECONDS)
        if state.should_stop is not None or state.should_terminate is not None:
            return
        sentence = "The clock of the periodic work died, so the worker ended itself: both are started again."
        log.error(sentence)
        journal.note(data, "clock", sentence)
        end(STATUS)

    thread = threading.Thread(target=look, name="clock", daemon=True)
    thread.start()
    return thread


def _words(jump: float) -> str:
    seconds = abs(jump)
    size = (
        f"{seconds / 3600:.1f} h"
        if seconds >= 3600
        else f"{seconds / 60:.1f} min"
        if seconds >= 60
        else f"{seconds:.0f} s"
    )
    return f"{'forward' if jump > 0 else 'back'} by {size}"
