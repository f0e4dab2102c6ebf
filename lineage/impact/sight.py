"""What of an answer one may see, and what of that was asked for: products by the permission kernel, columns by the
products that offer their asset.

Small answers ask about just what was reached. Large ones ask for everything a person may see, once: it is kept in the
process under the version of the mesh (`catalog.audit.remembered`), so a change of any right, claim or product makes it
be read again. What is kept are sorted numbers of products and assets; which of the nodes of an answer are among them is
a matter of arrays (`lineage.impact.answers`). Rows of a page are asked for once more when they are loaded.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection, connections
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit.remembered import from_primary, mesh_version
from catalog.common.errors import Invalid, Problem
from catalog.domains.models import Domain
from catalog.products.models import DataProduct, OutputPort
from lineage.impact.csr import NO_INTS, Array, Ints

FEW = 400  # nodes that are asked about one by one
STATES = (
    ("good", "Kept"), ("warning", "At risk"), ("bad", "Missed"), ("unknown", "Unknown"), ("none", "Nothing promised"),
)  # fmt: skip
_MOST_KEPT = 16  # scopes and narrowings of a process; some 0.3 MB each for 10,000 assets
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an answer is narrowed to: an owning team, a domain with those below it, states of objectives."""

    owner: str = ""
    domain: str = ""
    states: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        return not (self.owner or self.domain or self.states)

    def products(self, user: User) -> "QuerySet[DataProduct]":
        """Those `user` may see that fit. Raises Invalid for a state or a domain that is none."""
        rows = DataProduct.objects.visible_to(user).order_by()
        if self.owner:
            rows = rows.filter(team__slug=self.owner)
        if self.domain:
            domain = Domain.objects.visible_to(user).filter(slug=self.domain).first()
            if domain is None:
                raise _no_choice("domain", "There is no such domain, or you may not see it.")
            rows = rows.filter(domain__path__startswith=domain.path)
        if self.states:
            rows = rows.filter(_in_states(self.states))
        return rows


def _in_states(states: tuple[str, ...]) -> Q:
    known = dict(STATES)
    if wrong := [state for state in states if state not in known]:
        raise _no_choice("state", f"{wrong[0][:40]} is no state. Use one of {', '.join(known)}.")
    current = Q(trust__slo_valid_until__gte=timezone.now())
    judged = [state for state in states if state in ("good", "warning", "bad")]
    found = current & Q(trust__slo_status__in=judged) if judged else Q(pk__in=[])
    promised = Q(trust__isnull=False) & ~Q(trust__slo_status="")
    if "unknown" in states:
        found |= promised & (
            ~Q(trust__slo_status__in=("good", "warning", "bad")) | Q(trust__slo_valid_until=None)
        )
        found |= promised & Q(trust__slo_valid_until__lt=timezone.now())
    if "none" in states:
        found |= Q(trust=None) | Q(trust__slo_status="")
    return found


def _no_choice(path: str, words: str) -> Invalid:
    return Invalid("The answer cannot be narrowed like that.", problems=[Problem(path, "choice", words)])


@dataclass(frozen=True, slots=True)
class Claims:
    """Which product offers which asset: columns of equal length, by asset, the port of the lowest number first."""

    asset: Ints = field(default_factory=lambda: NO_INTS)
    product: Ints = field(default_factory=lambda: NO_INTS)

    def of(self, products: Ints) -> "Claims":
        """Those of some products only."""
        kept = among(self.product, products)
        return Claims(self.asset[kept], self.product[kept])


@dataclass(frozen=True, slots=True)
class Sight:
    """What nodes belong to, products or assets, as sorted numbers: which of them may be seen, and which of those fit
    the question; at least for those that were reached. `under` is the product each fitting one is told under, `offered`
    the assets that any product offers."""

    seen: Ints
    fitting: Ints
    under: Ints
    offered: Ints


def among(values: Array, these: Ints) -> Any:
    """Which of `values` are among the sorted numbers `these`."""
    if not len(these):
        return np.zeros(len(values), np.bool_)
    return these[np.minimum(np.searchsorted(these, values), len(these) - 1)] == values


def sight_of_products(user: User, wanted: Wanted, reached: Ints) -> Sight:
    """For the products `reached`."""
    seen = _products(user, Wanted(), reached)
    fitting = seen if wanted.is_everything else _products(user, wanted, reached)
    return Sight(seen, fitting, fitting, NO_INTS)


def sight_of_assets(user: User, wanted: Wanted, reached: Ints) -> Sight:
    """For the assets `reached`: one may see those that a product offers which one may see."""
    if len(reached) <= FEW:
        return _sight(user, wanted, claims_on(reached))
    return kept(_key("assets", user, wanted), lambda: _sight(user, wanted, claims_on(reached)))


def _sight(user: User, wanted: Wanted, claims: Claims) -> Sight:
    everyone = np.unique(claims.product)
    products = _products(user, Wanted(), everyone)
    visible = claims.of(products)
    chosen = visible if wanted.is_everything else claims.of(_products(user, wanted, everyone))
    fitting, first = np.unique(chosen.asset, return_index=True)
    return Sight(np.unique(visible.asset), fitting, chosen.product[first], np.unique(claims.asset))


def _products(user: User, wanted: Wanted, reached: Ints) -> Ints:
    """The products among `reached` (or more) that `user` may see and that fit, sorted."""
    rows = wanted.products(user)
    if len(reached) <= FEW:
        return _sorted(rows.filter(pk__in=reached.tolist()).values_list("pk"))
    return kept(_key("products", user, wanted), lambda: _sorted(rows.values_list("pk")))


def _key(what: str, user: User, wanted: Wanted) -> tuple[Any, ...]:
    """States of objectives run out by the clock, at which the version of the mesh does not change."""
    minute = f"{timezone.now():%d %H:%M}" if wanted.states else ""
    return what, kernel.scope(user), wanted, minute


def claims_on(assets: Ints) -> Claims:
    """Who offers the assets (or more of them than those)."""
    ports = OutputPort.objects.exclude(asset=None)
    if len(assets) <= FEW:
        return _claims(ports.filter(asset__in=assets.tolist()))
    return kept(("claims",), lambda: _claims(ports))


def _claims(ports: "QuerySet[OutputPort]") -> Claims:
    rows = _columns(ports.order_by("asset_id", "pk").values_list("asset_id", "product_id"), 2)
    return Claims(*rows)


def _sorted(rows: "QuerySet[Any, Any]") -> Ints:
    return np.sort(_columns(rows.order_by(), 1)[0])


def _columns(rows: "QuerySet[Any, Any]", width: int) -> list[Ints]:
    """The rows as columns, past Django's making of objects."""
    try:
        sql, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return [NO_INTS] * width
    with connections[rows.db].cursor() as cursor:
        cursor.execute(sql, parameters)
        found = cursor.fetchall()
    held = np.array(found, np.int64).reshape(len(found), width)
    return [np.ascontiguousarray(held[:, place]) for place in range(width)]


_memory: OrderedDict[Any, Any] = OrderedDict()


def kept(key: tuple[Any, ...], compute: Callable[[], T]) -> T:
    """`compute()`, or what it gave before for the same key and version of the mesh."""
    version = None if connection.in_atomic_block or not settings.REMEMBER_SECONDS else mesh_version()
    if version is None:
        return compute()
    whole = (version, repr(key))
    found: T | None = _memory.get(whole)
    if found is None:
        found = _memory[whole] = from_primary(compute)
        while len(_memory) > _MOST_KEPT:
            _memory.popitem(last=False)
    return found
