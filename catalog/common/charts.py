"""Geometry of the small charts; templates draw it as SVG with a text twin. No Django, no colours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalog.common.humanise import compact


@dataclass(frozen=True, slots=True)
class Sparkline:
    """`segments` are SVG `points` of unbroken runs (gaps where values are None); `twin` says it in words."""

    width: int
    height: int
    segments: list[str]
    last: tuple[float, float] | None
    twin: str


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Histogram:
    width: int
    height: int
    bars: list[Bar]
    twin: str


def sparkline(values: Sequence[float | None], width: int = 96, height: int = 20) -> Sparkline:
    """A line over equally spaced values, oldest first; the scale runs from the least to the largest value."""
    known = [value for value in values if value is not None]
    if not known:
        return Sparkline(width, height, [], None, "no values")
    low, high = min(known), max(known)
    step = width / max(len(values) - 1, 1)
    inner, pad = height - 4, 2

    def y(value: float) -> float:
        return round(pad + inner / 2 if high == low else pad + inner * (1 - (value - low) / (high - low)), 1)

    segments: list[str] = []
    run: list[tuple[float, float]] = []
    last = None
    for place, value in enumerate([*values, None]):
        if value is None:
            if len(run) > 1:
                segments.append(" ".join(f"{x},{point}" for x, point in run))
            run = []
        else:
            last = (round(place * step, 1), y(value))
            run.append(last)
    twin = f"{len(known)} values, from {compact(low)} to {compact(high)}, last {compact(known[-1])}"
    return Sparkline(width, height, segments, last, twin)


def _edge(value: float | str) -> str:
    """The edge of a bin as words: figures short, times as they are kept (ISO text) to the minute."""
    return value[:16].replace("T", " ") if isinstance(value, str) else compact(value)


def histogram(bins: Sequence[Sequence[Any]], width: int = 120, height: int = 28) -> Histogram:
    """Bars for `[[from, to, rows], ...]` of equal drawn width; a bin that holds anything is at least 1 px high."""
    if not bins:
        return Histogram(width, height, [], "no values")
    top = max(rows for _, _, rows in bins) or 1
    step = width / len(bins)
    gap = 1 if step >= 3 else 0
    bars = []
    for place, (start, end, rows) in enumerate(bins):
        tall = max(1.0, round(height * rows / top, 1)) if rows else 0.0
        title = f"{_edge(start)} to {_edge(end)}: {compact(rows)} rows"
        bars.append(Bar(round(place * step, 2), round(height - tall, 1), round(step - gap, 2), tall, title))
    fullest = max(bins, key=lambda item: item[2])
    twin = (
        f"{len(bins)} bins from {_edge(bins[0][0])} to {_edge(bins[-1][1])}, "
        f"most rows between {_edge(fullest[0])} and {_edge(fullest[1])}"
    )
    return Histogram(width, height, bars, twin)
