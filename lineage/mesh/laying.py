"""Laying out the areas: each container packs what is inside it, from the innermost out; then places are handed down.

Heads and gaps must be readable when the whole map is seen, so they are sized for that scale, which depends on them:
the layout is made a few times. Nothing here asks the database.
"""

from collections import Counter
from dataclasses import dataclass
from math import ceil, log2, sqrt

from lineage.mesh.areas import OWN, WHOLE, Area, Flow, Local
from lineage.mesh.packing import Packed, Rect, Size, pack, routes, smooth

CELL_WIDTH, CELL_HEIGHT = 184.0, 64.0  # a product
GAP_X, GAP_Y = 30.0, 12.0
PITCH_X, PITCH_Y = CELL_WIDTH + GAP_X, CELL_HEIGHT + GAP_Y
WINDOW_WIDTH, WINDOW_HEIGHT = 1360.0, 660.0  # pixels the whole map is made to be readable in
ASPECT = WINDOW_WIDTH / WINDOW_HEIGHT
FLOWS_DRAWN = 80  # the strongest at once
FLOWS_DELIVERED = 400  # the others show while one of their areas is pointed at
PASSES = 3
SMALLEST_UNIT = 0.8


@dataclass(slots=True)
class Laid:
    """`unit`: how many units of the map are one pixel when the whole of it is seen in a wide window."""

    width: float
    height: float
    unit: float
    flows: list[Flow]


def lay_out(roots: list[Area], local: Local) -> Laid:
    """Give every area its place; returns the size of the map and the flows with their ways."""
    unit = 1.0
    for _ in range(PASSES):
        laying = _Laying(local, unit)
        width, height = laying.place(roots)
        unit = max(width / WINDOW_WIDTH, height / WINDOW_HEIGHT, SMALLEST_UNIT)
    return Laid(width, height, unit, laying.flows())


def grid_size(products: int) -> tuple[int, int]:
    """Columns and rows for so many products: columns near a power of two, so that areas fit beside each other."""
    if products == 0:
        return 0, 0
    wanted = max(sqrt(1.6 * products * PITCH_Y / PITCH_X), 1.0)
    columns = min(int(2 ** round(log2(wanted))), products)
    rows = ceil(products / columns)
    return ceil(products / rows), rows


def spot(place: int, products: int) -> tuple[float, float]:
    """Where product number `place` of so many lies in its area's grid: columns are filled from the left."""
    _, rows = grid_size(products)
    column, row = divmod(place, rows)
    return column * PITCH_X, row * PITCH_Y


def _grid_pixels(products: int) -> Size:
    columns, rows = grid_size(products)
    return columns * PITCH_X - GAP_X, rows * PITCH_Y - GAP_Y


class _Laying:
    """One pass, heads and gaps sized for `unit`."""

    def __init__(self, local: Local, unit: float) -> None:
        self.local, self.unit = local, unit
        self.packed: dict[int, Packed[int]] = {}
        self.origins: dict[int, tuple[float, float]] = {}
        self.areas: dict[int, Area] = {}
        self.pad = max(12 * unit, 12)

    def place(self, roots: list[Area]) -> Size:
        for root in roots:
            self._number(root)
        sizes = {root.domain.pk: self._measure(root) for root in roots}
        packed = self._pack(WHOLE, sizes)
        margin = 16 * self.unit
        self.origins[WHOLE] = (margin, margin)
        for root in roots:
            self._assign(root, packed.rects[root.domain.pk].moved(margin, margin))
        return packed.width + 2 * margin, packed.height + 2 * margin

    def _number(self, area: Area) -> None:
        self.areas.update((found.domain.pk, found) for found in area.walk())

    def _gap(self, container: int) -> Size:
        """Room for flows between areas: wide outside, narrower inside."""
        if container == WHOLE:
            return max(72 * self.unit, 48), max(26 * self.unit, 22)
        return max(30 * self.unit, 36), max(14 * self.unit, 16)

    def _pack(self, container: int, sizes: dict[int, Size]) -> Packed[int]:
        gap_x, gap_y = self._gap(container)
        weights = self.local.get(container, Counter())
        aspect = ASPECT if container == WHOLE else 1.5
        self.packed[container] = pack(sizes, weights, gap_x=gap_x, gap_y=gap_y, aspect=aspect)
        return self.packed[container]

    def _measure(self, area: Area) -> Size:
        sizes = {OWN: _grid_pixels(area.own_products)} if area.own_products else {}
        sizes |= {child.domain.pk: self._measure(child) for child in area.children}
        packed = self._pack(area.domain.pk, sizes)
        area.head = (30 if area.parent is None else 26) * max(self.unit, 1)
        width = max(packed.width + 2 * self.pad, 110 * self.unit)
        return width, max(area.head + packed.height + self.pad, 44 * self.unit)

    def _assign(self, area: Area, rect: Rect) -> None:
        area.rect = rect
        packed = self.packed[area.domain.pk]
        origin = rect.x + (rect.width - packed.width) / 2, rect.y + area.head
        self.origins[area.domain.pk] = origin
        if OWN in packed.rects:
            area.grid = packed.rects[OWN].moved(*origin)
        for child in area.children:
            self._assign(child, packed.rects[child.domain.pk].moved(*origin))

    def flows(self) -> list[Flow]:
        """The strongest flows, strongest first, with their ways."""
        ranked = sorted(
            (
                (weight, container, pair)
                for container, pairs in self.local.items()
                for pair, weight in pairs.items()
            ),
            key=lambda item: (-item[0], item[1], item[2]),
        )[:FLOWS_DELIVERED]
        made = []
        for container in {container for _, container, _ in ranked}:
            wanted = [pair for _, place, pair in ranked if place == container]
            ways = routes(self.packed[container], wanted, self._gap(container)[0])
            x, y = self.origins[container]
            made += [
                (pair, container, smooth([(at + x, down + y) for at, down in way]))
                for pair, way in ways.items()
            ]
        paths = {(container, pair): path for pair, container, path in made}
        return [
            Flow(
                self._end(container, pair[0]),
                self._end(container, pair[1]),
                weight,
                paths[container, pair],
                place < FLOWS_DRAWN,
                ranked[0][0],
            )
            for place, (weight, container, pair) in enumerate(ranked)
        ]

    def _end(self, container: int, key: int) -> Area:
        return self.areas[container if key == OWN else key]
