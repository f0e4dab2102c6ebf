"""The clock of the periodic work, steady while the wall clock is set: Celery's own waits for times of the old one."""

import logging
import time
from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler
from django.conf import settings

from meshportal import journal

log = logging.getLogger(__name__)

JUMP_SECONDS = 5.0  # what the wall clock may gain or lose between two looks without having been set


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
