"""What a question of impact is about: a product, one of its ports, or a column of a port, named in an address."""

from dataclasses import dataclass

from catalog.accounts.models import User
from catalog.common.errors import Invalid, NotFound, Problem
from catalog.products.models import DataProduct, OutputPort
from catalog.schemas.models import Field
from catalog.schemas.selectors import newest_observed_ids
from lineage.impact.rows import COLUMNS, PRODUCTS
from lineage.models import Column
from lineage.nodes import find_focus, port_key, product_key

PRODUCT_LEVEL, COLUMN_LEVEL = "product", "column"
LEVELS = (PRODUCT_LEVEL, COLUMN_LEVEL)


@dataclass(frozen=True, slots=True)
class Node:
    """A product, with the port and the path of a column where one was named; `column_id` where lineage knows it."""

    product: DataProduct
    port: OutputPort | None = None
    path: str = ""
    column_id: int | None = None

    @property
    def key(self) -> str:
        if self.port is None:
            return product_key(self.product)
        return (
            column_key(self.port, self.product, self.path) if self.path else port_key(self.port, self.product)
        )

    @property
    def name(self) -> str:
        where = f"{self.product.name}, port {self.port}" if self.port else self.product.name
        return f"{where}, column {self.path}" if self.path else where

    @property
    def kind(self) -> str:
        return "column" if self.path else "port" if self.port else "product"

    @property
    def url(self) -> str:
        return (self.port or self.product).get_absolute_url()


def column_key(port: OutputPort, product: DataProduct, path: str) -> str:
    """`column:domain/slug/port/version/path`; the path is the rest and may hold slashes."""
    return f"column:{product.key}/{port.name}/{port.version}/{path}"


def find_node(user: User, key: str) -> Node:
    """The node named by `key`, if `user` may see it.

    Raises Invalid when the key is no node's name at all, NotFound when there is no such node (or none to be seen).
    """
    kind, _, rest = key.partition(":")
    if kind != "column":
        if kind not in ("product", "port"):
            raise _no_name()
        focus = find_focus(user, key)
        return Node(focus.product, focus.port)
    parts = rest.split("/", 4)
    if len(parts) != 5 or not all(parts) or len(parts[4]) > 500:
        raise _no_name()
    focus = find_focus(user, f"port:{'/'.join(parts[:4])}")
    columns = Column.objects.filter(asset=focus.port.asset_id, path=parts[4]) if focus.port else None
    column_id = columns.values_list("pk", flat=True).first() if columns is not None else None
    if focus.port is None or (column_id is None and not _is_in_schema(focus.port, parts[4])):
        raise NotFound("The port has no such column.", remedy="Look at the schema on the product's page.")
    return Node(focus.product, focus.port, parts[4], column_id)


def _no_name() -> Invalid:
    words = "Name a node as product:domain/slug, port:domain/slug/name/version or column:…/version/path."
    return Invalid("This is not the name of a lineage node.", problems=[Problem("node", "node-name", words)])


def _is_in_schema(port: OutputPort, path: str) -> bool:
    """Whether a schema knows of the column."""
    if port.asset_id is not None:
        observed = newest_observed_ids([port.asset_id]).get(port.asset_id)
        if observed and Field.objects.filter(schema=observed, path=path).exists():
            return True
    declared = port.declared_schema_id
    return declared is not None and Field.objects.filter(schema=declared, path=path).exists()


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a walk begins: in which graph, from which of its nodes; `first_label` is the port one asked about."""

    graph: str
    starts: tuple[int, ...]
    first_label: int | None = None


def beginning(node: Node, level: str, *, down: bool) -> Beginning:
    """Products walk by ports; columns, and what is asked for at the level of columns, walk by columns."""
    if level == PRODUCT_LEVEL:
        only = node.port.pk if node.port is not None and down else None
        return Beginning(PRODUCTS, (node.product.pk,), only)
    if node.path:
        return Beginning(COLUMNS, () if node.column_id is None else (node.column_id,))
    columns = Column.objects.order_by("pk")
    if node.port is None:
        offered = node.product.output_ports.exclude(asset=None).values("asset")
        columns = columns.filter(asset__in=offered)
    else:
        columns = columns.filter(asset=node.port.asset_id)
    return Beginning(COLUMNS, tuple(columns.values_list("pk", flat=True)))
