"""The picture's table twin and its JSON: the same content for screen readers, spreadsheets and machines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from catalog.common.addresses import address
from catalog.products.models import OutputPort
from lineage.beyond import Unnamed
from lineage.columns import ColumnLine
from lineage.looking import Looking
from lineage.mesh.lenses import State
from lineage.models import Source
from lineage.nodes import port_key
from lineage.picture import product_url
from lineage.selectors import DOWN, UP, Edge, Neighbourhood, Node, Sight

COLUMNS = (
    "key",
    "name",
    "where",
    "steps",
    "by_way_of",
    "domain",
    "owner",
    "in_cycle",
    "not_drawn",
    "not_visible",
)


EDGE_COLUMNS = ("upstream", "port", "downstream", "sources", "first_seen", "last_seen", "age", "in_cycle")
COLUMN_COLUMNS = ("upstream", "upstream_column", "downstream", "downstream_column", "kind", "sources",
                  "first_seen", "last_seen")  # fmt: skip


@dataclass(frozen=True, slots=True)
class EdgeLine:
    """One edge of the picture as a line."""

    upstream: Node
    port: OutputPort | None
    downstream: Node
    sight: Sight
    sources: str
    age: State


@dataclass(frozen=True, slots=True)
class LinkLine:
    """One column that makes another."""

    upstream: Node
    downstream: Node
    line: ColumnLine
    up_port: OutputPort
    down_port: OutputPort

    @property
    def sources(self) -> str:
        return ", ".join(Source(source).label for source in self.line.sources)


@dataclass(frozen=True, slots=True)
class Line:
    """One product of the picture as a line: how it lies to the focus, and by which way it is reached."""

    node: Node
    url: str
    domain_url: str
    relation: str
    steps: int | None
    path: str
    more: int
    hidden: int
    in_cycle: bool
    state: State | None = None


def lines(found: Neighbourhood, looking: Looking) -> list[Line]:
    """Upstream from the farthest, the focus, then downstream; what was opened aside comes last."""
    circular = {pk for group in found.cycles for pk in group}
    ordered = sorted(
        found.nodes.values(),
        key=lambda node: (node.distance is None, node.distance or 0, node.product.name.casefold()),
    )
    return [
        _line(found, node, node.product.pk in circular, looking.states.get(node.product.pk))
        for node in ordered
    ]


def _line(found: Neighbourhood, node: Node, in_cycle: bool, state: State | None) -> Line:
    distance = node.distance
    names = [found.name_of(int(key)) for key in node.reach.path] if node.reach else []
    return Line(
        node=node,
        url=product_url(node),
        domain_url=address("domains:detail", node.product.domain.slug),
        relation=_relation(distance),
        steps=abs(distance) if distance is not None else None,
        path=" → ".join(names) if len(names) > 2 else "",
        more=sum(node.more.values()),
        hidden=sum(node.hidden.values()),
        in_cycle=in_cycle,
        state=state,
    )


def edge_lines(found: Neighbourhood, looking: Looking) -> list[EdgeLine]:
    """Every edge of the picture, those not seen for longest first."""
    told = []
    for edge in found.edges:
        up, sight = found.nodes[edge.upstream], found.sights.get(edge)
        age = looking.age(sight)
        if sight is None or age is None:
            continue
        port = next((port for port in up.ports if port.pk == edge.port_id), None)
        sources = ", ".join(Source(source).label for source in sorted(sight.sources))
        told.append(EdgeLine(up, port, found.nodes[edge.downstream], sight, sources, age))
    return sorted(told, key=lambda line: line.sight.last_seen)


def link_lines(found: Neighbourhood, looking: Looking) -> list[LinkLine]:
    """Every pair of columns of which one makes the other, also those the picture has no room for."""
    at = {port.pk: (node, port) for node in found.nodes.values() for port in node.ports}
    return [
        LinkLine(at[line.upstream[0]][0], at[line.downstream[0]][0], line,
                 at[line.upstream[0]][1], at[line.downstream[0]][1])
        for line in looking.columns.lines
    ]  # fmt: skip


def edge_rows(found: Neighbourhood, looking: Looking) -> Iterator[list[Any]]:
    """The cells of each edge, in the order of EDGE_COLUMNS."""
    circular = [set(group) for group in found.cycles]
    for line in edge_lines(found, looking):
        ends = {line.upstream.product.pk, line.downstream.product.pk}
        yield [
            line.upstream.key, port_key(line.port, line.upstream.product) if line.port else "", line.downstream.key,
            " ".join(sorted(line.sight.sources)), line.sight.first_seen.isoformat(),
            line.sight.last_seen.isoformat(), line.age.word, any(ends <= group for group in circular),
        ]  # fmt: skip


def link_rows(found: Neighbourhood, looking: Looking) -> Iterator[list[Any]]:
    """The cells of each pair of columns, in the order of COLUMN_COLUMNS."""
    for link in link_lines(found, looking):
        yield list(_link_json(link).values())


def _link_json(link: LinkLine) -> dict[str, Any]:
    line = link.line
    return {
        "upstream": port_key(link.up_port, link.upstream.product),
        "upstream_column": line.upstream[1],
        "downstream": port_key(link.down_port, link.downstream.product),
        "downstream_column": line.downstream[1],
        "kind": "direct" if line.is_direct else "indirect",
        "sources": " ".join(line.sources),
        "first_seen": line.first_seen.isoformat(),
        "last_seen": line.last_seen.isoformat(),
    }


def _relation(distance: int | None) -> str:
    if distance is None:
        return "aside"
    if distance == 0:
        return "this product"
    return UP if distance < 0 else DOWN


def csv_rows(found: Iterable[Line]) -> Iterator[list[Any]]:
    """The cells of each line, in the order of COLUMNS."""
    for line in found:
        product = line.node.product
        owner = product.team.name if product.team else ""
        where = [line.node.key, product.name, line.relation, line.steps, line.path]
        yield [*where, product.domain.name, owner, line.in_cycle, line.more, line.hidden]


def as_json(found: Neighbourhood, looking: Looking) -> dict[str, Any]:
    """The neighbourhood as the API and the JSON export give it."""
    circular = [{found.nodes[pk].key for pk in group} for group in found.cycles]
    return {
        "focus": found.focus.key,
        "depth": found.view.depth,
        "direction": found.view.direction,
        "at": found.view.at.date().isoformat() if found.view.at else None,
        "lens": looking.lens_key or None,
        "nodes": [_node_json(node) | _state_json(looking.states.get(pk)) for pk, node in found.nodes.items()],
        "edges": [_edge_json(found, edge, circular) for edge in found.edges],
        "cycles": [sorted(group) for group in circular],
        "unnamed": [_unnamed_json(found, one) for one in found.unnamed.values()],
        "columns": [_link_json(link) for link in link_lines(found, looking)],
        "truncated": found.is_cut or looking.columns.is_cut,
    }


def _unnamed_json(found: Neighbourhood, one: Unnamed) -> dict[str, list[str]]:
    """Each of `upstream` leads to each of `downstream` through what the reader may not see."""
    return {
        "upstream": [found.nodes[pk].key for pk in one.upstream],
        "downstream": [found.nodes[pk].key for pk in one.downstream],
    }


def through_unnamed(found: Neighbourhood) -> list[tuple[str, str]]:
    """Which products lead to which through what the viewer may not see, by their names."""
    return [
        (", ".join(map(found.name_of, one.upstream)), ", ".join(map(found.name_of, one.downstream)))
        for one in found.unnamed.values()
    ]


def _state_json(state: State | None) -> dict[str, Any]:
    return {"state": state.key} if state else {}


def _node_json(node: Node) -> dict[str, Any]:
    product = node.product
    return {
        "key": node.key,
        "kind": "product",
        "name": product.name,
        "url": product_url(node),
        "domain": product.domain.slug,
        "owner": product.team.slug if product.team else None,
        "lifecycle": product.lifecycle,
        "distance": node.distance,
        "more": node.more,
        "hidden": node.hidden,
        "ports": [_port_json(node, port) for port in node.ports],
    }


def _port_json(node: Node, port: OutputPort) -> dict[str, Any]:
    return {
        "key": port_key(port, node.product),
        "name": port.name,
        "version": port.version,
        "kind": port.kind,
        "environment": port.environment,
    }


def _edge_json(found: Neighbourhood, edge: Edge, circular: list[set[str]]) -> dict[str, Any]:
    up, down = found.nodes[edge.upstream], found.nodes[edge.downstream]
    port = next((port for port in up.ports if port.pk == edge.port_id), None)
    sight = found.sights.get(edge)
    return {
        "upstream": up.key,
        "port": port_key(port, up.product) if port else None,
        "downstream": down.key,
        "sources": sorted(sight.sources) if sight else [],
        "first_seen": sight.first_seen if sight else None,
        "last_seen": sight.last_seen if sight else None,
        "confidence": sight.confidence if sight else None,
        "in_cycle": any(up.key in group and down.key in group for group in circular),
    }
