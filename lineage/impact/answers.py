"""The answer to a question of impact: everything reached, filtered, counted exactly, in order; rows are loaded when
they are read.

The walk goes through what one may not see, because what lies behind it breaks all the same; such nodes are counted, and
stand in paths as something without a name.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import Case, F, IntegerField, Max, Q, QuerySet, Value, When
from django.utils import timezone

from catalog.accounts.models import User
from catalog.common.errors import Invalid, Problem
from catalog.products.models import DataProduct
from lineage.impact.csr import Array, Ints, Walk
from lineage.impact.finding import LEVELS, PRODUCT_LEVEL, Beginning, Node, beginning
from lineage.impact.loading import CRITICALITY, Row, Rows
from lineage.impact.rows import PRODUCTS
from lineage.impact.sight import FEW, Claims, Wanted, among, claims_on, products_seen
from lineage.impact.snapshot import Freshness
from lineage.impact.walking import Question, groups_of, walked

SORTS = ("depth", "product", "owner", "domain", "state", "criticality")
DOWN, UP = "downstream", "upstream"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with everything that shapes its answer; `steps` None: as far as it goes."""

    node: Node
    way: str = DOWN
    level: str = PRODUCT_LEVEL
    steps: int | None = None
    wanted: Wanted = field(default_factory=Wanted)
    sort: str = "depth"
    direct_only: bool = False

    def __post_init__(self) -> None:
        problems = []
        if self.sort.removeprefix("-") not in SORTS:
            problems.append(Problem("sort", "choice", f"Sort by one of {', '.join(SORTS)}."))
        if self.level not in LEVELS:
            problems.append(Problem("level", "choice", f"Level is one of {', '.join(LEVELS)}."))
        if problems:
            raise Invalid("The question cannot be answered as asked.", problems=problems)


class Found:
    """An answer as a list that loads its rows when they are read; `len` is exact, after the permission filter.

    `hidden` counts nodes that are reached and may not be seen, `unoffered` columns of data that no product offers.
    """

    def __init__(self, user: User, asked: Asked) -> None:
        self.user, self.asked = user, asked
        begin = beginning(asked.node, asked.level, down=asked.way == DOWN)
        self.is_known = bool(begin.starts)
        self.walk, self.freshness = _walk(asked, begin)
        self.is_products = begin.graph == PRODUCTS
        starts = len(set(begin.starts))
        self.groups = self.walk.ids if self.is_products else groups_of(self.walk)
        reached = np.unique(self.groups[starts:])
        self.claims = Claims() if self.is_products else claims_on(reached)
        everyone = reached if self.is_products else np.unique(self.claims.product)
        seen = products_seen(user, Wanted(), everyone)
        chosen = seen if asked.wanted.is_everything else products_seen(user, asked.wanted, everyone)
        is_seen, fits = self._sees(seen), self._sees(chosen)
        is_seen[:starts] = fits[:starts] = False
        self.hidden, self.unoffered = self._unseen(is_seen, starts)
        self.places: Array = np.flatnonzero(fits)
        self._order(chosen)
        self.deepest = int(self.walk.depth[self.places].max(initial=0))

    def _sees(self, products: Ints) -> Any:
        if self.is_products:
            return among(self.groups, products)
        self.visible_claims = self.claims.of(products)
        return among(self.groups, np.unique(self.visible_claims.asset))

    def _unseen(self, is_seen: Any, starts: int) -> tuple[int, int]:
        rest = np.flatnonzero(~is_seen[starts:]) + starts
        if self.is_products:
            there = (
                DataProduct.objects.filter(pk__in=self.groups[rest].tolist()[:FEW])
                if len(rest) <= FEW
                else None
            )
            return (there.count() if there is not None else len(rest)), 0
        offered = among(self.groups[rest], np.unique(self.claims.asset))
        return int(offered.sum()), int(len(rest) - offered.sum())

    def _order(self, chosen: Ints) -> None:
        key = self.asked.sort.removeprefix("-")
        if key != "depth":
            ranks = _ranks(key, chosen)
            own = self._products_of(self.groups[self.places])
            at = np.minimum(np.searchsorted(ranks[0], own), max(len(ranks[0]) - 1, 0))
            rank = ranks[1][at] if len(ranks[0]) else np.zeros(len(own), np.int64)
            order = np.lexsort((np.arange(len(rank)), -rank if self.asked.sort.startswith("-") else rank))
            self.places = self.places[order]
        elif self.asked.sort.startswith("-"):
            self.places = self.places[
                np.lexsort((self.places, -self.walk.depth[self.places].astype(np.int64)))
            ]

    def _products_of(self, groups: Ints) -> Ints:
        """The product a row is told under: the first port's that offers its asset and may be seen."""
        if self.is_products or not len(self.visible_claims.asset):
            return groups
        return self.visible_claims.product[np.searchsorted(self.visible_claims.asset, groups)]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, part: slice) -> list[Row]:
        places = [int(place) for place in self.places[part]]
        return Rows(self.user, self.walk, self.groups, self.is_products).load(places)

    def __iter__(self) -> Iterator[Row]:
        """All rows, some hundred at a time: an export holds no more than that."""
        for start in range(0, len(self.places), _AT_ONCE):
            yield from self[start : start + _AT_ONCE]


def _walk(asked: Asked, begin: Beginning) -> tuple[Walk, Freshness]:
    from lineage.impact.rows import DIRECT

    only = DIRECT if asked.direct_only and begin.graph != PRODUCTS else None
    question = Question(
        begin.graph, begin.starts, asked.way == DOWN, asked.steps, begin.first_label, only_label=only
    )
    return walked(question)


def _ranks(key: str, chosen: Ints) -> tuple[Ints, Ints]:
    """Products sorted by number, and the place of each in the order asked for."""
    rows = _ORDERS[key](DataProduct.objects.order_by())
    if len(chosen) <= FEW:
        rows = rows.filter(pk__in=chosen.tolist())
    listed = np.array(list(rows.values_list("pk", flat=True)), np.int64)
    order = np.argsort(listed)
    return listed[order], order


def _by_state(rows: "QuerySet[DataProduct]") -> "QuerySet[DataProduct]":
    """Missed first, then at risk, unknown, kept, nothing promised."""
    current = Q(trust__slo_valid_until__gte=timezone.now())
    bad, warning, good = (current & Q(trust__slo_status=state) for state in ("bad", "warning", "good"))
    none = Q(trust=None) | Q(trust__slo_status="")
    place = Case(
        When(none, then=Value(4)), When(bad, then=Value(0)), When(warning, then=Value(1)), When(good, then=Value(3)),
        default=Value(2), output_field=IntegerField(),
    )  # fmt: skip
    return rows.annotate(state_place=place).order_by("state_place", "name", "pk")


def _by_criticality(rows: "QuerySet[DataProduct]") -> "QuerySet[DataProduct]":
    """The most critical promise first."""
    slo = "output_ports__slos__"
    places = [When(**{f"{slo}criticality": word}, then=Value(n + 1)) for n, word in enumerate(CRITICALITY)]
    worst = Max(
        Case(*places, default=Value(0), output_field=IntegerField()), filter=Q(**{f"{slo}ended_at": None})
    )
    return rows.annotate(worst=worst).order_by(F("worst").desc(nulls_last=True), "name", "pk")


_ORDERS: dict[str, Any] = {
    "product": lambda rows: rows.order_by("name", "pk"),
    "owner": lambda rows: rows.order_by(F("team__name").asc(nulls_last=True), "name", "pk"),
    "domain": lambda rows: rows.order_by("domain__name", "name", "pk"),
    "state": _by_state,
    "criticality": _by_criticality,
}
