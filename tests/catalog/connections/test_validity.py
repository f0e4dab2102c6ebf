"""How long a measurement counts."""

from datetime import timedelta

import pytest

from catalog.connections.models import Schedule
from catalog.connections.validity import counts_as_fresh


@pytest.mark.parametrize("schedule", Schedule)
def test_measurement_outlives_one_missed_crawl_but_not_two(schedule: Schedule) -> None:
    interval = schedule.interval or timedelta(days=1)
    assert 2 * interval <= counts_as_fresh(schedule) < 2 * interval + timedelta(hours=2)
