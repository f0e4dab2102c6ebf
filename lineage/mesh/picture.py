"""What an address shows: the ground, the tiles that are open, the window onto it. Within the node budget, always."""

from dataclasses import dataclass

from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.products.models import DataProduct
from lineage.mesh.address import DOMAIN_LEVEL, PORT_LEVEL, PRODUCT_LEVEL, MapAddress
from lineage.mesh.areas import Area
from lineage.mesh.ground import Ground, compute_ground
from lineage.mesh.laying import CELL_HEIGHT, CELL_WIDTH, WINDOW_HEIGHT, WINDOW_WIDTH
from lineage.mesh.lenses import Lens, lens_named
from lineage.mesh.packing import Rect
from lineage.mesh.tiles import NODE_BUDGET, Cell, Tile, lay_tile, read_rows
from lineage.nodes import find_focus

PORT_SCALE = 2.2  # pixels a unit: from here on ports can be read


@dataclass(slots=True)
class MeshPicture:
    """`level` is the one drawn: an address without one gets the finest the whole mesh fits into the budget at."""

    address: MapAddress
    level: str
    lens: Lens
    ground: Ground
    tiles: dict[int, Tile]
    window: Rect
    focus_product: DataProduct | None
    focus_area: Area | None
    refused: list[Area]  # asked for, but beyond the budget
    is_cut: bool  # not all dependencies were read

    @property
    def shown(self) -> int:
        """Products drawn one by one."""
        return sum(len(tile.cells) for tile in self.tiles.values())

    @property
    def focus_key(self) -> str:
        return self.focus_product.key if self.focus_product else ""

    def focus_cell(self) -> tuple[Area, Cell] | None:
        return _find_cell(self.ground, self.tiles, self.focus_key) if self.focus_key else None


def compose_map(user: User, address: MapAddress) -> MeshPicture:
    """The picture of an address; the number of queries does not depend on the size of the mesh.

    Raises NotFound when the focus is nothing `user` may see.
    """
    lens = lens_named(address.lens)
    ground = compute_ground(user, lens)
    product, focus_area = _focus(user, ground, address.focus)
    fits = ground.products <= NODE_BUDGET
    level = address.level or (PRODUCT_LEVEL if fits else DOMAIN_LEVEL)
    opened, refused = _opened(ground, address, level, focus_area)
    tiles: dict[int, Tile] = {}
    is_cut = False
    if opened:
        whole = len(opened) == sum(1 for area in ground.areas() if area.own_products)
        detail = PORT_LEVEL if level == PORT_LEVEL else PRODUCT_LEVEL
        rows = read_rows(user, opened, lens, detail, whole=whole, include=product.key if product else "")
        is_cut = rows.is_cut
        tiles = {area.domain.pk: lay_tile(area.domain.pk, area.own_products, rows) for area in opened}
    picture = MeshPicture(
        address, level, lens, ground, tiles, Rect(0, 0, 0, 0), product, focus_area, refused, is_cut
    )
    picture.window = _window(picture)
    return picture


def _focus(user: User, ground: Ground, name: str) -> tuple[DataProduct | None, Area | None]:
    """The product and the area an address is about."""
    if not name:
        return None, None
    kind, _, path = name.partition(":")
    if kind == "domain":
        area = next((area for area in ground.areas() if area.domain.slug == path), None)
        if area is None:
            raise NotFound(
                "There is no such domain on the map.", remedy="It may have been renamed; search for it."
            )
        return None, area
    product = find_focus(user, name).product
    return product, next((area for area in ground.areas() if product.domain_id in area.folded), None)


def _opened(
    ground: Ground, address: MapAddress, level: str, focus: Area | None
) -> tuple[list[Area], list[Area]]:
    """Areas whose products are drawn, what the viewer asked for first, and those the budget leaves out.

    Opening a domain opens what is inside it as far as the budget goes. One area alone may exceed it: then its tile is
    cut and says so.
    """
    wanted: dict[int, Area] = {}
    if focus:
        wanted[focus.domain.pk] = focus
    for area in ground.areas():
        if area.domain.slug in address.opened or (focus and address.focus == f"domain:{area.domain.slug}"):
            wanted.update((inner.domain.pk, inner) for inner in area.walk())
    if level != DOMAIN_LEVEL and (ground.products <= NODE_BUDGET or not wanted):
        wanted.update((area.domain.pk, area) for area in ground.areas())
    opened: list[Area] = []
    refused: list[Area] = []
    left = NODE_BUDGET
    for area in wanted.values():
        if not area.own_products:
            continue
        if area.own_products <= left or not opened:
            opened.append(area)
            left -= area.own_products
        else:
            refused.append(area)
    return opened, refused


def _find_cell(ground: Ground, tiles: dict[int, Tile], key: str) -> tuple[Area, Cell] | None:
    for area in ground.areas():
        tile = tiles.get(area.domain.pk)
        for cell in tile.cells if tile else ():
            if cell.product.key == key:
                return area, cell
    return None


def _window(picture: MeshPicture) -> Rect:
    """What part of the map to begin with: all of it, an area, or what surrounds one product."""
    ground = picture.ground
    if found := picture.focus_cell():
        area, cell = found
        scale = PORT_SCALE if picture.level == PORT_LEVEL else 1.0
        width, height = WINDOW_WIDTH / scale, WINDOW_HEIGHT / scale
        x, y = area.grid.x + cell.x + CELL_WIDTH / 2, area.grid.y + cell.y + CELL_HEIGHT / 2
        return Rect(x - width / 2, y - height / 2, width, height)
    if picture.focus_area:
        rect = picture.focus_area.rect
        room = max(rect.width, rect.height) * 0.06
        return Rect(rect.x - room, rect.y - room, rect.width + 2 * room, rect.height + 2 * room)
    return Rect(0, 0, max(ground.width, 1), max(ground.height, 1))
