"""From a neighbourhood to what the template draws: boxes, rows, curves and the links that open and close nodes."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from catalog.common.addresses import address as address_of
from catalog.products.models import OutputPort
from lineage.address import Address
from lineage.layout import Box, Drawing, Point, Route, draw
from lineage.selectors import DOWN, UP, Neighbourhood, Node

BOX_WIDTH = 232.0
HEAD_HEIGHT = 50.0
ROW_HEIGHT = 22.0
ROWS_SHOWN = 8
MARGIN = 56.0  # room for the stubs left and right of the outermost boxes
TITLE_LETTERS, SUBTITLE_LETTERS = 27, 30


@dataclass(frozen=True, slots=True)
class Stub:
    """What is not drawn beside a box: how many, and the link that opens (or closes) it."""

    label: str
    sentence: str
    url: str
    x: float  # from the box's left upper corner, as y
    y: float

    @property
    def middle(self) -> float:
        return self.x + 15

    @property
    def baseline(self) -> float:
        return self.y + 16


@dataclass(frozen=True, slots=True)
class Row:
    """One output port inside a box."""

    label: str
    url: str
    y: float  # from the box's upper edge
    is_focus: bool

    @property
    def baseline(self) -> float:
        return self.y + 15


@dataclass(slots=True)
class Drawn:
    """One box of the picture."""

    node: Node
    box: Box
    title: str
    subtitle: str
    url: str
    focus_url: str
    is_focus: bool
    in_cycle: bool
    rows: list[Row] = field(default_factory=list)
    rows_left_out: int = 0
    stubs: list[Stub] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Curve:
    """One edge: an SVG path and the sentence it stands for."""

    path: str
    upstream: str
    downstream: str
    sentence: str
    in_cycle: bool


@dataclass(frozen=True, slots=True)
class Picture:
    width: float
    height: float
    boxes: list[Drawn]
    curves: list[Curve]
    cycle_names: list[list[str]]


def compose(found: Neighbourhood, address: Address) -> Picture:
    """Lay out the neighbourhood at the address's level of detail."""
    sizes = {pk: (BOX_WIDTH, _height(node, address.level)) for pk, node in found.nodes.items()}
    drawing = draw(sizes, dict.fromkeys((edge.upstream, edge.downstream) for edge in found.edges))
    circular = {pk for group in found.cycles for pk in group}
    closable = _closable(found)
    boxes = [
        _drawn(
            found,
            found.nodes[pk],
            _shifted(drawing.boxes[pk]),
            address,
            in_cycle=pk in circular,
            closable=closable,
        )
        for pk in found.nodes
    ]
    boxes.sort(key=lambda drawn: (drawn.box.layer, drawn.box.y))  # the order a keyboard walks through
    return Picture(
        width=drawing.width + 2 * MARGIN,
        height=drawing.height + 2 * MARGIN / 2,
        boxes=boxes,
        curves=_curves(found, drawing, address.level),
        cycle_names=[[found.nodes[pk].product.name for pk in group] for group in found.cycles],
    )


def _height(node: Node, level: str) -> float:
    if level != "port" or not node.ports:
        return HEAD_HEIGHT
    rows = min(len(node.ports), ROWS_SHOWN) + (len(node.ports) > ROWS_SHOWN)
    return HEAD_HEIGHT + rows * ROW_HEIGHT + 4


def _shifted(box: Box) -> Box:
    return Box(box.x + MARGIN, box.y + MARGIN / 2, box.width, box.height, box.layer)


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def product_url(node: Node) -> str:
    return address_of("products:detail", node.product.domain.slug, node.product.slug)


def port_url(node: Node, port: OutputPort) -> str:
    product = node.product
    return address_of("products:port", product.domain.slug, product.slug, port.name, port.version)


def _drawn(
    found: Neighbourhood,
    node: Node,
    box: Box,
    address: Address,
    *,
    in_cycle: bool,
    closable: set[tuple[str, int]],
) -> Drawn:
    owner = node.product.team.name if node.product.team else "Unowned"
    drawn = Drawn(
        node=node,
        box=box,
        title=_cut(node.product.name, TITLE_LETTERS),
        subtitle=_cut(f"{node.product.domain.name} · {owner}", SUBTITLE_LETTERS),
        url=product_url(node),
        focus_url=f"{address_of('lineage:lineage')}?{address.about(node.key).query()}",
        is_focus=node.product.pk == found.focus.product.pk,
        in_cycle=in_cycle,
    )
    if address.level == "port":
        drawn.rows = _rows(found, node)
        drawn.rows_left_out = max(len(node.ports) - ROWS_SHOWN, 0)
    drawn.stubs = [
        stub
        for way in (UP, DOWN)
        if (stub := _stub(found, node, box, address, way, closes=(way, node.product.pk) in closable))
    ]
    return drawn


def _rows(found: Neighbourhood, node: Node) -> list[Row]:
    focus = found.focus.port
    return [
        Row(
            label=_cut(f"{port.name} {port.version}", TITLE_LETTERS),
            url=port_url(node, port),
            y=HEAD_HEIGHT + place * ROW_HEIGHT,
            is_focus=focus is not None and port.pk == focus.pk,
        )
        for place, port in enumerate(node.ports[:ROWS_SHOWN])
    ]


def _stub(
    found: Neighbourhood, node: Node, box: Box, address: Address, way: str, *, closes: bool
) -> Stub | None:
    """`+n` opens one hop more, minus closes what is drawn; what the viewer may not see is counted, never named."""
    x = -34.0 if way == UP else box.width + 4
    y = box.height - 24
    more, hidden = node.more.get(way, 0), node.hidden.get(way, 0)
    words = "feeding it" if way == UP else "made from it"
    base = address_of("lineage:lineage")
    if more:
        sentence = f"Show {more} more {words}: {node.product.name}"
        sentence += f" ({hidden} you may not see)" if hidden else ""
        return Stub(f"+{more}", sentence, f"{base}?{address.opening(way, node.product.key).query()}", x, y)
    if (way, node.product.pk) in found.view.opened or (closes and not hidden):
        url = f"{base}?{address.closing(way, node.product.key).query()}"
        return Stub("−", f"Hide what is {words}: {node.product.name}", url, x, y)  # noqa: RUF001  # a minus as wide as the plus
    if hidden:
        return Stub(f"{hidden}?", f"{hidden} {words} that you may not see: {node.product.name}", "", x, y)
    return None


def _closable(found: Neighbourhood) -> set[tuple[str, int]]:
    """(direction, product) where closing takes something away: a neighbour further from the focus that way."""
    closable = set()
    for edge in found.edges:
        for way, sign, mine, other in (
            (UP, -1, edge.downstream, edge.upstream),
            (DOWN, 1, edge.upstream, edge.downstream),
        ):
            near, far = (found.nodes[mine].distance or 0) * sign, (found.nodes[other].distance or 0) * sign
            if 0 <= near < far:
                closable.add((way, mine))
    return closable


def _curves(found: Neighbourhood, drawing: Drawing[int], level: str) -> list[Curve]:
    circles = [set(group) for group in found.cycles]
    ports = defaultdict(set)
    for edge in found.edges:
        ports[edge.upstream, edge.downstream].add(edge.port_id)
    curves = []
    for route in drawing.routes:
        up, down = found.nodes[route.upstream], found.nodes[route.downstream]
        in_cycle = any(route.upstream in circle and route.downstream in circle for circle in circles)
        starts = _starts(up, drawing.boxes[route.upstream], ports[route.upstream, route.downstream], level)
        curves += [
            Curve(
                _path(route, start),
                up.key,
                down.key,
                f"{up.product.name} feeds {down.product.name}",
                in_cycle,
            )
            for start in starts
        ]
    return curves


def _starts(node: Node, box: Box, port_ids: set[int], level: str) -> list[float | None]:
    """Heights where the edge leaves its box: each feeding port's row at port level, else the middle (None)."""
    if level != "port":
        return [None]
    places = [place for place, port in enumerate(node.ports) if port.pk in port_ids]
    return [box.y + HEAD_HEIGHT + (min(place, ROWS_SHOWN) + 0.5) * ROW_HEIGHT for place in places] or [None]


def _path(route: Route[int], start: float | None) -> str:
    points = [(x + MARGIN, y + MARGIN / 2) for x, y in route.points]
    if start is not None:
        points[0] = (points[0][0], start + MARGIN / 2)
    return curve(points)


def curve(points: list[Point]) -> str:
    """An SVG path through `points`: straight along a level, bent between levels."""
    parts = [f"M{points[0][0]:.0f} {points[0][1]:.1f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (x1 + x2) / 2
        bend = f"C{middle:.0f} {y1:.1f} {middle:.0f} {y2:.1f} {x2:.0f} {y2:.1f}"
        parts.append(f"L{x2:.0f} {y2:.1f}" if y1 == y2 else bend)
    return "".join(parts)
