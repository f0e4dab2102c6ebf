"""What rows of results show of products, ports and domains: plain facts, read in three queries whatever their number.

Only the columns a row needs are read, and no model instances are made: a page of results is asked for more often than
any other, and instances were half of its time. Rights are checked here, in the queries.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final
from urllib.parse import urlencode

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.addresses import address
from catalog.common.prepared import Prepared
from catalog.domains.models import Domain
from catalog.products.models import DataProduct, OutputPort
from catalog.trust.marks import TrustFacts

_TRUST: Final = tuple(field.name for field in fields(TrustFacts))
_PRODUCT: Final = ("pk", "slug", "name", "purpose", "description", "usage", "limitations", "lifecycle")
_PORT: Final = ("pk", "name", "version", "title", "description", "kind")
UNKNOWN: Final = TrustFacts()
_KINDS: Final[Mapping[str, str]] = dict(OutputPort.Kind.choices)


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """A step of the path that leads to a product's domain."""

    path: str
    slug: str
    name: str
    hue: int


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """A product as rows show it; `team` is "" where no team answers for it."""

    id: int
    slug: str
    name: str
    purpose: str
    description: str
    usage: str
    limitations: str
    lifecycle: str
    domains: tuple[DomainFacts, ...]  # from the root down to its own
    domain: str  # slug of its own domain
    team: str
    trust: TrustFacts

    @property
    def key(self) -> str:
        return f"{self.domain}/{self.slug}"

    @property
    def url(self) -> str:
        return address("products:detail", self.domain, self.slug)


@dataclass(frozen=True, slots=True)
class PortFacts:
    """A port of a product as rows show it."""

    id: int
    name: str
    version: str
    title: str  # its name where it has no title
    description: str
    kind: str
    product: ProductFacts
    trust: TrustFacts

    @property
    def kind_label(self) -> str:
        return _KINDS.get(self.kind, self.kind)

    @property
    def key(self) -> str:
        return f"{self.product.key}/{self.name}/{self.version}"

    @property
    def url(self) -> str:
        return address("products:port", self.product.domain, self.product.slug, self.name, self.version)

    def column_url(self, path: str) -> str:
        """The schema of the port with the column picked out."""
        schema = address("schemas:fields", self.product.domain, self.product.slug)
        return f"{schema}?{urlencode({'port': f'{self.name}/{self.version}', 'column': path})}#selected"


def read_products(user: User, ids: Collection[int]) -> dict[int, ProductFacts]:
    """The products among `ids` that `user` may see, by id. Two queries."""
    rows = _PRODUCTS.rows(ids, given=(user,), under=kernel.held_tokens(user))
    at = len(_PRODUCT)
    paths = _paths({row[at + 1] for row in rows})
    found = {}
    for row in rows:
        slug, path, team, *trust = row[at:]
        facts = _trust(trust, has_team=team is not None)
        shown = (*row[:at], paths[path], slug, team or "", facts)
        found[row[0]] = ProductFacts(*shown)
    return found


def read_ports(
    products: Mapping[int, ProductFacts], ids: Collection[int], *, with_trust: bool
) -> dict[int, PortFacts]:
    """The ports among `ids` that belong to these products, by id. One query, none without ids.

    Without their trust they are read in a third of the time; it then says that nothing was measured."""
    if not ids:
        return {}
    chosen = _PORTS.rows(ids, products.keys(), given=(with_trust,), under=with_trust)
    found = {}
    for pk, name, version, title, description, kind, product_id, *trust in chosen:
        product = products[product_id]
        facts = _trust(trust, has_team=bool(product.team)) if with_trust else UNKNOWN
        found[pk] = PortFacts(pk, name, version, title or name, description, kind, product, facts)
    return found


def _product_rows(ids: list[int], user: User) -> Any:
    around = ("domain__slug", "domain__path", "team__name")
    rows = DataProduct.objects.visible_to(user).filter(pk__in=ids).order_by()
    return rows.values_list(*_PRODUCT, *around, *(f"trust__{name}" for name in _TRUST))


def _port_rows(ids: list[int], products: list[int], with_trust: bool) -> Any:
    trust = (f"trust__{name}" for name in _TRUST if with_trust)
    rows = OutputPort.objects.filter(pk__in=ids, product_id__in=products).order_by()
    return rows.values_list(*_PORT, "product_id", *trust)


def _domain_rows(paths: list[str]) -> Any:
    return Domain.objects.order_by().filter(path__in=paths).values_list("path", "slug", "name", "hue")


_PRODUCTS: Final = Prepared(DataProduct, _product_rows)
_PORTS: Final = Prepared(OutputPort, _port_rows)
_DOMAINS: Final = Prepared(Domain, _domain_rows)


def _trust(values: Iterable[Any], *, has_team: bool) -> TrustFacts:
    """The trust row; before the first measurement what the catalog alone knows (see `trust.selectors.trust_of`)."""
    found = tuple(values)
    has_row = found[_TRUST.index("has_owner")] is not None
    return TrustFacts(*found) if has_row else TrustFacts(has_owner=has_team)


def _paths(paths: Collection[str]) -> dict[str, tuple[DomainFacts, ...]]:
    """Path of a domain -> the domains from the root down to it."""
    steps = Domain.steplen
    needed = {path[:end] for path in paths for end in range(steps, len(path) + 1, steps)}
    known = {row[0]: DomainFacts(*row) for row in _DOMAINS.rows(needed)}
    return {
        path: tuple(known[path[:end]] for end in range(steps, len(path) + 1, steps) if path[:end] in known)
        for path in paths
    }
