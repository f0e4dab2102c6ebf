"""Days in addresses: `?at=2026-03-01` is the end of that day in UTC, so that what was made on the day is there."""

import re
from datetime import UTC, date, datetime, timedelta

from django.utils import timezone

from catalog.common.errors import Problem

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_day(raw: str, name: str, problems: list[Problem]) -> date | None:
    """The day `raw` names; None for nothing and for today, which is shown as now. Adds to `problems`."""
    if not raw:
        return None
    try:
        day = date.fromisoformat(raw) if _DAY.fullmatch(raw) else None
    except ValueError:
        day = None
    today = timezone.now().astimezone(UTC).date()
    if day is None or day.year < 1990 or day > today:
        problems.append(Problem(name, "date", "Give a day that has begun, as 2026-03-01."))
        return None
    return None if day == today else day


def end_of(day: date | None) -> datetime | None:
    """The last moment of the day; None stays None, which is now."""
    if day is None:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, microseconds=-1)
