"""Reading lineage: the neighbourhood of a product within a node budget, level by level, never the whole mesh."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery

from catalog.accounts.models import User
from catalog.products.models import DataProduct, OutputPort
from lineage.beyond import MOST_HIDDEN, Unnamed, look_beyond, unnamed
from lineage.graph import LineageGraph, Reach
from lineage.models import LineageEdge, NodeKind
from lineage.nodes import Focus, product_key
from lineage.permissions import visible_product_ids

UP, DOWN, BOTH = "upstream", "downstream", "both"
DIRECTIONS = (BOTH, UP, DOWN)
MAX_DEPTH = 10
UNNAMED = "something you may not see"
NODE_BUDGET = 200  # products in one picture; what is left out is counted and said


@dataclass(frozen=True, slots=True)
class View:
    """What part of the neighbourhood to show: `depth` hops in `direction`, some nodes opened further or closed."""

    depth: int = 1
    direction: str = BOTH
    opened: frozenset[tuple[str, int]] = frozenset()  # (direction, product id)
    closed: frozenset[tuple[str, int]] = frozenset()
    at: datetime | None = None  # as it was then; None: now

    def follows(self, way: str) -> bool:
        return self.direction in (BOTH, way)


@dataclass(frozen=True, slots=True)
class Edge:
    """`upstream`'s output port feeds `downstream`."""

    upstream: int
    port_id: int
    downstream: int


@dataclass(slots=True)
class Sight:
    """What the edges behind one drawn edge say together: their sources, since when, and when last seen."""

    sources: set[str]
    first_seen: datetime
    last_seen: datetime
    confidence: int

    def add(self, source: str, first_seen: datetime, last_seen: datetime, confidence: int) -> None:
        self.sources.add(source)
        self.first_seen = min(self.first_seen, first_seen)
        self.last_seen = max(self.last_seen, last_seen)
        self.confidence = max(self.confidence, confidence)


@dataclass(slots=True)
class Node:
    """A product in the picture; `more` and `hidden` count neighbours not drawn, by direction."""

    product: DataProduct
    ports: list[OutputPort]
    reach: Reach | None = None
    more: dict[str, int] = field(default_factory=dict)
    hidden: dict[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return product_key(self.product)

    @property
    def distance(self) -> int | None:
        return self.reach.distance if self.reach else None


@dataclass(slots=True)
class Neighbourhood:
    focus: Focus
    view: View
    nodes: dict[int, Node]
    edges: list[Edge]
    cycles: list[list[int]]
    is_cut: bool  # the node budget ended the walk
    sights: dict[Edge, Sight] = field(default_factory=dict)
    unnamed: dict[int, Unnamed] = field(
        default_factory=dict
    )  # what leads on to visible products and has no name

    def name_of(self, number: int) -> str:
        """What a box is called for this viewer."""
        return UNNAMED if number in self.unnamed else self.nodes[number].product.name


def edges_in_force(at: datetime | None = None) -> "QuerySet[Any, Any]":
    """Edges from an output port to a product that are there (or were, at `at`), whoever says so: two sources make two
    rows of the same ends. `offering` is the product that offers the port; ports that are gone have none and no edge."""
    offering = OutputPort.objects.filter(pk=OuterRef("upstream_id")).values("product_id")
    return (
        LineageEdge.objects.in_force(at)
        .filter(upstream_kind=NodeKind.PORT, downstream_kind=NodeKind.PRODUCT)
        .annotate(offering=Subquery(offering))
        .filter(offering__isnull=False)
        .order_by()
    )


def _touching(
    way: str, product_ids: Collection[int], port_id: int | None = None, *, at: datetime | None
) -> "QuerySet[Any, Any]":
    """Edges leading `way` from the products; with `port_id`, downstream ones of that port only."""
    edges = edges_in_force(at)
    if way == UP:
        return edges.filter(downstream_id__in=product_ids)
    if port_id is not None:
        return edges.filter(upstream_id=port_id)
    ports = OutputPort.objects.filter(product_id__in=product_ids).values("pk")
    return edges.filter(upstream_id__in=ports)


def neighbourhood(user: User, focus: Focus, view: View, budget: int = NODE_BUDGET) -> Neighbourhood:
    """What lies around `focus`, as far as `user` may see it. The walk goes through products out of sight: what lies
    behind is drawn, and between them a box without a name.

    The number of queries depends on the depth, never on the number of nodes.
    """
    walk = _Walk(user, focus, view, budget)
    walk.run()
    products = {
        product.pk: product
        for product in DataProduct.objects.filter(pk__in=walk.found)
        .select_related("domain", "team", "trust")
        .prefetch_related("output_ports")
    }
    nodes = {
        pk: Node(products[pk], list(products[pk].output_ports.all())) for pk in walk.found if pk in products
    }
    edges = sorted(
        (edge for edge in walk.edges if edge.upstream in nodes and edge.downstream in nodes),
        key=lambda edge: (edge.upstream, edge.port_id, edge.downstream),
    )
    through = unnamed((up, down) for up, down in walk.through if up in nodes and down in nodes)
    lines = [(edge.upstream, edge.downstream) for edge in edges]
    lines += [pair for one in through.values() for pair in one.pairs]
    graph = LineageGraph(map(str, [*nodes, *through]), ((str(up), str(down)) for up, down in lines))
    for key, reach in graph.reach(str(focus.product.pk)).items():
        if int(key) in nodes:
            nodes[int(key)].reach = reach
    _count_what_is_left_out(user, view.at, nodes, edges)
    for (way, pk), hidden in walk.drawn_through.items():
        nodes[pk].hidden[way] = max(nodes[pk].hidden[way] - len(hidden), 0)
    cycles = [[int(key) for key in group if int(key) in nodes] for group in graph.cycles()]
    return Neighbourhood(focus, view, nodes, edges, cycles, walk.is_cut, walk.sights, through)


class _Walk:
    """Breadth first, one direction at a time: what is upstream of an upstream product, never its other consumers."""

    def __init__(self, user: User, focus: Focus, view: View, budget: int) -> None:
        self.visible = visible_product_ids(user)
        self.focus, self.view, self.budget = focus, view, budget
        self.found: dict[int, None] = {focus.product.pk: None}
        self.edges: set[Edge] = set()
        self.sights: dict[Edge, Sight] = {}
        self.through: set[tuple[int, int]] = (
            set()
        )  # (upstream, downstream) that hang together through hidden ones
        self.drawn_through: dict[tuple[str, int], set[int]] = defaultdict(
            set
        )  # hidden neighbours on such ways
        self.is_cut = False

    def run(self) -> None:
        for way in (UP, DOWN):
            if self.view.follows(way):
                self._follow(way, {self.focus.product.pk}, self.view.depth)
        opened = {(way, pk) for way, pk in self.view.opened}
        while ready := {(way, pk) for way, pk in opened if pk in self.found}:
            opened -= ready
            for way in (UP, DOWN):
                self._follow(way, {pk for opened_way, pk in ready if opened_way == way}, 1)
        self._join_drawn()

    def _follow(self, way: str, frontier: set[int], depth: int) -> None:
        for hop in range(depth):
            frontier = {pk for pk in frontier if (way, pk) not in self.view.closed}
            if not frontier:
                return
            from_port = self.focus.port.pk if self.focus.port and hop == 0 and way == DOWN else None
            only_port = from_port if frontier == {self.focus.product.pk} else None
            frontier = self._hop(way, frontier, only_port)

    def _hop(self, way: str, frontier: set[int], port_id: int | None) -> set[int]:
        other = "offering" if way == UP else "downstream_id"
        edges = _touching(way, frontier, port_id, at=self.view.at).filter(**{f"{other}__in": self.visible})
        fresh: set[int] = set()
        rows = edges.order_by(other, "pk").values_list("offering", "upstream_id", "downstream_id")
        for offering, port, downstream in rows[: self.budget * 20].iterator():
            reached = offering if way == UP else downstream
            if self._take(reached, fresh):
                self.edges.add(Edge(offering, port, downstream))
        return fresh | self._hop_beyond(way, frontier, port_id)

    def _take(self, reached: int, fresh: set[int]) -> bool:
        """Whether a product is in the picture, or came into it just now."""
        if reached not in self.found:
            if len(self.found) >= self.budget:
                self.is_cut = True
                return False
            self.found[reached] = None
            fresh.add(reached)
        return True

    def _hop_beyond(self, way: str, frontier: set[int], port_id: int | None) -> set[int]:
        """The visible products next to the frontier if hidden ones between were not there."""
        own, other = ("downstream_id", "offering") if way == UP else ("offering", "downstream_id")

        def step(ids: Collection[int], is_first: bool) -> list[tuple[int, int]]:
            edges = _touching(way, ids, port_id if is_first else None, at=self.view.at)
            if is_first:
                edges = edges.exclude(**{f"{other}__in": self.visible})
            return list(edges.order_by(own, other).values_list(own, other).distinct()[: MOST_HIDDEN * 20])

        def split(ids: set[int]) -> tuple[set[int], set[int]]:
            seen = set(self.visible.filter(pk__in=ids))
            there = DataProduct.objects.filter(pk__in=ids).order_by().values_list("pk", flat=True)
            return seen, set(there) - seen

        found = look_beyond(frontier, step, split)
        self.is_cut = self.is_cut or found.is_cut
        fresh: set[int] = set()
        for (start, hidden), ends in sorted(found.ends.items()):
            for end in sorted(ends):
                if self._take(end, fresh):
                    self.through.add((end, start) if way == UP else (start, end))
                    self.drawn_through[way, start].add(hidden)
                    self.drawn_through[DOWN if way == UP else UP, end] |= found.before[end]
        return fresh

    def _join_drawn(self) -> None:
        """Edges between products that are both drawn belong in the picture, whoever found them (cycles too)."""
        between = _touching(UP, self.found, at=self.view.at).filter(offering__in=list(self.found))
        columns = (
            "offering",
            "upstream_id",
            "downstream_id",
            "source",
            "first_seen",
            "last_seen",
            "confidence",
        )
        for offering, port, downstream, source, first_seen, last_seen, sure in between.values_list(*columns):
            edge = Edge(offering, port, downstream)
            self.edges.add(edge)
            known = self.sights.setdefault(edge, Sight({source}, first_seen, last_seen, sure))
            known.add(source, first_seen, last_seen, sure)


def _count_what_is_left_out(
    user: User, at: datetime | None, nodes: dict[int, Node], edges: Iterable[Edge]
) -> None:
    drawn: dict[str, dict[int, set[int]]] = {UP: defaultdict(set), DOWN: defaultdict(set)}
    for edge in edges:
        drawn[UP][edge.downstream].add(edge.upstream)
        drawn[DOWN][edge.upstream].add(edge.downstream)
    for way in (UP, DOWN):
        total = _neighbour_counts(way, nodes, at)
        seen = _neighbour_counts(way, nodes, at, visible_product_ids(user))
        for pk, node in nodes.items():
            node.more[way] = max(seen[pk] - len(drawn[way][pk]), 0)
            node.hidden[way] = total[pk] - seen[pk]


def _neighbour_counts(
    way: str,
    product_ids: Collection[int],
    at: datetime | None,
    among: "QuerySet[DataProduct, int] | None" = None,
) -> Counter[int]:
    """Distinct neighbouring products `way` of each product, all of them or those in `among`."""
    own, other = ("downstream_id", "offering") if way == UP else ("offering", "downstream_id")
    edges = _touching(way, list(product_ids), at=at)
    if among is not None:
        edges = edges.filter(**{f"{other}__in": among})
    rows = edges.values(own).annotate(neighbours=Count(other, distinct=True))
    return Counter({row[own]: row["neighbours"] for row in rows})


def connected_products(user: User, limit: int = 24) -> list[DataProduct]:
    """Visible products that feed the most others: where to begin when no product is named."""
    visible = visible_product_ids(user)
    rows = (
        edges_in_force()
        .filter(offering__in=visible, downstream_id__in=visible)
        .values("offering")
        .annotate(consumers=Count("downstream_id", distinct=True))
        .order_by("-consumers", "offering")[:limit]
    )
    consumers = {row["offering"]: row["consumers"] for row in rows}
    products = DataProduct.objects.filter(pk__in=consumers).select_related("domain", "team")
    for product in products:
        product.consumer_count = consumers[product.pk]  # type: ignore[attr-defined]
    return sorted(products, key=lambda product: -consumers[product.pk])
