"""When to crawl: the grid of a schedule, back-off and jitter, the circuit breaker."""

from datetime import UTC, datetime, timedelta

import pytest

from catalog.connections.models import Schedule
from catalog.crawling.schedule import (
    BREAKS_AFTER,
    LONGEST_PAUSE,
    MOST_ATTEMPTS,
    Circuit,
    after_failure,
    after_success,
    next_due,
    retry_delay,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def test_every_schedule_but_the_manual_one_has_an_interval() -> None:
    assert [name for name in Schedule if name.interval is None] == [Schedule.MANUAL]


@pytest.mark.parametrize(
    ("was_due", "expected"),
    [
        (None, NOW + HOUR),
        (NOW, NOW + HOUR),
        (NOW - 10 * MINUTE, NOW + 50 * MINUTE),  # ten minutes late: the grid stays
        (NOW - 72 * HOUR - MINUTE, NOW + 59 * MINUTE),  # three days of silence: one run, not 72
        (NOW + 5 * MINUTE, NOW + HOUR),
    ],
)
def test_next_time_keeps_the_grid(was_due: datetime | None, expected: datetime) -> None:
    assert next_due(Schedule.HOURLY, was_due, NOW) == expected


def test_manual_connection_is_never_due() -> None:
    assert next_due(Schedule.MANUAL, NOW, NOW) is None


@pytest.mark.parametrize(
    "code", ["refused", "not_allowed", "malformed", "too_large", "unsupported", "gone", ""]
)
def test_what_will_not_mend_is_not_retried(code: str) -> None:
    assert retry_delay(code, 1, 0.5) is None


@pytest.mark.parametrize(("attempt", "minutes"), [(1, 1), (2, 4), (3, 16)])
def test_retries_wait_longer_each_time_and_are_spread(attempt: int, minutes: int) -> None:
    assert retry_delay("unreachable", attempt, 1.0) == minutes * MINUTE
    assert retry_delay("unreachable", attempt, 0.0) == minutes * MINUTE / 2


def test_retries_end() -> None:
    assert retry_delay("unreachable", MOST_ATTEMPTS, 0.5) is None


def test_circuit_opens_at_the_fifth_failure_and_stays_open_longer_each_time() -> None:
    circuit = Circuit()
    pauses = []
    for _ in range(40):
        circuit = after_failure(circuit, NOW)
        pauses.append(circuit.open_until - NOW if circuit.open_until else None)
    assert pauses[: BREAKS_AFTER - 1] == [None] * (BREAKS_AFTER - 1)
    assert pauses[BREAKS_AFTER - 1 : BREAKS_AFTER + 2] == [15 * MINUTE, 30 * MINUTE, 60 * MINUTE]
    assert pauses[-1] == LONGEST_PAUSE
    assert circuit.is_open(NOW)
    assert not circuit.is_open(NOW + LONGEST_PAUSE)
    assert after_success() == Circuit()
