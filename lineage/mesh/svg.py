"""The map as SVG. Written by hand and not by templates: thousands of cells in some tens of milliseconds.

Every name goes through `escape`. No style attribute: colours are classes, measures are attributes. The same markup
serves the page, where a script moves it by one transform, the tiles that script asks for, and the file to save.
"""

from collections.abc import Iterator
from html import escape
from urllib.parse import quote

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from lineage.mesh.areas import Area, Flow
from lineage.mesh.laying import CELL_HEIGHT, CELL_WIDTH, WINDOW_WIDTH
from lineage.mesh.lenses import Lens
from lineage.mesh.packing import Rect
from lineage.mesh.picture import MeshPicture
from lineage.mesh.tiles import Cell, Tile

W, H = f"{CELL_WIDTH:.0f}", f"{CELL_HEIGHT:.0f}"
NAME_LETTERS, OWNER_LETTERS, PORT_LETTERS = 20, 28, 26
MID, NEAR = 0.5, 1.7  # pixels a unit from which names, and ports, can be read; the script has the same
LETTER = 0.58  # width of a letter in heights of the type

_MARKS = {
    "full": '<circle class="mesh-ink" cx="6" cy="6" r="5"/>',
    "half": '<circle class="mesh-line" cx="6" cy="6" r="4.1"/><path class="mesh-ink" d="M6 1a5 5 0 0 0 0 10z"/>',
    "cross": '<path class="mesh-line" d="M2 2l8 8M10 2l-8 8"/>',
    "hollow": '<circle class="mesh-line" cx="6" cy="6" r="4.1"/>',
    "dashed": '<circle class="mesh-line mesh-dash" cx="6" cy="6" r="4.1"/>',
}
# Seen from afar a cell is its own mark: filled, half filled, crossed, hollow, dashed.
_CELLS = {
    "full": '<path class="mesh-body mesh-solid" d="{frame}"/>',
    "half": '<path class="mesh-body" d="{frame}"/><path class="mesh-tint" d="{lower}"/>',
    "cross": (
        '<path class="mesh-body" d="{frame}"/>'
        '<path class="mesh-strike" d="M4 4 {right} {bottom}M{right} 4 4 {bottom}"/>'
    ),
    "hollow": '<path class="mesh-body" d="{frame}"/>',
    "dashed": '<path class="mesh-body mesh-dash" d="{frame}"/>',
}


def definitions(unit: float) -> SafeString:
    """Marks and cells, once in a picture; cells refer to them by `<use>`. Arrowheads are 9 pixels from afar."""
    w, h, r = CELL_WIDTH, CELL_HEIGHT, 6
    frame = (
        f"M{r} 0H{w - r:.0f}a{r} {r} 0 0 1 {r} {r}V{h - r:.0f}a{r} {r} 0 0 1-{r} {r}H{r}"
        f"a{r} {r} 0 0 1-{r}-{r}V{r}a{r} {r} 0 0 1 {r}-{r}z"
    )
    lower = f"M0 {h / 2:.0f}H{w:.0f}V{h - r:.0f}a{r} {r} 0 0 1-{r} {r}H{r}a{r} {r} 0 0 1-{r}-{r}z"
    places = {"frame": frame, "lower": lower, "right": f"{w - 4:.0f}", "bottom": f"{h - 4:.0f}"}
    marks = "".join(
        f'<symbol id="mark-{shape}" viewBox="0 0 12 12">{drawn}</symbol>' for shape, drawn in _MARKS.items()
    )
    cells = "".join(f'<g id="cell-{shape}">{drawn.format(**places)}</g>' for shape, drawn in _CELLS.items())
    size = f"{9 * max(unit, 1):.0f}"
    arrow = (
        f'<marker id="flow-end" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="{size}" markerHeight="{size}"'
        ' markerUnits="userSpaceOnUse" orient="auto"><path class="arrow" d="M0 .5 7 4 0 7.5z"/></marker>'
    )
    return mark_safe(f"<defs>{marks}{cells}{arrow}</defs>")  # noqa: S308  # constants of this module


def tier(scale: float) -> str:
    """The class that says what can be read at so many pixels a unit."""
    return "far" if scale < MID else "mid" if scale < NEAR else "near"


def world(picture: MeshPicture) -> SafeString:
    """Everything that is moved together: areas with the flows between them, tiles, names, what is lit."""
    return mark_safe("".join(_world(picture)))  # noqa: S308  # every name is escaped where it is written


def _world(picture: MeshPicture) -> Iterator[str]:
    ground = picture.ground
    by_depth: dict[int, list[Area]] = {}
    for area in ground.areas():
        by_depth.setdefault(area.depth, []).append(area)
    flows: dict[int, list[Flow]] = {}
    for flow in reversed(ground.flows):  # the strongest on top
        flows.setdefault(
            min(_side_depth(flow.upstream, flow), _side_depth(flow.downstream, flow)), []
        ).append(flow)
    for depth in sorted(by_depth):
        yield '<g class="flows">'
        yield from (_flow(flow) for flow in flows.get(depth, ()))
        yield '</g><g class="areas">'
        yield from (_area(area, picture) for area in by_depth[depth])
        yield "</g>"
    yield '<g class="tiles">'
    for area in ground.areas():
        if area.own_products:
            yield _tile_place(area, picture)
    yield '</g><g class="lit">'
    yield from _lit(picture)
    yield '</g><g class="labels">'
    scale = WINDOW_WIDTH / picture.window.width
    yield from (_label(area, ground.unit, scale) for area in ground.areas())
    yield "</g>"


def _side_depth(area: Area, flow: Flow) -> int:
    """The depth at which the flow's box lies: a domain's own products lie inside it."""
    other = flow.downstream if area is flow.upstream else flow.upstream
    return area.depth + 1 if other.parent is area else area.depth


def _rect(rect: Rect, classes: str, radius: float) -> str:
    return (
        f'<rect class="{classes}" x="{rect.x:.0f}" y="{rect.y:.0f}" width="{rect.width:.0f}"'
        f' height="{rect.height:.0f}" rx="{radius:.0f}"/>'
    )


def _area(area: Area, picture: MeshPicture) -> str:
    domain = area.domain
    address = picture.address.opening(domain.slug)
    grid = area.grid
    radius = min(6 * min(picture.ground.unit, 3), area.rect.height / 6)
    focus = " focus" if picture.focus_area is area and not picture.focus_product else ""
    noun = "product" if area.products == 1 else "products"
    return (
        f'<g class="area hue-{domain.hue} depth-{min(area.depth, 3)}{focus}" data-area="{escape(domain.slug)}"'
        f' data-grid="{grid.x:.0f} {grid.y:.0f} {grid.width:.0f} {grid.height:.0f}" data-own="{area.own_products}">'
        f'<a href="{escape(_map_url(address.query()))}" aria-label="{escape(domain.name)}, {area.products} {noun}"'
        f' data-node="">'
        f"{_rect(area.rect, 'frame', radius)}"
        f'<path class="hue" d="M{area.rect.x:.0f} {area.rect.y + radius:.0f}V{area.rect.bottom - radius:.0f}"/></a></g>'
    )


def _map_url(query: str) -> str:
    return f"{reverse('lineage:map')}?{query}" if query else reverse("lineage:map")


def _flow(flow: Flow) -> str:
    weak = "" if flow.strong else " weak"
    return (
        f'<path class="flow hue-{flow.upstream.domain.hue}{weak}" d="{flow.path}" stroke-width="{flow.thickness}"'
        f' data-up="{escape(flow.upstream.domain.slug)}" data-down="{escape(flow.downstream.domain.slug)}"'
        f' marker-end="url(#flow-end)"><title>{escape(flow.sentence)}</title></path>'
    )


def _label(area: Area, unit: float, scale: float) -> str:
    """The name above the area, cut to its width at the scale the map is first seen at; the script cuts it anew."""
    size = (14 if area.depth == 1 else 12) * max(unit, 0.9)
    letters = int((area.rect.width - 20 * unit) / (size * LETTER))
    name = cut(area.domain.name, max(letters, 1))
    count = f"{area.products:,}"
    detail = (
        f'<tspan class="detail" dx="{size / 2:.0f}">{count}</tspan>'
        if letters > len(name) + len(count)
        else ""
    )
    return (
        f'<text class="area-name depth-{min(area.depth, 3)}" x="{area.rect.x + 12 * unit:.0f}"'
        f' y="{area.rect.y + area.head * 0.68:.0f}" font-size="{size:.1f}" data-name="{escape(area.domain.name)}"'
        f' data-count="{count}" data-of="{escape(area.domain.slug)}">{escape(name)}{detail}</text>'
    )


def cut(text: str, letters: int) -> str:
    """`text`, ended by an ellipsis when it has more than so many letters."""
    return text if len(text) <= letters else text[: max(letters - 1, 1)].rstrip() + "…"


def _tile_place(area: Area, picture: MeshPicture) -> str:
    """The area's tile, or where it is not open what there is in it by the lens's states."""
    tile = picture.tiles.get(area.domain.pk)
    inside = tile_content(tile, picture.lens, picture.focus_key) if tile else _summary(area, picture)
    state = "tile" if tile else "tile closed"
    return (
        f'<g class="{state} hue-{area.domain.hue}" data-tile="{escape(area.domain.slug)}"'
        f' transform="translate({area.grid.x:.0f} {area.grid.y:.0f})">{inside}</g>'
    )


def _summary(area: Area, picture: MeshPicture) -> str:
    """Segments side by side, as wide as their share, each with its mark and how many; the commonest first."""
    unit, grid = picture.ground.unit, area.grid
    size = min(13 * unit, grid.height * 0.6)
    parts = []
    x = 0.0
    for key, found in sorted(area.own.items(), key=lambda item: (-item[1], item[0])):
        state = picture.lens.state(key)
        width = grid.width * found / area.own_products
        text = f"{found:,}"
        rounding = min(4 * unit, width / 4)
        parts.append(
            f'<g class="segment {state.shape} {state.tone}"><title>{escape(state.word)}: {text}</title>'
            f'<rect class="share" x="{x:.0f}" width="{width:.0f}" height="{grid.height:.0f}" rx="{rounding:.0f}"/>'
        )
        if width > size * (len(text) * 0.7 + 2.2):
            parts.append(_counted(state.shape, text, x + size / 2, grid.height / 2, size))
        parts.append("</g>")
        x += width
    return "".join(parts)


def _counted(shape: str, text: str, x: float, y: float, size: float) -> str:
    side = f"{size * 0.9:.0f}"
    return (
        f'<use href="#mark-{shape}" x="{x:.0f}" y="{y - size * 0.45:.0f}" width="{side}" height="{side}"/>'
        f'<text x="{x + size * 1.2:.0f}" y="{y + size * 0.36:.0f}" font-size="{size:.0f}">{text}</text>'
    )


def tile_content(tile: Tile, lens: Lens, focus_key: str = "") -> str:
    """The cells of one tile with the dependencies inside it; positions count from the grid's corner."""
    parts = []
    if tile.inner:
        ways = "".join(_way(tile.cells[up], tile.cells[down]) for up, down in tile.inner)
        parts.append(f'<path class="inner" d="{ways}"/>')
    products = reverse("products:list")
    parts += [_cell(cell, lens, products, focus_key) for cell in tile.cells]
    return "".join(parts)


def _way(up: Cell, down: Cell) -> str:
    return way(Rect(up.x, up.y, CELL_WIDTH, CELL_HEIGHT), Rect(down.x, down.y, CELL_WIDTH, CELL_HEIGHT))


def way(up: Rect, down: Rect) -> str:
    """A curve between two boxes: to the right, to the left, or around by the right where one is above the other."""
    start, end = up.middle[1], down.middle[1]
    if up.right <= down.x:
        x1, x2, sign = up.right, down.x, 1
    elif down.right <= up.x:
        x1, x2, sign = up.x, down.right, -1
    else:
        x1, x2 = up.right, down.right
        reach = max(x1, x2) + 26
        return f"M{x1:.0f} {start:.0f}C{reach:.0f} {start:.0f} {reach:.0f} {end:.0f} {x2:.0f} {end:.0f}"
    reach = sign * max(14.0, abs(x2 - x1) / 2)
    return f"M{x1:.0f} {start:.0f}C{x1 + reach:.0f} {start:.0f} {x2 - reach:.0f} {end:.0f} {x2:.0f} {end:.0f}"


def _cell(cell: Cell, lens: Lens, products: str, focus_key: str) -> str:
    product = cell.product
    state = lens.state(product.state)
    href = products + quote(product.key) + "/"
    says = product.name if lens.key == "domain" else f"{product.name}: {state.word}"
    made_from = f' data-from="{" ".join(map(quote, cell.fed_by))}"' if cell.fed_by else ""
    mark = (
        f'<text class="l" x="{CELL_WIDTH - 10:.0f}" y="21">{escape(state.letters)}</text>'
        if state.letters
        else ""
        if lens.key == "domain"
        else f'<use class="m" href="#mark-{state.shape}" x="{CELL_WIDTH - 20:.0f}" y="9" width="12" height="12"/>'
    )
    letters = NAME_LETTERS if mark else NAME_LETTERS + 2
    owner = cut(product.owner or "No team", OWNER_LETTERS)
    focus = " focus" if product.key == focus_key else ""
    return (
        f'<g class="p {state.shape} {state.tone}{focus}" transform="translate({cell.x:.0f} {cell.y:.0f})">'
        f'<a href="{escape(href)}"{made_from} aria-label="{escape(says)}" data-node="">'
        f'<use href="#cell-{state.shape}"/>'
        f'<text class="n" x="10" y="21">{escape(cut(product.name, letters))}</text></a>'
        f'<text class="d" x="10" y="37">{escape(owner)}</text>{mark}{_ports(cell, href)}</g>'
    )


def _ports(cell: Cell, href: str) -> str:
    """Two columns of small print at the foot of a cell, to be read from nearby."""
    parts = []
    for place, port in enumerate(cell.ports):
        column, row = divmod(place, 3)
        name = cut(f"{port.name} {port.version}", PORT_LETTERS)
        link = f"{href}ports/{quote(port.name)}/{quote(port.version)}/"
        parts.append(
            f'<a class="o" href="{escape(link)}">'
            f'<text x="{10 + column * 86}" y="{46 + row * 6.6:.1f}">{escape(name)}</text></a>'
        )
    if cell.ports_left_out:
        parts.append(
            f'<text class="d o" x="{CELL_WIDTH - 10:.0f}" y="37">and {cell.ports_left_out} more</text>'
        )
    return "".join(parts)


def _lit(picture: MeshPicture) -> Iterator[str]:
    """The dependencies of the product the map is about, so that they can be followed without a script too."""
    found = picture.focus_cell()
    if not found:
        return
    area, focus = found
    places = {
        cell.product.key: (area, cell)
        for area in picture.ground.areas()
        if (tile := picture.tiles.get(area.domain.pk))
        for cell in tile.cells
    }
    here = _cell_rect(area, focus)
    for key, (other_area, other) in places.items():
        if key in focus.fed_by:
            yield _lit_way(_cell_rect(other_area, other), here)
        if focus.product.key in other.fed_by:
            yield _lit_way(here, _cell_rect(other_area, other))
    closed = {key.split("/")[0] for key in focus.fed_by if key not in places}
    for other_area in picture.ground.areas():
        if other_area.domain.slug in closed:
            yield _lit_way(other_area.grid, here)


def _cell_rect(area: Area, cell: Cell) -> Rect:
    return Rect(cell.x, cell.y, CELL_WIDTH, CELL_HEIGHT).moved(area.grid.x, area.grid.y)


def _lit_way(up: Rect, down: Rect) -> str:
    return f'<path class="edge" d="{way(up, down)}" marker-end="url(#flow-end)"/>'
