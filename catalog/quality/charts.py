"""Geometry of a check's pictures: the strip of newest results, and how many rows failed over time. Pure."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

STRIP = 20  # results
WIDTH, HEIGHT = 720, 140
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 8, 10, 22
MEANINGS = {"passed": "good", "failed": "bad", "error": "warning"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One result in the strip."""

    at: dt.datetime
    outcome: str
    failed_rows: int | None

    @property
    def meaning(self) -> str:
        return MEANINGS.get(self.outcome, "unknown")

    @property
    def words(self) -> str:
        rows = "" if not self.failed_rows else f", {self.failed_rows:,} rows"
        return f"{self.at:%-d %B %H:%M}: {self.outcome}{rows}"


@dataclass(frozen=True, slots=True)
class Bar:
    """A measured value: where its bar stands, how tall it is, and what it means."""

    x: float
    y: float
    width: float
    height: float
    meaning: str
    words: str


@dataclass(frozen=True, slots=True)
class Bars:
    """SVG geometry of a row of bars, the oldest to the left, with the words that say the same."""

    bars: tuple[Bar, ...]
    marks: tuple[tuple[float, str], ...]  # y, words
    dates: tuple[tuple[float, str], ...]  # x, words
    twin: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT


def bars(results: Sequence[tuple[dt.datetime, str, float | None]]) -> Bars:
    """`results` (moment, outcome, value), the oldest first; what has no value is a low mark."""
    values = [value for *_, value in results if value is not None]
    top = max([*values, 1.0])
    inner, floor = HEIGHT - _TOP - _BOTTOM, HEIGHT - _BOTTOM
    step = (WIDTH - _LEFT - _RIGHT) / max(len(results), 12)
    drawn = []
    for place, (at, outcome, value) in enumerate(results):
        tall = max(2.0, round(inner * max(value or 0.0, 0.0) / top, 1))
        said = f"{at:%-d %B %H:%M}: {outcome}" + ("" if value is None else f", {value:,.6g}")
        meaning = MEANINGS.get(outcome, "unknown")
        x = round(_LEFT + place * step, 1)
        drawn.append(Bar(x, round(floor - tall, 1), round(step * 0.7, 1), tall, meaning, said))
    shown = range(0, len(results), max(len(results) // 4, 1))
    return Bars(
        tuple(drawn),
        ((float(_TOP), f"{top:,.4g}"), (float(floor), "0")),
        tuple((round(_LEFT + place * step, 1), f"{results[place][0]:%-d %b}") for place in shown),
        _twin(results, values),
    )


def _twin(results: Sequence[tuple[dt.datetime, str, float | None]], values: Sequence[float]) -> str:
    if not results:
        return "nothing measured"
    failed = sum(outcome == "failed" for _, outcome, _ in results)
    text = f"{failed} of the last {len(results)} results failed"
    return (
        text
        if not values
        else f"{text}; values from {min(values):,.6g} to {max(values):,.6g}, last {values[-1]:,.6g}"
    )
