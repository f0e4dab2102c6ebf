"""The picture's table twin and its JSON: the same content for screen readers, spreadsheets and machines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from catalog.common.addresses import address
from catalog.products.models import OutputPort
from lineage.nodes import port_key
from lineage.picture import product_url
from lineage.selectors import DOWN, UP, Edge, Neighbourhood, Node

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


def lines(found: Neighbourhood) -> list[Line]:
    """Upstream from the farthest, the focus, then downstream; what was opened aside comes last."""
    circular = {pk for group in found.cycles for pk in group}
    ordered = sorted(
        found.nodes.values(),
        key=lambda node: (node.distance is None, node.distance or 0, node.product.name.casefold()),
    )
    return [_line(found, node, node.product.pk in circular) for node in ordered]


def _line(found: Neighbourhood, node: Node, in_cycle: bool) -> Line:
    distance = node.distance
    names = [found.nodes[int(key)].product.name for key in node.reach.path] if node.reach else []
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
    )


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


def as_json(found: Neighbourhood) -> dict[str, Any]:
    """The neighbourhood as the API and the JSON export give it."""
    circular = [{found.nodes[pk].key for pk in group} for group in found.cycles]
    return {
        "focus": found.focus.key,
        "depth": found.view.depth,
        "direction": found.view.direction,
        "at": found.view.at.date().isoformat() if found.view.at else None,
        "nodes": [_node_json(node) for node in found.nodes.values()],
        "edges": [_edge_json(found, edge, circular) for edge in found.edges],
        "cycles": [sorted(group) for group in circular],
        "truncated": found.is_cut,
    }


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
