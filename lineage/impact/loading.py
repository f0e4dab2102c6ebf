"""The rows of an answer with everything a page shows of them, in a fixed number of queries however many there are."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.accounts.models import User
from catalog.products.models import DataProduct, OutputPort
from catalog.slos.models import ServiceLevelObjective
from catalog.trust.marks import Mark, TrustFacts, marks
from lineage.impact.csr import Ints, Walk
from lineage.impact.finding import column_key
from lineage.impact.rows import DIRECT
from lineage.models import Column
from lineage.nodes import product_key

CRITICALITY = ("low", "medium", "high", "critical")  # from least to worst
UNNAMED = "something you may not see"


@dataclass(frozen=True, slots=True)
class Step:
    """A node of a path; without a name where the reader may not see it (or several of those in a row)."""

    name: str = UNNAMED
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One product (or column) that is reached.

    `port` is what it is read by, or, of a column, what offers it; None where that is not to be seen. `agreements` hang
    on its ports (of a column: on that port); `criticality` is the worst of what it promises, "" for nothing; `way` one
    shortest path, both ends included."""

    depth: int
    key: str
    product: DataProduct
    port: OutputPort | None
    path: str
    is_direct: bool | None
    agreements: int
    criticality: str
    slo: Mark
    way: tuple[Step, ...]

    @property
    def url(self) -> str:
        return self.port.get_absolute_url() if self.path and self.port else self.product.get_absolute_url()

    @property
    def slo_state(self) -> str:
        """As the filter names it."""
        return self.slo.meaning if self.slo.is_judged else "none"

    @property
    def way_words(self) -> str:
        return " → ".join(step.name for step in self.way)


class Rows:
    """Loads rows of one walk for one reader; whether they may see each is asked of the database here once more."""

    def __init__(self, user: User, walk: Walk, groups: Ints, is_products: bool) -> None:
        self.user, self.walk, self.groups, self.is_products = user, walk, groups, is_products
        self.now = timezone.now()

    def load(self, places: Sequence[int]) -> list[Row]:
        """The rows of `places` in their order; without those that were taken out of sight meanwhile."""
        if not places:
            return []
        ways = {place: self.walk.path(place) for place in places}
        needed = sorted({place for way in ways.values() for place in way})
        return self._products(ways, needed) if self.is_products else self._columns(ways, needed)

    def _products(self, ways: dict[int, list[int]], needed: list[int]) -> list[Row]:
        ids = {place: int(self.walk.ids[place]) for place in needed}
        seen = self._visible(ids.values())
        ports = OutputPort.objects.filter(product__in=seen).in_bulk(
            {int(self.walk.via[place]) for place in ways if self.walk.via[place] >= 0}
        )
        names = {place: seen[pk].name for place, pk in ids.items() if pk in seen}
        urls = {place: seen[pk].get_absolute_url() for place, pk in ids.items() if pk in seen}
        shown = [place for place in ways if ids[place] in seen]
        agreements = _agreements("port__product", [ids[place] for place in shown], self.now)
        critical = _criticality("port__product", [ids[place] for place in shown])
        rows = []
        for place in shown:
            product = seen[ids[place]]
            port = ports.get(int(self.walk.via[place]))
            if port is not None:
                port.product = seen[port.product_id]
            rows.append(
                Row(
                    int(self.walk.depth[place]),
                    product_key(product),
                    product,
                    port,
                    "",
                    None,
                    agreements.get(product.pk, 0),
                    critical.get(product.pk, ""),
                    _slo(getattr(product, "trust", None), self.now),
                    _way(ways[place], names, urls),
                )
            )
        return rows

    def _columns(self, ways: dict[int, list[int]], needed: list[int]) -> list[Row]:
        columns = Column.objects.in_bulk([int(self.walk.ids[place]) for place in needed])
        at = {place: columns.get(int(self.walk.ids[place])) for place in needed}
        offers = self._offers({column.asset_id for column in at.values() if column is not None})
        named = {
            place: (offers[column.asset_id], column.path)
            for place, column in at.items()
            if column is not None and column.asset_id in offers
        }
        names = {place: f"{port.product.name}.{path}" for place, (port, path) in named.items()}
        urls = {place: port.get_absolute_url() for place, (port, _) in named.items()}
        shown = [place for place in ways if place in named]
        agreements = _agreements("port", [named[place][0].pk for place in shown], self.now)
        critical = _criticality("port", [named[place][0].pk for place in shown])
        rows = []
        for place in shown:
            port, path = named[place]
            rows.append(
                Row(
                    int(self.walk.depth[place]),
                    column_key(port, port.product, path),
                    port.product,
                    port,
                    path,
                    int(self.walk.via[place]) == DIRECT,
                    agreements.get(port.pk, 0),
                    critical.get(port.pk, ""),
                    _slo(getattr(port, "trust", None), self.now),
                    _way(ways[place], names, urls),
                )
            )
        return rows

    def _visible(self, ids: Collection[int]) -> dict[int, DataProduct]:
        rows = DataProduct.objects.visible_to(self.user).select_related("domain", "team", "trust")
        return rows.in_bulk(set(ids))

    def _offers(self, asset_ids: set[int]) -> dict[int, OutputPort]:
        """The first port one may see of each asset."""
        ports = OutputPort.objects.visible_to(self.user).filter(asset__in=asset_ids)
        found: dict[int, OutputPort] = {}
        for port in ports.select_related("product__domain", "product__team", "trust").order_by("pk"):
            if port.asset_id is not None:
                found.setdefault(port.asset_id, port)
        return found


def _way(path: Iterable[int], names: dict[int, str], urls: dict[int, str]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for place in path:
        step = Step(names[place], urls[place]) if place in names else Step()
        if step.url or not steps or steps[-1].url:
            steps.append(step)
    return tuple(steps)


def _agreements(name: str, ids: Iterable[int], now: dt.datetime) -> dict[int, int]:
    """How many agreements stand (scheduled ones too) by port or product."""
    rows = Agreement.objects.standing(now).filter(**{f"{name}__in": set(ids)}).order_by()
    return dict(rows.values_list(name).annotate(count=Count("pk")))


def _criticality(name: str, ids: Iterable[int]) -> dict[int, str]:
    """The most critical of the objectives that are promised by port or product."""
    rows: Any = ServiceLevelObjective.objects.filter(ended_at=None, **{f"{name}__in": set(ids)}).order_by()
    found: dict[int, str] = {}
    for pk, criticality in rows.values_list(name, "criticality").distinct():
        found[pk] = max(found.get(pk, criticality), criticality, key=CRITICALITY.index)
    return found


def _slo(trust: Any, now: dt.datetime) -> Mark:
    return next(mark for mark in marks(trust or TrustFacts(), now) if mark.key == "slos")
