"""Geometry of an objective's pictures: the strip of days, the bar of the budget, the curve over time. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from catalog.slos.evaluate import NOTHING, Counts, budget_left
from catalog.slos.windows import DAY, Window, WindowKind, days_between, next_day

STRIP_DAYS = 28
CURVE_WIDTH, CURVE_HEIGHT = 720, 160
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 10, 22


@dataclass(frozen=True, slots=True)
class Day:
    """One local day: what was measured in it, and the budget left at its end (None: nothing in the window)."""

    date: dt.date
    counts: Counts
    left: float | None

    @property
    def meaning(self) -> str:
        if not self.counts.total:
            return "unknown"
        return "good" if not self.counts.bad else "warning" if self.counts.good else "bad"


@dataclass(frozen=True, slots=True)
class Curve:
    """SVG geometry: `segments` of the line, the height of the zero line, and labels at both axes."""

    width: int
    height: int
    segments: tuple[str, ...]
    areas: tuple[str, ...]
    zero_y: float
    marks: tuple[tuple[float, str], ...]  # y, words
    dates: tuple[tuple[float, str], ...]  # x, words
    last: tuple[float, float] | None
    twin: str
    left: int = _LEFT
    right: int = CURVE_WIDTH - _RIGHT


def days_of(
    target: float, window: Window, buckets: Mapping[dt.datetime, Counts], now: dt.datetime, count: int
) -> list[Day]:
    """The last `count` local days, oldest first; `buckets` (day -> counts) must reach one window further back."""
    days = days_between(window.zone, now - (count - 1) * DAY, now)[-count:]
    found = []
    for day in days:
        moment = min(next_day(window.zone, day) - dt.timedelta(seconds=1), now)
        start = window.start(moment)
        if window.kind == WindowKind.ROLLING:
            start = day - (window.days - 1) * DAY - dt.timedelta(hours=2)  # a change of the clock inside
        counts = sum((held for at, held in buckets.items() if start <= at <= day), NOTHING)
        left = budget_left(target, counts) if counts.total else None
        found.append(Day(moment.astimezone(ZoneInfo(window.zone)).date(), buckets.get(day, NOTHING), left))
    return found


def curve(days: Sequence[Day]) -> Curve:
    """The budget left, day by day; from all of it at the top down to where it was lowest, at least to nothing."""
    known = [day.left for day in days if day.left is not None]
    low = max(min([0.0, *known]), -4.0)
    step = (CURVE_WIDTH - _LEFT - _RIGHT) / max(len(days) - 1, 1)
    inner = CURVE_HEIGHT - _TOP - _BOTTOM

    def y(value: float) -> float:
        return round(_TOP + inner * (1 - (max(value, low) - low) / (1 - low)), 1)

    runs: list[list[tuple[float, float]]] = [[]]
    for place, day in enumerate(days):
        if day.left is None:
            runs.append([])
        else:
            runs[-1].append((round(_LEFT + place * step, 1), y(day.left)))
    drawn = [run for run in runs if run]
    floor = y(low)
    areas = tuple(
        " ".join([f"{run[0][0]},{floor}", *(f"{x},{at}" for x, at in run), f"{run[-1][0]},{floor}"])
        for run in drawn
        if len(run) > 1
    )
    levels = [1.0, 0.5, 0.0] + ([low] if low < -0.25 else [])
    shown = range(0, len(days), max(len(days) // 4, 1))
    return Curve(
        CURVE_WIDTH,
        CURVE_HEIGHT,
        tuple(" ".join(f"{x},{at}" for x, at in run) for run in drawn),
        areas,
        y(0.0),
        tuple((y(level), f"{level:.0%}") for level in levels),
        tuple((round(_LEFT + place * step, 1), f"{days[place].date:%-d %b}") for place in shown),
        drawn[-1][-1] if drawn else None,
        _twin(days, known),
    )


def _twin(days: Sequence[Day], known: Sequence[float]) -> str:
    if not known:
        return "nothing measured"
    return (
        f"budget left over {len(days)} days, lowest {min(known):.0%}, "
        f"highest {max(known):.0%}, last {known[-1]:.0%}"
    )


def bar_width(left: float | None, width: int = 72) -> float:
    """How many of `width` pixels of the budget bar are filled."""
    return 0.0 if left is None else round(width * min(max(left, 0.0), 1.0), 1)
