"""Lines of cron as schedules, in UTC: `minute hour day-of-month month day-of-week`. Pure.

As cron does: where both kinds of day are narrowed, a day that fits one of them is enough. Source: crontab(5) of POSIX
and of Vixie's cron, for names, steps and `@daily`.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 100  # characters
_DAYS_LOOKED_AT = 366 * 8 + 1  # the 29th of February may be eight years away
_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_WEEKDAYS = {name: place for place, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_MONTHS = {
    name: place
    for place, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_PIECE = re.compile(
    r"(?P<first>\*|[a-z]{3}|[0-9]{1,2})(-(?P<last>[a-z]{3}|[0-9]{1,2}))?(/(?P<step>[1-9][0-9]?))?\Z"
)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cron:
    """The times a line means."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    is_either: bool  # of day and weekday one is enough

    def after(self, moment: dt.datetime) -> dt.datetime | None:
        """The first time later than `moment`; None when there is none (30 February)."""
        return next((time for time in self._from(moment, 1) if time > moment), None)

    def before(self, moment: dt.datetime) -> dt.datetime | None:
        """The last time not later than `moment`."""
        return next((time for time in self._from(moment, -1) if time <= moment), None)

    def _from(self, moment: dt.datetime, step: int) -> Iterator[dt.datetime]:
        """Times from the day of `moment` on, in order, forwards or backwards."""
        day = moment.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        for _ in range(_DAYS_LOOKED_AT):
            if self._fits(day):
                for hour in self.hours[::step]:
                    for minute in self.minutes[::step]:
                        yield day.replace(hour=hour, minute=minute)
            day += step * _DAY

    def _fits(self, day: dt.datetime) -> bool:
        fits_day, fits_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        of_days = fits_day or fits_weekday if self.is_either else fits_day and fits_weekday
        return day.month in self.months and of_days


@lru_cache(maxsize=2_000)
def parse(line: str) -> Cron:
    """The schedule a line of cron means. Raises ValueError, in words for people, for what is none."""
    text = _NAMED.get(line.strip().lower(), line)
    parts = text.split()
    if len(parts) != 5 or len(line) > LONGEST:
        raise ValueError("A line of cron has five parts, such as 0 20 * * 1-5.")
    try:
        found = Cron(
            minutes=tuple(sorted(_values(parts[0], 0, 59))),
            hours=tuple(sorted(_values(parts[1], 0, 23))),
            days=frozenset(_values(parts[2], 1, 31)),
            months=frozenset(_values(parts[3], 1, 12, _MONTHS)),
            weekdays=frozenset(value % 7 for value in _values(parts[4], 0, 7, _WEEKDAYS)),
            is_either=not parts[2].startswith("*") and not parts[4].startswith("*"),
        )
    except ValueError as error:
        raise ValueError(f"“{line[:LONGEST]}” is no line of cron, such as 0 20 * * 1-5: {error}.") from error
    if found.after(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) is None:
        raise ValueError(f"“{line[:LONGEST]}” means a day that never comes.")
    return found


def _values(part: str, least: int, most: int, names: Mapping[str, int] = {}) -> set[int]:
    """The numbers a part means: `*`, `5`, `mon-fri`, `*/15`, and several of them with commas between."""
    found: set[int] = set()
    for piece in part.lower().split(","):
        match = _PIECE.match(piece)
        if match is None:
            raise ValueError(f"{piece or 'nothing'} is not understood")
        first, last, step = match["first"], match["last"], match["step"]
        start = least if first == "*" else _number(first, names)
        end = most if first == "*" else _number(last, names) if last else start
        if (
            not least <= start <= end <= most
            or (first == "*" and last)
            or (step and not (last or first == "*"))
        ):
            raise ValueError(f"{piece} is not within {least} and {most}")
        found.update(range(start, end + 1, int(step or 1)))
    return found


def _number(text: str, names: Mapping[str, int]) -> int:
    if text.isdigit():
        return int(text)
    if text not in names:
        raise ValueError(f"{text} is not understood")
    return names[text]


def is_readable(line: str) -> bool:
    """Whether `parse` understands it."""
    try:
        parse(line)
    except ValueError:
        return False
    return True
