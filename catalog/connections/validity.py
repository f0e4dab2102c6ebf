"""How long a measurement may be shown as current."""

from datetime import timedelta

from catalog.connections.models import Schedule


def counts_as_fresh(schedule: str) -> timedelta:
    """Two intervals of the schedule and an hour, so that one missed crawl is forgiven; two days without a schedule."""
    interval = Schedule(schedule).interval
    return timedelta(days=2) if interval is None else 2 * interval + timedelta(hours=1)
