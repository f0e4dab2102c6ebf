"""From a neighbourhood to what the template draws: boxes, rows, curves and the links that open and close nodes."""

from dataclasses import dataclass, field

from catalog.common.addresses import address as address_of
from lineage.address import Address
from lineage.beyond import Unnamed
from lineage.curves import MARGIN, Curve, column_curves, curves_of
from lineage.folding import Folded, fold
from lineage.layout import Box, draw
from lineage.looking import Looking
from lineage.mesh.lenses import State
from lineage.rows import HEAD_HEIGHT, Row, cut, height_of, level_of, rows_of
from lineage.selectors import DOWN, UNNAMED, UP, Neighbourhood, Node

BOX_WIDTH = 232.0
TITLE_LETTERS, SUBTITLE_LETTERS = 26, 30


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
class Toggle:
    """The link that shows more of a box, or less again."""

    label: str
    sentence: str
    url: str


@dataclass(slots=True)
class Drawn:
    """One box of the picture: a product, or at the level of domains all products of a domain. One without `focus_url`
    stands for what the viewer may not see."""

    key: str
    name: str
    box: Box
    title: str
    subtitle: str
    url: str
    focus_url: str
    hue: int
    lifecycle: str = ""
    is_focus: bool = False
    in_cycle: bool = False
    is_hit: bool = False
    state: State | None = None
    toggle: Toggle | None = None
    rows: list[Row] = field(default_factory=list)
    stubs: list[Stub] = field(default_factory=list)

    @property
    def spoken(self) -> str:
        """For those who listen: the name with what the lens says."""
        words = [
            self.name,
            *([self.state.word] if self.state else []),
            *(["the focus"] if self.is_focus else []),
        ]
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Picture:
    width: float
    height: float
    boxes: list[Drawn]
    curves: list[Curve]
    cycle_names: list[list[str]]

    @property
    def hits(self) -> int:
        return sum(drawn.is_hit for drawn in self.boxes)


def compose(found: Neighbourhood, address: Address, looking: Looking) -> Picture:
    """Lay out the neighbourhood at the address's level of detail."""
    folding = fold(found, address)
    rows = {pk: rows_of(found, found.nodes[pk], address, looking) for pk in folding.products}
    sizes = {pk: (BOX_WIDTH, height_of(rows[pk])) for pk in folding.products}
    sizes |= dict.fromkeys([*folding.domains, *found.unnamed], (BOX_WIDTH, HEAD_HEIGHT))
    drawing = draw(sizes, folding.edges)
    circular = {pk for group in found.cycles for pk in group}
    closable = _closable(found)
    boxes = [_domain(found, folded, _shifted(drawing.boxes[unit]), address, looking)
             for unit, folded in folding.domains.items()]  # fmt: skip
    boxes += [_unnamed(one, _shifted(drawing.boxes[unit])) for unit, one in found.unnamed.items()]
    for pk in folding.products:
        drawn = _drawn(
            found, found.nodes[pk], _shifted(drawing.boxes[pk]), address, looking, in_cycle=pk in circular
        )
        drawn.rows = rows[pk]
        drawn.stubs = [
            stub
            for way in (UP, DOWN)
            if (stub := _stub(found, found.nodes[pk], drawn.box, address, way, closes=(way, pk) in closable))
        ]
        boxes.append(drawn)
    boxes.sort(key=lambda drawn: (drawn.box.layer, drawn.box.y))  # the order a keyboard walks through
    return Picture(
        width=drawing.width + 2 * MARGIN,
        height=drawing.height + 2 * MARGIN / 2,
        boxes=boxes,
        curves=[*curves_of(found, drawing, folding, rows, looking), *column_curves(drawing, rows, looking)],
        cycle_names=[[found.nodes[pk].product.name for pk in group] for group in found.cycles],
    )


def _shifted(box: Box) -> Box:
    return Box(box.x + MARGIN, box.y + MARGIN / 2, box.width, box.height, box.layer)


def product_url(node: Node) -> str:
    return address_of("products:detail", node.product.domain.slug, node.product.slug)


def _drawn(
    found: Neighbourhood, node: Node, box: Box, address: Address, looking: Looking, *, in_cycle: bool
) -> Drawn:
    product = node.product
    owner = product.team.name if product.team else "Unowned"
    return Drawn(
        key=node.key,
        name=product.name,
        box=box,
        title=cut(product.name, TITLE_LETTERS),
        subtitle=cut(f"{product.domain.name} · {owner}", SUBTITLE_LETTERS),
        url=product_url(node),
        focus_url=f"{address_of('lineage:lineage')}?{address.about(node.key).query()}",
        hue=product.domain.hue,
        lifecycle=product.lifecycle,
        is_focus=product.pk == found.focus.product.pk,
        in_cycle=in_cycle,
        is_hit=looking.finds(node),
        state=looking.states.get(product.pk),
        toggle=_toggle(node, address),
    )


def _toggle(node: Node, address: Address) -> Toggle | None:
    """Products show their ports, then the columns, then as much as the others again."""
    if not node.ports:
        return None
    key, level = node.product.key, level_of(address, node)
    base = address_of("lineage:lineage")
    if level == "product":
        url = f"{base}?{address.expanding('port', key).query()}"
        return Toggle("▸", f"Show the ports of {node.product.name}", url)
    if level == "port":
        url = f"{base}?{address.expanding('column', key).query()}"
        return Toggle("▹", f"Show the columns of {node.product.name}", url)
    if ("column", key) in address.expanded:
        return Toggle("▾", f"Show less of {node.product.name}", f"{base}?{address.folding(key).query()}")
    return None


def _domain(found: Neighbourhood, folded: Folded, box: Box, address: Address, looking: Looking) -> Drawn:
    nodes = [found.nodes[pk] for pk in folded.products]
    url = f"{address_of('lineage:lineage')}?{address.expanding('product', folded.domain.slug).query()}"
    some = "1 product" if len(nodes) == 1 else f"{len(nodes)} products"
    return Drawn(
        key=f"domain:{folded.domain.slug}",
        name=f"Domain {folded.domain.name}, {some}",
        box=box,
        title=cut(folded.domain.name, TITLE_LETTERS),
        subtitle=cut(f"{some}: " + ", ".join(node.product.name for node in nodes), SUBTITLE_LETTERS),
        url=address_of("domains:detail", folded.domain.slug),
        focus_url=url,
        hue=folded.domain.hue,
        is_hit=any(looking.finds(node) for node in nodes),
        toggle=Toggle("▸", f"Show the products of {folded.domain.name}", url),
    )


def _unnamed(one: Unnamed, box: Box) -> Drawn:
    """A box that says that something is there: no name, no link, no count of what it stands for."""
    words = UNNAMED.capitalize()
    return Drawn(
        key=one.key, name=words, box=box, title=words, subtitle="what lies behind it is drawn", url="",
        focus_url="", hue=0, lifecycle="unnamed",
    )  # fmt: skip


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
