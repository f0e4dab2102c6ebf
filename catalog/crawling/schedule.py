"""When to crawl: intervals, retries with back-off and jitter, the circuit breaker. Pure; times and chance are given."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.connections.models import Schedule

# Worth another try soon: the source may answer next time. A refusal, a forbidden address or a damaged file will not
# mend by itself within minutes; those wait for the schedule or a person.
RETRYABLE = frozenset({"unreachable", "too_slow", "worker_lost", "internal"})
MOST_ATTEMPTS = 4
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(minutes=30)

BREAKS_AFTER = 5  # failed runs in a row
FIRST_PAUSE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=24)


def next_due(schedule: str, was_due: datetime | None, now: datetime) -> datetime | None:
    """The next time on the grid the schedule began: late runs do not shift it, missed ones are not made up for.

    None when the connection is crawled only on request.
    """
    interval = Schedule(schedule).interval
    if interval is None:
        return None
    if was_due is None or was_due > now:
        return now + interval
    return was_due + interval * ((now - was_due) // interval + 1)


def retry_delay(error_code: str, attempt: int, chance: float) -> timedelta | None:
    """How long to wait before attempt `attempt + 1`; None when it is not worth trying or was tried enough.

    Four times as long each time, up to `LONGEST_DELAY`; `chance` (0..1) spreads it between half and the whole, so
    that sources that failed together are not asked again together.
    """
    if error_code not in RETRYABLE or attempt >= MOST_ATTEMPTS:
        return None
    delay: timedelta = min(FIRST_DELAY * 4 ** max(attempt - 1, 0), LONGEST_DELAY)
    return delay * (0.5 + chance / 2)


@dataclass(frozen=True, slots=True)
class Circuit:
    """The state of a source: how often it failed in a row, and until when it is left alone."""

    failures_in_row: int = 0
    open_until: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        return self.open_until is not None and now < self.open_until


def after_success() -> Circuit:
    return Circuit()


def after_failure(circuit: Circuit, now: datetime) -> Circuit:
    """From the fifth failure in a row on the source is left alone, each time twice as long, a day at most.

    When the pause is over one run is let through: it closes the circuit or opens it anew. A person who asks for a
    crawl is always let through.
    """
    failures = circuit.failures_in_row + 1
    if failures < BREAKS_AFTER:
        return Circuit(failures, None)
    doublings = min(failures - BREAKS_AFTER, 10)
    return Circuit(failures, now + min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE))
