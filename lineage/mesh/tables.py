"""The map's table twin, its JSON and its CSV: the same content for screen readers, spreadsheets and machines."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

from catalog.accounts.models import User
from catalog.products.models import DataProduct
from lineage.mesh.areas import Area, Flow
from lineage.mesh.ground import Ground
from lineage.mesh.lenses import Lens, State
from lineage.mesh.picture import MeshPicture
from lineage.mesh.tiles import NODE_BUDGET, Cell, Tile
from lineage.nodes import product_key
from lineage.permissions import visible_product_ids
from lineage.selectors import edges_in_force

PAGE_SIZE = 50
FLOWS_LISTED = 50
COLUMNS = ("upstream", "upstream_name", "downstream", "downstream_name", "dependencies")


@dataclass(frozen=True, slots=True)
class Line:
    """One product of the table: what the map says of it, in words."""

    product: DataProduct
    state: State
    feeds: int
    fed_by: int

    @property
    def key(self) -> str:
        return product_key(self.product)


@dataclass(frozen=True, slots=True)
class LegendEntry:
    state: State
    products: int


def legend(picture: MeshPicture) -> list[LegendEntry]:
    """What the marks mean, with how many products have each; owners by how many they have, others in their order."""
    counts, lens = picture.ground.counts, picture.lens
    if lens.key == "owner":
        return [LegendEntry(lens.state(key), found) for key, found in sorted(counts.items(), key=_most)]
    return [LegendEntry(state, counts[key]) for key, state in lens.states.items()]


def _most(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def product_page(user: User, picture: MeshPicture, number: str) -> Page[Any]:
    """Products as lines, 50 a page: those of the domain the map is about, else all that may be seen."""
    products: QuerySet[Any, Any] = DataProduct.objects.visible_to(user)
    if picture.focus_area:
        products = products.in_domain(picture.focus_area.domain)  # type: ignore[attr-defined]
    ordered = picture.lens.through(products).order_by("domain__path", "name", "pk")
    page = Paginator(ordered.select_related("domain", "team"), PAGE_SIZE).get_page(number)
    rows = list(page.object_list)
    feeds, fed_by = _dependencies(user, [product.pk for product in rows])
    page.object_list = [
        Line(product, picture.lens.state(str(product.state)), feeds[product.pk], fed_by[product.pk])
        for product in rows
    ]
    return page


def _dependencies(user: User, product_ids: list[int]) -> tuple[Counter[int], Counter[int]]:
    """How many visible products each product feeds and is made from."""
    visible = visible_product_ids(user)
    edges = edges_in_force().filter(offering__in=visible, downstream_id__in=visible)
    touching = edges.filter(Q(offering__in=product_ids) | Q(downstream_id__in=product_ids))
    pairs = list(touching.values_list("offering", "downstream_id").distinct())
    return Counter(up for up, _ in pairs), Counter(down for _, down in pairs)


def flow_rows(flows: list[Flow]) -> Iterator[list[Any]]:
    """The cells of each flow, in the order of COLUMNS."""
    for flow in flows:
        up, down = flow.upstream.domain, flow.downstream.domain
        yield [up.slug, up.name, down.slug, down.name, flow.weight]


def as_json(picture: MeshPicture) -> dict[str, Any]:
    """The map as the API and the JSON export give it. Places are in units of the map, from its left upper corner."""
    ground = picture.ground
    return {
        "level": picture.level,
        "lens": picture.lens.key,
        "width": round(ground.width),
        "height": round(ground.height),
        "products_total": ground.products,
        "dependencies_total": ground.dependencies,
        "states": dict(sorted(ground.counts.items())),
        "domains": [_area_json(area, picture) for area in ground.areas()],
        "flows": [
            {
                "upstream": flow.upstream.domain.slug,
                "downstream": flow.downstream.domain.slug,
                "weight": flow.weight,
            }
            for flow in ground.flows
        ],
        "products": [
            _cell_json(area, cell, tile)
            for area in ground.areas()
            if (tile := picture.tiles.get(area.domain.pk))
            for cell in tile.cells
        ],
        "truncated": bool(picture.refused or picture.is_cut or _left_out(picture)),
        "budget": NODE_BUDGET,
    }


def _left_out(picture: MeshPicture) -> int:
    return sum(tile.left_out for tile in picture.tiles.values())


def _area_json(area: Area, picture: MeshPicture) -> dict[str, Any]:
    return {
        "key": f"domain:{area.domain.slug}",
        "slug": area.domain.slug,
        "name": area.domain.name,
        "parent": area.parent.domain.slug if area.parent else None,
        "products": area.products,
        "own_products": area.own_products,
        "states": dict(sorted(area.total.items())),
        "feeds": area.feeds,
        "fed_by": area.fed_by,
        "is_open": area.domain.pk in picture.tiles,
        "x": round(area.rect.x),
        "y": round(area.rect.y),
        "width": round(area.rect.width),
        "height": round(area.rect.height),
    }


def _cell_json(area: Area, cell: Cell, tile: Tile) -> dict[str, Any]:
    product = cell.product
    return {
        "key": f"product:{product.key}",
        "name": product.name,
        "domain": product.key.split("/")[0],
        "owner": product.owner or None,
        "lifecycle": product.lifecycle,
        "state": product.state,
        "made_from": [f"product:{key}" for key in cell.fed_by],
        "feeds": cell.feeds,
        "ports": [f"port:{product.key}/{port.name}/{port.version}" for port in cell.ports],
        "x": round(area.grid.x + cell.x),
        "y": round(area.grid.y + cell.y),
    }


def domain_lines(ground: Ground, lens: Lens) -> list[tuple[Area, list[LegendEntry]]]:
    """Each area with its products by state, parents before what is inside them."""
    return [
        (area, [LegendEntry(lens.state(key), found) for key, found in sorted(area.total.items(), key=_most)])
        for area in ground.areas()
    ]
