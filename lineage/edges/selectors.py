"""Reading edges between products one by one, and what came and went between two days; only what the reader may see."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.db.models.aggregates import Count

from catalog.accounts.models import User
from catalog.products.models import DataProduct, OutputPort
from lineage.edges.ageing import Age, age_of
from lineage.models import LineageEdge, NodeKind
from lineage.nodes import Focus, port_key, product_key
from lineage.permissions import visible_product_ids
from lineage.selectors import edges_in_force

MOST_SENDERS = 10


@dataclass(frozen=True, slots=True)
class Told:
    """One edge with its two ends, for people and machines."""

    edge: LineageEdge
    port: OutputPort
    product: DataProduct
    age: Age


def edges_for(user: User, at: datetime | None = None) -> "QuerySet[Any, Any]":
    """Edges between products whose two ends the user may see, there at `at` (None: now)."""
    visible = visible_product_ids(user)
    return edges_in_force(at).filter(offering__in=visible, downstream_id__in=visible)


def every_edge_for(user: User) -> "QuerySet[Any, Any]":
    """As `edges_for`, with those that ended."""
    visible = visible_product_ids(user)
    ports = OutputPort.objects.filter(product_id__in=visible).order_by().values("pk")
    return LineageEdge.objects.filter(
        upstream_kind=NodeKind.PORT, downstream_kind=NodeKind.PRODUCT,
        upstream_id__in=ports, downstream_id__in=visible,
    )  # fmt: skip


def tell(edges: Iterable[LineageEdge], now: datetime) -> list[Told]:
    """The edges with their ends, by two queries; those whose ends are gone are left out."""
    listed = list(edges)
    ports = _ports({edge.upstream_id for edge in listed})
    products = _products({edge.downstream_id for edge in listed})
    return [
        Told(
            edge,
            ports[edge.upstream_id],
            products[edge.downstream_id],
            age_of(edge.source, edge.last_seen, now),
        )
        for edge in listed
        if edge.upstream_id in ports and edge.downstream_id in products
    ]


def senders_of(user: User, edge: LineageEdge) -> list[User]:
    """Who sent last what an edge was seen by, as far as the user may know of them. A derived edge was sent by nobody:
    of it those who sent steps of its source that lead into the product, a few."""
    sent = _last_steps(edge).exclude(sent_by=None).order_by()
    senders = User.objects.visible_to(user).filter(pk__in=sent.values("sent_by"))
    return list(senders.order_by("username")[:MOST_SENDERS])


def ports_told_of(edge: LineageEdge) -> list[OutputPort]:
    """The ports of the product fed, into whose data the sent steps of a derived edge lead: there one says whom to
    believe."""
    if not edge.is_derived:
        return []
    sent = _last_steps(edge).exclude(sent_by=None).order_by()
    ports = OutputPort.objects.filter(product=edge.downstream_id, asset__in=sent.values("downstream_id"))
    return list(ports.order_by("name", "version")[:MOST_SENDERS])


def _last_steps(edge: LineageEdge) -> "QuerySet[Any, Any]":
    """Of a derived edge what was seen leading into the data of the product fed; else the edge itself."""
    if not edge.is_derived:
        return LineageEdge.objects.filter(pk=edge.pk)
    offered = OutputPort.objects.filter(product=edge.downstream_id).exclude(asset=None).values("asset")
    return LineageEdge.objects.in_force().filter(
        source=edge.source,
        upstream_kind=NodeKind.ASSET,
        downstream_kind=NodeKind.ASSET,
        downstream_id__in=offered,
    )


def _ports(keys: Collection[int]) -> dict[int, OutputPort]:
    return OutputPort.objects.select_related("product__domain").in_bulk(list(keys))


def _products(keys: Collection[int]) -> dict[int, DataProduct]:
    return DataProduct.objects.select_related("domain").in_bulk(list(keys))


@dataclass(frozen=True, slots=True)
class Change:
    """An edge that `came` or `went` between two days: since when it was there, or when it ended."""

    what: str
    port: OutputPort
    product: DataProduct
    at: datetime

    @property
    def upstream(self) -> str:
        return port_key(self.port, self.port.product)

    @property
    def downstream(self) -> str:
        return product_key(self.product)


@dataclass(slots=True)
class Changes:
    """What came and went, as rows still to be read; `hidden` counts those of which the reader sees one end only."""

    came: "QuerySet[Any, Any]"
    went: "QuerySet[Any, Any]"
    hidden: int
    counts: dict[str, int] = field(default_factory=dict)

    def read(self, start: int = 0, size: int | None = None) -> Iterator[Change]:
        """The changes in order, those that came first; `size` None reads all, in batches."""
        left, skip = size, start
        for what, rows in (("came", self.came), ("went", self.went)):
            found = self.counts[what]
            if skip >= found:
                skip -= found
                continue
            stop = None if left is None else skip + left
            for batch in _batches(rows[skip:stop]):
                changes = _changes(what, batch)
                left = None if left is None else left - len(batch)
                yield from changes
            skip = 0
            if left is not None and left <= 0:
                return


def changes_between(user: User, first: datetime, second: datetime, focus: Focus | None = None) -> Changes:
    """Edges there at `second` and not at `first`, and the other way round; by pair of ends, whoever says so.

    With a focus those touching its product only (or its port).
    """
    visible = visible_product_ids(user)
    sides = {}
    hidden = 0
    for what, there, not_there in (("came", second, first), ("went", first, second)):
        rows = _only(there, not_there, focus)
        half = rows.filter(Q(offering__in=visible) | Q(downstream_id__in=visible))
        seen = rows.filter(offering__in=visible, downstream_id__in=visible)
        pairs = seen.values("upstream_id", "downstream_id").annotate(
            began=Min("first_seen"), ended=Max("valid_to")
        )
        sides[what] = pairs.order_by("upstream_id", "downstream_id")
        hidden += _pairs(half) - _pairs(seen)
    found = Changes(sides["came"], sides["went"], hidden)
    found.counts = {"came": sides["came"].count(), "went": sides["went"].count()}
    return found


def _pairs(rows: "QuerySet[Any, Any]") -> int:
    found: int = rows.values("upstream_id", "downstream_id").annotate(n=Count("pk")).count()
    return found


def _only(there: datetime, not_there: datetime, focus: Focus | None) -> "QuerySet[Any, Any]":
    same = LineageEdge.objects.in_force(not_there).filter(
        upstream_kind=NodeKind.PORT, downstream_kind=NodeKind.PRODUCT,
        upstream_id=OuterRef("upstream_id"), downstream_id=OuterRef("downstream_id"),
    )  # fmt: skip
    rows = edges_in_force(there).filter(~Exists(same))
    if focus is not None and focus.port is not None:
        return rows.filter(upstream_id=focus.port.pk)
    if focus is not None:
        return rows.filter(Q(offering=focus.product.pk) | Q(downstream_id=focus.product.pk))
    return rows.exclude(offering=F("downstream_id"))


def _batches(rows: Any) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows.iterator(chunk_size=500):
        batch.append(row)
        if len(batch) == 500:
            yield batch
            batch = []
    if batch:
        yield batch


def _changes(what: str, rows: list[dict[str, Any]]) -> list[Change]:
    ports = _ports({row["upstream_id"] for row in rows})
    products = _products({row["downstream_id"] for row in rows})
    return [
        Change(
            what,
            ports[row["upstream_id"]],
            products[row["downstream_id"]],
            row["began"] if what == "came" else row["ended"],
        )
        for row in rows
        if row["upstream_id"] in ports and row["downstream_id"] in products
    ]
