"""When a delivery that failed is tried again, and when a webhook is given up. Pure."""

import datetime as dt

#: waits after each attempt; ten attempts within about a day
WAITS = tuple(
    dt.timedelta(seconds=seconds) for seconds in (10, 60, 300, 900, 3_600, 7_200, 14_400, 28_800, 28_800)
)
MOST_ATTEMPTS = len(WAITS) + 1
JITTER = 0.25  # of the wait, to either side
LONGEST_FAILURE = dt.timedelta(days=3)  # without one delivery: it is switched off
LONGEST_ASKED = dt.timedelta(hours=1)  # a receiver may ask to be left alone for as long (Retry-After)


def wait(attempts: int, chance: float) -> dt.timedelta | None:
    """How long after so many attempts; None: no more. `chance` (0..1) spreads retries of many deliveries."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return WAITS[max(attempts, 1) - 1] * (1 - JITTER + 2 * JITTER * chance)


def asked_wait(header: str) -> dt.timedelta:
    """What a `Retry-After` in seconds asks for, within reason; nothing for what cannot be read."""
    seconds = int(header) if header.isascii() and header.isdigit() and len(header) < 10 else 0
    return min(dt.timedelta(seconds=seconds), LONGEST_ASKED)
