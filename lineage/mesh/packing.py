"""Putting boxes into columns so that data flows from left to right. Pure computing, no Django.

The order of the boxes is that of Eades, Lin and Smyth (1993, "A fast and effective heuristic for the feedback arc
set problem"), with weights: what feeds others first, what is fed last, little weight backwards. The order is cut into
columns; the number of columns is the one that leaves the largest scale in a window of the wanted shape.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
Size = tuple[float, float]
Weights = Mapping[tuple[K, K], int]

SWEEPS = 4
BISECTIONS = 10


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle by its left upper corner, in units of the map."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    def moved(self, x: float, y: float) -> "Rect":
        return Rect(self.x + x, self.y + y, self.width, self.height)


@dataclass(frozen=True, slots=True)
class Column:
    """A column's span and the heights at which a line can pass between its boxes."""

    left: float
    right: float
    gaps: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Packed(Generic[K]):
    rects: dict[K, Rect]
    column_of: dict[K, int]
    columns: list[Column]
    width: float
    height: float


Rows = list[list[K]]  # one column: rows of boxes side by side


def flow_order(keys: Sequence[K], weights: Weights[K]) -> list[K]:
    """`keys` so that little weight leads backwards; unconnected ones last, in the order they came."""
    out: dict[K, dict[K, int]] = {key: {} for key in keys}
    into: dict[K, dict[K, int]] = {key: {} for key in keys}
    for (up, down), weight in weights.items():
        if up != down and up in out and down in out:
            out[up][down] = weight
            into[down][up] = weight
    left: list[K] = []
    right: list[K] = []
    remaining = dict.fromkeys(key for key in keys if out[key] or into[key])
    alone = [key for key in keys if key not in remaining]

    def take(key: K) -> None:
        del remaining[key]
        for down in out[key]:
            into[down].pop(key, None)
        for up in into[key]:
            out[up].pop(key, None)

    while remaining:
        if sinks := [key for key in remaining if not out[key]]:
            right.append(sinks[-1])
            take(sinks[-1])
        elif sources := [key for key in remaining if not into[key]]:
            left.append(sources[0])
            take(sources[0])
        else:
            chosen = max(remaining, key=lambda key: sum(out[key].values()) - sum(into[key].values()))
            left.append(chosen)
            take(chosen)
    return [*left, *reversed(right), *alone]


def pack(
    sizes: Mapping[K, Size], weights: Weights[K], *, gap_x: float, gap_y: float, aspect: float
) -> Packed[K]:
    """Columns of the boxes in `sizes` (key -> width, height); depends on nothing but the input and its order."""
    if not sizes:
        return Packed({}, {}, [], 0.0, 0.0)
    order = flow_order(list(sizes), weights)
    candidates = []
    for count in _counts(sizes, aspect):
        columns = _split(order, sizes, count, gap_x, gap_y)
        width = sum(_width(column, sizes, gap_x) for column in columns) + gap_x * (len(columns) - 1)
        height = max(_height(column, sizes, gap_y) for column in columns)
        candidates.append((max(width, height * aspect), count, columns))
    columns = min(candidates, key=lambda candidate: candidate[:2])[2]
    _near_neighbours(columns, weights)
    return _placed(columns, sizes, gap_x, gap_y)


def _counts(sizes: Mapping[K, Size], aspect: float) -> list[int]:
    """Numbers of columns worth trying: around that of a square packing without loss."""
    area = sum(width * height for width, height in sizes.values())
    width = sum(width for width, _ in sizes.values()) / len(sizes)
    likely = max((area * aspect) ** 0.5 / width, 1.0)
    return sorted({min(max(round(likely * share / 8), 1), len(sizes)) for share in range(5, 17)})


def _width(column: Rows[K], sizes: Mapping[K, Size], gap: float) -> float:
    return max(sum(sizes[key][0] for key in row) + gap * (len(row) - 1) for row in column)


def _height(column: Rows[K], sizes: Mapping[K, Size], gap: float) -> float:
    return sum(max(sizes[key][1] for key in row) for row in column) + gap * (len(column) - 1)


def _shelves(keys: Sequence[K], sizes: Mapping[K, Size], gap: float) -> Rows[K]:
    """Rows of boxes as wide as the widest box (and a little more, so that two halves and a gap fit below a whole)."""
    widest = max(sizes[key][0] for key in keys)
    limit = widest * 1.02 + gap
    rows: Rows[K] = []
    used = limit
    for key in keys:
        width = sizes[key][0]
        if rows and used + gap + width <= limit:
            rows[-1].append(key)
            used += gap + width
        else:
            rows.append([key])
            used = width
    return rows


def _split(order: list[K], sizes: Mapping[K, Size], count: int, gap_x: float, gap_y: float) -> list[Rows[K]]:
    """At most `count` columns, as low as bisection finds them."""

    def filled(limit: float) -> list[Rows[K]]:
        columns: list[Rows[K]] = []
        members: list[K] = []
        for key in order:
            if members and _height(_shelves([*members, key], sizes, gap_x), sizes, gap_y) > limit:
                columns.append(_shelves(members, sizes, gap_x))
                members = []
            members.append(key)
        return [*columns, _shelves(members, sizes, gap_x)]

    low = max(height for _, height in sizes.values())
    high = sum(height for _, height in sizes.values()) + gap_y * len(sizes)
    best = filled(high)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        columns = filled(middle)
        if len(columns) <= count:
            best, high = columns, middle
        else:
            low = middle
    return best


def _near_neighbours(columns: list[Rows[K]], weights: Weights[K]) -> None:
    """Order the rows of each column by the weighted middle of what they are connected to in other columns."""
    place = {
        key: (number + 0.5) / len(column)
        for column in columns
        for number, row in enumerate(column)
        for key in row
    }
    near: dict[K, list[tuple[K, int]]] = {key: [] for key in place}
    for (up, down), weight in weights.items():
        if up in near and down in near:
            near[up].append((down, weight))
            near[down].append((up, weight))

    def wanted(row: list[K]) -> float:
        found = [(place[other], weight) for key in row for other, weight in near[key] if other not in row]
        total = sum(weight for _, weight in found)
        return sum(at * weight for at, weight in found) / total if total else place[row[0]]

    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            column.sort(key=wanted)
            place.update(
                {key: (number + 0.5) / len(column) for number, row in enumerate(column) for key in row}
            )


def _placed(columns: list[Rows[K]], sizes: Mapping[K, Size], gap_x: float, gap_y: float) -> Packed[K]:
    height = max(_height(column, sizes, gap_y) for column in columns)
    rects: dict[K, Rect] = {}
    column_of: dict[K, int] = {}
    spans: list[Column] = []
    x = 0.0
    for number, column in enumerate(columns):
        width = _width(column, sizes, gap_x)
        y = (height - _height(column, sizes, gap_y)) / 2
        edges = [y]
        for row in column:
            at = x
            for key in row:
                rects[key] = Rect(at, y, *sizes[key])
                column_of[key] = number
                at += sizes[key][0] + gap_x
            y += max(sizes[key][1] for key in row) + gap_y
            edges.append(y)
        gaps = [edge - gap_y / 2 for edge in edges]
        spans.append(Column(x, x + width, tuple(gaps)))
        x += width + gap_x
    return Packed(rects, column_of, spans, x - gap_x, height)


Ends = tuple[K, K]


def routes(
    packed: Packed[K], pairs: Sequence[Ends[K]], gap: float
) -> dict[Ends[K], list[tuple[float, float]]]:
    """A way for each pair: out of one box, between the boxes of the columns on the way, into the other.

    Ways that share a side of a box leave it spread along the side, in the order of where they lead.
    """
    ends: dict[tuple[K, str], list[Ends[K]]] = {}
    for pair in pairs:
        for key, side in zip(pair, _sides(packed, pair), strict=True):
            ends.setdefault((key, side), []).append(pair)
    at: dict[tuple[K, Ends[K]], float] = {}
    for (key, _), sharing in ends.items():
        rect = packed.rects[key]
        sharing.sort(key=lambda pair: packed.rects[pair[1] if pair[0] == key else pair[0]].middle[1])
        for number, pair in enumerate(sharing, 1):
            at[key, pair] = rect.y + rect.height * number / (len(sharing) + 1)
    return {pair: _way(packed, pair, at[pair[0], pair], at[pair[1], pair], gap) for pair in pairs}


def _sides(packed: Packed[K], pair: Ends[K]) -> tuple[str, str]:
    up, down = packed.rects[pair[0]], packed.rects[pair[1]]
    if up.right <= down.x:
        return "right", "left"
    if down.right <= up.x:
        return "left", "right"
    return "right", "right"


def _way(packed: Packed[K], pair: Ends[K], start: float, end: float, gap: float) -> list[tuple[float, float]]:
    up, down = (packed.rects[key] for key in pair)
    first, second = _sides(packed, pair)
    out_x = up.right if first == "right" else up.x
    in_x = down.right if second == "right" else down.x
    if first == second:  # one above the other: around by the gutter
        x = max(up.right, down.right) + gap * 0.8
        return [(out_x, start), (x, (start + end) / 2), (in_x, end)]
    a, b = packed.column_of[pair[0]], packed.column_of[pair[1]]
    step = 1 if a < b else -1
    points = [(out_x, start)]
    for number in range(a + step, b, step):
        column = packed.columns[number]
        sides = (column.left, column.right) if step > 0 else (column.right, column.left)
        straight = start + (end - start) * (sides[0] - out_x) / ((in_x - out_x) or 1.0)
        y = min(column.gaps, key=lambda at: abs(at - straight))
        points += [(sides[0], y), (sides[1], y)]
    return [*points, (in_x, end)]


def smooth(points: Sequence[tuple[float, float]]) -> str:
    """An SVG path through `points`: level along a column, bent between columns; rounded to whole units."""
    parts = [f"M{points[0][0]:.0f} {points[0][1]:.0f}"]
    if len(points) == 3:  # around by the gutter; two points and gaps always come in pairs
        (_, start), (x, _), (in_x, end) = points
        return f"{parts[0]}C{x:.0f} {start:.0f} {x:.0f} {end:.0f} {in_x:.0f} {end:.0f}"
    for (x1, y1), (x2, y2) in pairwise(points):
        if x1 == x2 or y1 == y2:
            parts.append(f"L{x2:.0f} {y2:.0f}")
        else:
            middle = (x1 + x2) / 2
            parts.append(f"C{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f} {x2:.0f} {y2:.0f}")
    return "".join(parts)
