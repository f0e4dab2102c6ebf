"""The rows of an answer with everything a page shows of them, in a fixed number of queries however many there are.

Only the columns that are shown are read, past Django's making of objects, which took most of a page's time."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.accounts.models import User
from catalog.products.models import DataProduct, OutputPort
from catalog.slos.models import ServiceLevelObjective
from catalog.trust.marks import Mark, TrustFacts, objectives_mark
from lineage.impact.csr import Walk
from lineage.impact.rows import DIRECT, batched
from lineage.impact.shown import Named, Port, Product, Row, Step
from lineage.models import Column

CRITICALITY = ("low", "medium", "high", "critical")  # from least to worst
_AT_ONCE = 500
_PRODUCT = ("pk", "name", "slug", "lifecycle", "domain__name", "domain__slug", "team__name", "team__slug")
_PROMISES = (
    "trust__slo_status",
    "trust__slo_budget",
    "trust__slo_measured_at",
    "trust__slo_valid_until",
)


class Rows:
    """Loads rows of one walk for one reader; whether they may see each is asked of the database here once more."""

    def __init__(self, user: User, walk: Walk, is_products: bool) -> None:
        self.user, self.walk, self.is_products = user, walk, is_products
        self.now = timezone.now()

    def load(self, places: Sequence[int]) -> list[Row]:
        """The rows of `places` in their order; without those that were taken out of sight meanwhile."""
        if not places:
            return []
        ways = {place: self.walk.path(place) for place in places}
        needed = sorted({place for way in ways.values() for place in way})
        ids = dict(zip(needed, self.walk.ids_of(needed), strict=True))
        via = dict(zip(ways, self.walk.via_of(list(ways)), strict=True))
        return (self._products if self.is_products else self._columns)(ways, ids, via)

    def _products(
        self, ways: Mapping[int, list[int]], ids: Mapping[int, int], via: Mapping[int, int]
    ) -> list[Row]:
        seen = self._visible(set(ids.values()))
        ports = self._ports({port for port in via.values() if port >= 0}, seen)
        steps = {place: Step(seen[pk][0].name, seen[pk][0].url) for place, pk in ids.items() if pk in seen}
        shown = {place: seen[ids[place]] for place in ways if ids[place] in seen}
        keys = {product.pk for product, _ in shown.values()}
        agreements = _agreements("port__product", keys, self.now)
        critical = _criticality("port__product", keys)
        return [
            Row(
                int(self.walk.depth[place]), product, ports.get(via[place]), "", None,
                agreements.get(product.pk, 0), critical.get(product.pk, ""), slo, _way(ways[place], steps),
            )
            for place, (product, slo) in shown.items()
        ]  # fmt: skip

    def _columns(
        self, ways: Mapping[int, list[int]], ids: Mapping[int, int], via: Mapping[int, int]
    ) -> list[Row]:
        columns = _paths(set(ids.values()))
        offers = self._offers({asset for asset, _ in columns.values()})
        at = {place: columns[pk] for place, pk in ids.items() if pk in columns and columns[pk][0] in offers}
        steps = {}
        for place, (asset, path) in at.items():
            port, _ = offers[asset]
            steps[place] = Step(f"{port.product.name}.{path}", port.url)
        shown = {place: (*offers[at[place][0]], at[place][1]) for place in ways if place in at}
        keys = {port.pk for port, *_ in shown.values()}
        agreements, critical = _agreements("port", keys, self.now), _criticality("port", keys)
        return [
            Row(
                int(self.walk.depth[place]), port.product, port, path, via[place] == DIRECT,
                agreements.get(port.pk, 0), critical.get(port.pk, ""), slo, _way(ways[place], steps),
            )
            for place, (port, slo, path) in shown.items()
        ]  # fmt: skip

    def _visible(self, ids: set[int]) -> dict[int, tuple[Product, Mark]]:
        """Products one may see, with what is said of their objectives."""
        found = {}
        for some in batched(sorted(ids), _AT_ONCE):
            rows = DataProduct.objects.visible_to(self.user).filter(pk__in=some).order_by()
            for row in rows.values_list(*_PRODUCT, *_PROMISES):
                product = _product(row[: len(_PRODUCT)])
                found[product.pk] = product, self._slo(row[len(_PRODUCT) :])
        return found

    def _ports(self, ids: set[int], seen: Mapping[int, tuple[Product, Mark]]) -> dict[int, Port]:
        """Ports of the products that may be seen."""
        rows = OutputPort.objects.filter(pk__in=ids, product__in=seen).order_by()
        return {
            pk: Port(pk, name, version, seen[product][0])
            for pk, name, version, product in rows.values_list("pk", "name", "version", "product_id")
        }

    def _offers(self, assets: set[int]) -> dict[int, tuple[Port, Mark]]:
        """The first port one may see of each asset, with what is said of its objectives."""
        found: dict[int, tuple[Port, Mark]] = {}
        names = [f"product__{name}" for name in _PRODUCT]
        for some in batched(sorted(assets), _AT_ONCE):
            ports = OutputPort.objects.visible_to(self.user).filter(asset__in=some).order_by("pk")
            rows = ports.values_list("asset_id", "pk", "name", "version", *_PROMISES, *names)
            for asset, pk, name, version, *row in rows:
                if asset not in found:
                    product = _product(row[len(_PROMISES) :])
                    found[asset] = Port(pk, name, version, product), self._slo(row[: len(_PROMISES)])
        return found

    def _slo(self, promises: Sequence[Any]) -> Mark:
        status, budget, measured_at, valid_until = promises
        facts = TrustFacts(
            slo_status=status or "", slo_budget=budget, slo_measured_at=measured_at, slo_valid_until=valid_until
        )  # fmt: skip
        return objectives_mark(facts, self.now)


def _product(row: Sequence[Any]) -> Product:
    pk, name, slug, lifecycle, domain, domain_slug, team, team_slug = row
    owner = None if team_slug is None else Named(team, team_slug)
    return Product(pk, name, slug, lifecycle, Named(domain, domain_slug), owner)


def _paths(ids: set[int]) -> dict[int, tuple[int, str]]:
    """Columns as asset and path."""
    return {
        pk: (asset, path)
        for some in batched(sorted(ids), _AT_ONCE)
        for pk, asset, path in Column.objects.filter(pk__in=some).values_list("pk", "asset_id", "path")
    }


def _way(path: Iterable[int], named: Mapping[int, Step]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for place in path:
        step = named.get(place) or Step()
        if step.url or not steps or steps[-1].url:
            steps.append(step)
    return tuple(steps)


def _agreements(name: str, ids: set[int], now: dt.datetime) -> dict[int, int]:
    """How many agreements stand (scheduled ones too) by port or product."""
    rows = Agreement.objects.standing(now).filter(**{f"{name}__in": ids}).order_by()
    return dict(rows.values_list(name).annotate(count=Count("pk")))


def _criticality(name: str, ids: set[int]) -> dict[int, str]:
    """The most critical of the objectives that are promised by port or product."""
    rows: Any = ServiceLevelObjective.objects.filter(ended_at=None, **{f"{name}__in": ids}).order_by()
    found: dict[int, str] = {}
    for pk, criticality in rows.values_list(name, "criticality").distinct():
        found[pk] = max(found.get(pk, criticality), criticality, key=CRITICALITY.index)
    return found
