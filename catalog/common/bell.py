"""Ringing for a worker without waiting for a broker that is away: the row is the job, the clock rings as well."""

import logging
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Bell:
    """Rings for a worker. After a ring that failed it rests: whoever writes must not wait for a broker that is away."""

    REST = 30.0  # seconds; the clock rings as often

    def __init__(self, ring: Callable[[], None]) -> None:
        self.ring = ring
        self.rests_until = 0.0

    def press(self) -> None:
        if time.monotonic() < self.rests_until:
            return
        try:
            self.ring()
        except Exception as error:  # whatever the broker's client raises while it is away
            self.rests_until = time.monotonic() + self.REST
            logger.warning("No worker could be rung (%s); the clock will", type(error).__name__)
