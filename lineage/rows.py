"""What a box shows below its head: its ports, and where asked for the columns that lineage knows of."""

from collections.abc import Collection
from dataclasses import dataclass

from catalog.common.addresses import address as address_of
from catalog.products.models import OutputPort
from lineage.address import Address
from lineage.columns import Place
from lineage.looking import Looking
from lineage.selectors import Neighbourhood, Node

HEAD_HEIGHT = 50.0
ROW_HEIGHT = 22.0
PORTS_SHOWN = 8
COLUMNS_SHOWN = 12
LETTERS = 29


@dataclass(frozen=True, slots=True)
class Row:
    """One line inside a box: a port, one of its columns, or how many more there are. `key` names a column."""

    label: str
    url: str
    y: float  # from the box's upper edge
    kind: str  # port, column, more
    port_id: int
    is_focus: bool = False
    is_hit: bool = False
    key: str = ""

    @property
    def baseline(self) -> float:
        return self.y + 15

    @property
    def middle(self) -> float:
        return self.y + ROW_HEIGHT / 2


def cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def port_url(node: Node, port: OutputPort) -> str:
    product = node.product
    return address_of("products:port", product.domain.slug, product.slug, port.name, port.version)


def column_key(place: Place) -> str:
    return f"{place[0]}:{place[1]}"


def level_of(address: Address, node: Node) -> str:
    """How much this box shows: what was chosen for all, or for it alone."""
    key = node.product.key
    for level in ("column", "port"):
        if (level, key) in address.expanded:
            return level
    return address.level if address.level in ("port", "column") else "product"


def with_columns(found: Neighbourhood, address: Address) -> Collection[int]:
    """The products whose columns are shown."""
    return [pk for pk, node in found.nodes.items() if level_of(address, node) == "column"]


def rows_of(found: Neighbourhood, node: Node, address: Address, looking: Looking) -> list[Row]:
    level = level_of(address, node)
    if level == "product":
        return []
    rows: list[Row] = []

    def y() -> float:
        return HEAD_HEIGHT + len(rows) * ROW_HEIGHT

    focus = found.focus.port
    for port in node.ports[:PORTS_SHOWN]:
        label, url = f"{port.name} {port.version}", port_url(node, port)
        is_focus = focus is not None and port.pk == focus.pk
        rows.append(Row(cut(label, LETTERS - 2), url, y(), "port", port.pk, is_focus, looking.is_hit(label)))
        if level != "column":
            continue
        columns = looking.columns.of_port.get(port.pk, [])
        for path in columns[:COLUMNS_SHOWN]:
            key = column_key((port.pk, path))
            hit = looking.is_hit(path)
            rows.append(Row(cut(path, LETTERS - 4), url, y(), "column", port.pk, False, hit, key))
        if len(columns) > COLUMNS_SHOWN:
            rows.append(Row(f"and {len(columns) - COLUMNS_SHOWN} more columns", url, y(), "more", port.pk))
    if len(node.ports) > PORTS_SHOWN:
        product = node.product
        url = address_of("products:detail", product.domain.slug, product.slug)
        rows.append(Row(f"and {len(node.ports) - PORTS_SHOWN} more ports", url, y(), "more", 0))
    return rows


def height_of(rows: list[Row]) -> float:
    return HEAD_HEIGHT + (len(rows) * ROW_HEIGHT + 4 if rows else 0)
