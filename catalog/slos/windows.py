"""Windows of objectives and the buckets roll-ups are kept in: hours and days of the objective's own time zone. Pure.

Windows begin at the beginning of such an hour or day, so that sums over buckets are the sums over raw measurements.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
_QUARTER = 900  # seconds; no time zone is off by less


class WindowKind(StrEnum):
    """`rolling`: the last so many days. The others: the present week (from Monday), month, quarter or year."""

    ROLLING = "rolling"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_LENGTHS = {WindowKind.WEEK: 7, WindowKind.MONTH: 30, WindowKind.QUARTER: 91, WindowKind.YEAR: 365}
_WORDS = {
    WindowKind.WEEK: "this week",
    WindowKind.MONTH: "this month",
    WindowKind.QUARTER: "this quarter",
    WindowKind.YEAR: "this year",
}


@dataclass(frozen=True, slots=True)
class Window:
    """Over what time an objective is judged. `days` counts for rolling windows only."""

    kind: WindowKind = WindowKind.ROLLING
    days: int = 28
    zone: str = "UTC"

    @property
    def length(self) -> dt.timedelta:
        """How long the window is; calendar windows by their usual length."""
        return dt.timedelta(days=self.days if self.kind == WindowKind.ROLLING else _LENGTHS[self.kind])

    @property
    def words(self) -> str:
        if self.kind != WindowKind.ROLLING:
            return _WORDS[self.kind]
        return "the last day" if self.days == 1 else f"the last {self.days} days"

    def start(self, now: dt.datetime) -> dt.datetime:
        """The first moment that counts at `now` (in UTC): a rolling window is its days and the hour begun."""
        if self.kind == WindowKind.ROLLING:
            return hour_start(self.zone, hour_start(self.zone, now) - dt.timedelta(days=self.days))
        today = now.astimezone(ZoneInfo(self.zone)).date()
        first = {
            WindowKind.WEEK: today - dt.timedelta(days=today.weekday()),
            WindowKind.MONTH: today.replace(day=1),
            WindowKind.QUARTER: today.replace(month=1 + (today.month - 1) // 3 * 3, day=1),
            WindowKind.YEAR: today.replace(month=1, day=1),
        }[self.kind]
        return _midnight(self.zone, first)

    def end(self, now: dt.datetime) -> dt.datetime | None:
        """When a calendar window ends and a new one begins with a full budget; None for rolling ones."""
        if self.kind == WindowKind.ROLLING:
            return None
        later = self.start(now) + self.length + 10 * DAY
        return Window(self.kind, self.days, self.zone).start(later)


def hour_start(zone: str, moment: dt.datetime) -> dt.datetime:
    """The beginning of the local hour `moment` lies in, in UTC."""
    return _from_epoch(_buckets(zone, int(moment.timestamp()) // _QUARTER)[0])


def day_start(zone: str, moment: dt.datetime) -> dt.datetime:
    """Local midnight before `moment`, in UTC."""
    return _from_epoch(_buckets(zone, int(moment.timestamp()) // _QUARTER)[1])


def bucket_starts(zone: str, moment: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """The beginnings of the hour and of the day `moment` is counted in."""
    hour, day = _buckets(zone, int(moment.timestamp()) // _QUARTER)
    return _from_epoch(hour), _from_epoch(day)


def next_day(zone: str, day: dt.datetime) -> dt.datetime:
    """The local midnight after the day that begins at `day`; days of a clock change have 23 or 25 hours."""
    return _midnight(zone, day.astimezone(ZoneInfo(zone)).date() + DAY)


def days_between(zone: str, first: dt.datetime, last: dt.datetime) -> list[dt.datetime]:
    """The beginnings of the local days from the one of `first` to the one of `last`, both included."""
    found = [day_start(zone, first)]
    while (following := next_day(zone, found[-1])) <= last:
        found.append(following)
    return found


@lru_cache(maxsize=50_000)
def _buckets(zone: str, quarter: int) -> tuple[int, int]:
    seconds = quarter * _QUARTER
    local = _from_epoch(seconds).astimezone(ZoneInfo(zone))
    offset = int((local.utcoffset() or dt.timedelta()).total_seconds())
    hour = seconds - (seconds + offset) % 3600
    return hour, int(_midnight(zone, local.date()).timestamp())


def _midnight(zone: str, day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


@lru_cache(maxsize=50_000)
def _from_epoch(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
