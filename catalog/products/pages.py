"""What the reading pages of products show, gathered in a fixed number of queries whatever the product's size."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.connections.models import Connection
from catalog.domains.selectors import DomainStep, path_to
from catalog.products import reach, tabs
from catalog.products.discretion import UNSEEN_PORT, UNSEEN_STORE
from catalog.products.models import DataProduct, Lifecycle, OutputPort, Stewardship
from catalog.products.snippets import Place, Snippet, snippets_for
from catalog.products.versions import version_key

SHOWN_NEIGHBOURS = 12  # products above and below on the overview; the lineage page shows all


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page of a product has around it: address, people, rights, tabs."""

    product: DataProduct
    domain_path: list[DomainStep]
    tabs: list[tabs.ShownTab]
    can_edit: bool
    can_publish: bool
    people: list[tuple[str, list[User]]]  # role label -> people, in the order of the roles
    successor: DataProduct | None  # only when the reader may see it

    @property
    def is_unpublished(self) -> bool:
        return not self.product.is_published

    @property
    def is_past_sunset(self) -> bool:
        sunset: date | None = self.product.sunset_at
        return sunset is not None and sunset < timezone.localdate()

    @property
    def contacts(self) -> list[User]:
        """Whom to ask: every active person in charge, once."""
        found = {user.pk: user for _, users in self.people for user in users if user.is_active}
        return list(found.values())


def frame_of(user: User, product: DataProduct) -> Frame:
    """The frame; `product` comes from `addresses.find_product`, which loads what is needed."""
    successor = product.successor
    if successor and not DataProduct.objects.visible_to(user).filter(pk=successor.pk).exists():
        successor = None
    return Frame(
        product=product,
        domain_path=path_to(user, product.domain),
        tabs=tabs.tabs_for(product, user),
        can_edit=kernel.can(user, "product.edit", product),
        can_publish=kernel.can(user, "product.publish", product),
        people=_people(product),
        successor=successor,
    )


def _people(product: DataProduct) -> list[tuple[str, list[User]]]:
    held = list(product.stewardships.all())
    return [
        (role.label, [item.user for item in held if item.role == role])
        for role in Stewardship.Role
        if any(item.role == role for item in held)
    ]


@dataclass
class PortRow:
    """A port as a row of the overview or the head of its own page."""

    port: OutputPort
    is_newest: bool = True

    @cached_property
    def snippets(self) -> list[Snippet]:
        port = self.port
        config = port.connection.config if port.connection else {}
        address = port.asset.address if port.asset else {}
        kind = port.connection.kind if port.connection else ""
        return snippets_for(Place(kind, config, address, port.location, port.format))

    @property
    def is_vanished(self) -> bool:
        return bool(self.port.asset and self.port.asset.vanished_at)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A product above or below, as far as the reader may see it; otherwise the words of a declaration without port."""

    product: DataProduct | None
    words: str = ""


@dataclass
class Overview:
    ports: list[PortRow]
    inputs: list[Neighbour] = field(default_factory=list)
    consumers: list[DataProduct] = field(default_factory=list)
    more_consumers: int = 0
    hidden_consumers: int = 0
    other_consumers: int = 0  # people and teams

    @property
    def kinds(self) -> list[str]:
        return sorted({row.port.get_kind_display() for row in self.ports})


def overview_of(user: User, product: DataProduct) -> Overview:
    """The overview: ports, what the product is made from, who uses it."""
    ports = _rows(ports_of(product))
    ids, others = reach.direct_readers(*(row.port for row in ports))
    consumers = DataProduct.objects.filter(pk__in=ids).exclude(lifecycle=Lifecycle.RETIRED)
    visible = consumers.visible_to(user)
    count = visible.count()
    return Overview(
        ports=ports,
        inputs=_inputs(user, product),
        consumers=list(visible.select_related("domain").order_by("name", "pk")[:SHOWN_NEIGHBOURS]),
        more_consumers=max(count - SHOWN_NEIGHBOURS, 0),
        hidden_consumers=consumers.count() - count,
        other_consumers=len(others),
    )


def ports_of(product: DataProduct) -> QuerySet[OutputPort]:
    """The product's ports with what a row shows."""
    ports: QuerySet[OutputPort] = product.output_ports.select_related("trust", "connection", "asset")
    return ports.order_by("name")


def _rows(ports: QuerySet[OutputPort]) -> list[PortRow]:
    ordered = sorted(ports, key=lambda port: version_key(port.version), reverse=True)
    ordered.sort(key=lambda port: port.name)
    newest: set[str] = set()
    rows = []
    for port in ordered:
        rows.append(PortRow(port, is_newest=port.name not in newest))
        newest.add(port.name)
    return rows


def _inputs(user: User, product: DataProduct) -> list[Neighbour]:
    declared = list(product.input_ports.select_related("upstream_port__product__domain"))
    above = {item.upstream_port.product_id for item in declared if item.upstream_port}
    seen = set(DataProduct.objects.visible_to(user).filter(pk__in=above).values_list("pk", flat=True))
    found: dict[object, Neighbour] = {}
    for item in declared:
        port = item.upstream_port
        if port and port.product_id in seen:
            found.setdefault(port.product_id, Neighbour(port.product, f"{port.name} {port.version}"))
        else:
            found[f"declared {item.pk}"] = Neighbour(None, item.reference if not port else UNSEEN_PORT)
    return list(found.values())


@dataclass
class PortPage:
    row: PortRow
    others: list[PortRow]  # the other versions of the same name, newest first
    reading: Any  # the latest AssetReading, None before the first crawl
    identifier: str  # the product's key, name and version of the port
    store: str  # through which it is read, as far as the reader may know of it


def port_page_of(user: User, product: DataProduct, name: str, version: str) -> PortPage:
    """The page of one port; raises NotFound when the product has no such port."""
    rows = _rows(ports_of(product).filter(name=name))
    row = next((row for row in rows if row.port.version == version), None)
    if row is None:
        raise NotFound("This product has no such port.", remedy="See the product for the ports it has.")
    reading = row.port.asset.readings.order_by("-read_at").first() if row.port.asset else None
    others = [other for other in rows if other is not row]
    return PortPage(
        row, others, reading, f"{product.key}/{name}/{version}", _store(user, row.port.connection)
    )


def _store(user: User, connection: Connection | None) -> str:
    if connection is None:
        return ""
    return connection.name if kernel.can(user, "connection.view", connection) else UNSEEN_STORE
