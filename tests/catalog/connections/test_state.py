"""What is said of a connection: green only from a success that is not too long ago."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.connections.models import Connection, Schedule
from catalog.connections.selectors import state_of


@pytest.mark.parametrize(
    ("schedule", "hours", "meaning"),
    [
        (Schedule.HOURLY, 2, "good"),
        (Schedule.HOURLY, 4, "unknown"),
        (Schedule.DAILY, 48, "good"),
        (Schedule.MANUAL, 49, "unknown"),
    ],
)
def test_a_success_of_long_ago_is_no_longer_green(schedule: str, hours: int, meaning: str) -> None:
    now = timezone.now()
    connection = Connection(schedule=schedule, checked_at=now - timedelta(hours=hours))
    assert state_of(connection, now).meaning == meaning
