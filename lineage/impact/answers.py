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
from lineage.impact.loading import CRITICALITY, Rows
from lineage.impact.rows import PRODUCTS
from lineage.impact.shown import Row
from lineage.impact.sight import FEW, Sight, Wanted, among, kept, sight_of_assets, sight_of_products
from lineage.impact.snapshot import Freshness
from lineage.impact.walking import Question, grouped, walked

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
        groups, group_at = grouped(self.walk, begin.graph)
        counts = np.bincount(group_at[starts:], minlength=len(groups))
        reached = np.sort(groups[counts > 0])
        sight = (sight_of_products if self.is_products else sight_of_assets)(user, asked.wanted, reached)
        self.hidden, self.unoffered = self._unseen(groups, counts, sight)
        fits = among(groups, sight.fitting).take(group_at)
        fits[:starts] = False
        self.places: Array = np.flatnonzero(fits)
        self._order(groups, group_at, sight)
        self.deepest = int(self.walk.depth[self.places].max(initial=0))

    def _unseen(self, groups: Ints, counts: Ints, sight: Sight) -> tuple[int, int]:
        """How many nodes may not be seen, and how many belong to nothing that is offered."""
        rest = (counts > 0) & ~among(groups, sight.seen)
        if self.is_products:
            gone = groups[rest]
            if len(gone) > FEW:
                return len(gone), 0
            return DataProduct.objects.filter(pk__in=gone.tolist()).count(), 0
        offered = among(groups, sight.offered)
        return int(counts[rest & offered].sum()), int(counts[rest & ~offered].sum())

    def _order(self, groups: Ints, group_at: Array, sight: Sight) -> None:
        if self.asked.sort == "depth" or not len(self.places):
            return  # it is the order in which a walk meets them
        key = self.asked.sort.removeprefix("-")
        if key == "depth":
            rank = self.walk.depth[self.places]
        else:
            at = np.minimum(np.searchsorted(sight.fitting, groups), max(len(sight.fitting) - 1, 0))
            own = sight.under[at] if len(sight.under) else groups
            rank = _ranks(key, sight.under, own)[group_at[self.places]]
        most = int(rank.max())
        rank = rank if key == self.asked.sort else most - rank
        # numbers of 16 bits are put in order in one pass
        rank = rank.astype(np.uint16) if most < 65_536 else rank
        self.places = self.places[np.argsort(rank, kind="stable")]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, part: slice) -> list[Row]:
        places = [int(place) for place in self.places[part]]
        return Rows(self.user, self.walk, self.is_products).load(places)

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


def _ranks(key: str, chosen: Ints, products: Ints) -> Ints:
    """The place of each of `products` in the order asked for, in which at least those `chosen` stand."""
    rows = _ORDERS[key](DataProduct.objects.order_by())
    if len(chosen) <= FEW:
        listed, places = _ordered(rows.filter(pk__in=chosen.tolist()))
    elif key in _NAMES:
        listed, places = kept(("order", key), lambda: _ordered(rows))
    else:  # moves with measurements and the clock, of which the version of the mesh knows nothing
        listed, places = _ordered(rows)
    if not len(listed):
        return np.zeros(len(products), np.int64)
    return places[np.minimum(np.searchsorted(listed, products), len(listed) - 1)]


def _ordered(rows: "QuerySet[DataProduct]") -> tuple[Ints, Ints]:
    """Products sorted by number, and the place of each among `rows`."""
    listed = np.array(list(rows.values_list("pk", flat=True)), np.int64)
    places = np.argsort(listed)
    return listed[places], places


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


_NAMES = frozenset({"product", "owner", "domain"})
_ORDERS: dict[str, Any] = {
    "product": lambda rows: rows.order_by("name", "pk"),
    "owner": lambda rows: rows.order_by(F("team__name").asc(nulls_last=True), "name", "pk"),
    "domain": lambda rows: rows.order_by("domain__name", "name", "pk"),
    "state": _by_state,
    "criticality": _by_criticality,
}
