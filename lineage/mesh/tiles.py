"""Tiles: the products (and ports) of one area, placed in its grid, with the dependencies that begin or end there.

A tile depends on what the viewer may see, the area, the detail and the lens, and on nothing else: neither on where the
area lies nor on what else is open. `read_rows` asks the database for any number of areas at once, `lay_tile` makes one
tile of the rows without asking.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from catalog.accounts.models import User
from catalog.products.models import DataProduct, OutputPort
from lineage.graph import flow_layers
from lineage.mesh.areas import Area
from lineage.mesh.laying import spot
from lineage.mesh.lenses import Lens
from lineage.permissions import visible_product_ids
from lineage.selectors import edges_in_force

PRODUCT_LEVEL, PORT_LEVEL = "product", "port"
NODE_BUDGET = 2_000  # products in one picture, and in one tile
EDGE_BUDGET = 20_000  # dependencies read for one picture
OUTSIDE_BUDGET = 5_000  # products elsewhere that tiles name as neighbours
PORTS_SHOWN = 6  # in one product; the rest are counted


@dataclass(frozen=True, slots=True)
class PortRow:
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product as the database gives it; `state` is the lens's."""

    pk: int
    area: int  # the domain it lies in
    key: str  # domain/slug
    name: str
    lifecycle: str
    owner: str
    state: str


@dataclass(slots=True)
class Rows:
    """What was read for some areas; `edges` are pairs of products of which at least one is among `products`."""

    products: dict[int, list[ProductRow]]  # domain -> products
    keys: dict[int, str]  # product -> domain/slug, for both ends of the edges
    edges: list[tuple[int, int]]
    ports: dict[int, tuple[list[PortRow], int]]  # the first ones, and how many there are
    is_cut: bool = False  # the edge budget ended the reading


@dataclass(slots=True)
class Cell:
    """One product at its place in the grid, from the grid's left upper corner."""

    product: ProductRow
    x: float
    y: float
    fed_by: list[str]  # keys of the products it is made from
    feeds: int
    ports: list[PortRow] = field(default_factory=list)
    ports_left_out: int = 0


@dataclass(slots=True)
class Tile:
    """The inside of one area. `left_out` products are beyond the budget."""

    area: int
    cells: list[Cell]
    inner: list[tuple[int, int]]  # dependencies within the tile, by the cells' numbers
    left_out: int = 0


def read_rows(
    user: User, areas: Sequence[Area], lens: Lens, level: str, *, whole: bool = False, include: str = ""
) -> Rows:
    """Everything the tiles of `areas` show, in at most six queries.

    `whole`: the areas are all there are, so nothing needs to be narrowed down. `include`: the key of a product that
    must be among those of its area, also beyond the budget.
    """
    domains = {pk: area.domain.pk for area in areas for pk in area.folded}
    visible = DataProduct.objects.visible_to(user)
    inside = visible if whole else visible.filter(domain_id__in=domains)
    found = {
        row.pk: row
        for row in _products(inside.order_by("domain_id", "name", "pk"), lens, domains, NODE_BUDGET)
    }
    if include and include not in {row.key for row in found.values()}:
        domain, _, slug = include.partition("/")
        named = inside.filter(domain__slug=domain, slug=slug)
        found |= {row.pk: row for row in _products(named, lens, domains, 1)}
    edges, is_cut = _edges(user, None if whole else domains)
    keys = {pk: row.key for pk, row in found.items()}
    keys |= _keys({pk for edge in edges for pk in edge} - keys.keys())
    by_area: dict[int, list[ProductRow]] = defaultdict(list)
    for row in found.values():
        by_area[row.area].append(row)
    return Rows(by_area, keys, edges, _ports(inside) if level == PORT_LEVEL else {}, is_cut)


def _products(
    products: "QuerySet[DataProduct]", lens: Lens, domains: dict[int, int], limit: int
) -> Iterator[ProductRow]:
    columns = ("pk", "domain_id", "domain__slug", "slug", "name", "lifecycle", "team__name", "state")
    for pk, domain_id, domain, slug, *rest in lens.through(products).values_list(*columns)[:limit]:
        if domain_id in domains:  # made meanwhile in a domain the ground does not have yet
            name, lifecycle, owner, state = rest
            yield ProductRow(
                pk, domains[domain_id], f"{domain}/{slug}", name, lifecycle, owner or "", str(state)
            )


def _edges(user: User, domains: Collection[int] | None) -> tuple[list[tuple[int, int]], bool]:
    """Pairs (feeds, is fed) of visible products, one of them in `domains` (None: anywhere)."""
    visible = visible_product_ids(user)
    edges = edges_in_force().filter(offering__in=visible, downstream_id__in=visible)
    if domains is not None:
        fed = DataProduct.objects.filter(domain_id__in=domains).order_by().values("pk")
        offered = OutputPort.objects.filter(product__domain_id__in=domains).order_by().values("pk")
        edges = edges.filter(Q(downstream_id__in=fed) | Q(upstream_id__in=offered))
    pairs = edges.values_list("offering", "downstream_id").distinct().order_by("offering", "downstream_id")
    read = list(pairs[: EDGE_BUDGET + 1])
    return read[:EDGE_BUDGET], len(read) > EDGE_BUDGET


def _keys(product_ids: Collection[int]) -> dict[int, str]:
    if not product_ids:
        return {}
    some = sorted(product_ids)[:OUTSIDE_BUDGET]
    rows = DataProduct.objects.filter(pk__in=some).order_by().values_list("pk", "domain__slug", "slug")
    return {pk: f"{domain}/{slug}" for pk, domain, slug in rows}


def _ports(products: "QuerySet[DataProduct]") -> dict[int, tuple[list[PortRow], int]]:
    """The first ports of each product, and how many there are."""
    ranked = (
        OutputPort.objects.filter(product__in=products.order_by().values("pk"))
        .annotate(
            place=Window(RowNumber(), partition_by=F("product_id"), order_by=["name", "-version", "pk"]),
            of=Window(Count("pk"), partition_by=F("product_id")),
        )
        .filter(place__lte=PORTS_SHOWN)
        .order_by("product_id", "place")
    )
    found: dict[int, tuple[list[PortRow], int]] = {}
    for product_id, name, version, of in ranked.values_list("product_id", "name", "version", "of"):
        found.setdefault(product_id, ([], of))[0].append(PortRow(name, version))
    return found


def lay_tile(area_id: int, products: int, rows: Rows) -> Tile:
    """The tile of one area that has `products` visible products, from rows read for it (and others).

    Sources come first, what is made from them to their right; products not connected within the area come last.
    """
    own = {row.pk: row for row in rows.products.get(area_id, ())}
    fed_by: dict[int, list[str]] = defaultdict(list)
    feeds: Counter[int] = Counter()
    inner = []
    for up, down in rows.edges:
        if down in own and up in rows.keys:
            fed_by[down].append(rows.keys[up])
        if up in own:
            feeds[up] += 1
            if down in own and up != down:
                inner.append((up, down))
    layers = flow_layers(inner)
    ordered = sorted(
        own.values(),
        key=lambda row: (row.pk not in layers, layers.get(row.pk, 0), row.name.casefold(), row.pk),
    )
    number = {row.pk: place for place, row in enumerate(ordered)}
    of = max(products, len(ordered))
    cells = [
        Cell(row, *spot(place, of), fed_by[row.pk], feeds[row.pk], *_shown_ports(rows, row.pk))
        for place, row in enumerate(ordered)
    ]
    return Tile(area_id, cells, [(number[up], number[down]) for up, down in inner], of - len(ordered))


def _shown_ports(rows: Rows, product_id: int) -> tuple[list[PortRow], int]:
    ports, of = rows.ports.get(product_id, ([], 0))
    return ports, of - len(ports)
