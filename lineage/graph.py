"""The drawn neighbourhood as a NetworkX graph: cycles, distances, paths. Pure; no Django, no database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import networkx as nx


@dataclass(frozen=True, slots=True)
class Reach:
    """Steps from the focus (negative upstream, positive downstream, 0 itself) and a shortest path."""

    distance: int
    path: tuple[str, ...]  # from the upstream end to the downstream end


class LineageGraph:
    """A small graph of node keys; an edge runs from upstream to downstream."""

    def __init__(self, nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> None:
        self._graph: nx.DiGraph[str] = nx.DiGraph()
        self._graph.add_nodes_from(nodes)
        self._graph.add_edges_from(edges)

    def cycles(self) -> list[list[str]]:
        """Groups of nodes that feed each other in a circle, each sorted; a node feeding itself is a group of one."""
        return sorted(
            sorted(group)
            for group in nx.strongly_connected_components(self._graph)
            if len(group) > 1 or any(self._graph.has_edge(node, node) for node in group)
        )

    def reach(self, focus: str) -> dict[str, Reach]:
        """Every node up- or downstream of `focus`; where both (a cycle) the shorter way counts, upstream for equals."""
        if focus not in self._graph:
            return {}
        up = nx.single_source_shortest_path(self._graph.reverse(copy=False), focus)
        down = nx.single_source_shortest_path(self._graph, focus)
        found = {key: Reach(len(way) - 1, tuple(way)) for key, way in down.items()}
        for key, way in up.items():
            if key not in found or len(way) - 1 <= found[key].distance:
                found[key] = Reach(1 - len(way), tuple(reversed(way)))
        return found

    def edges_within(self, group: Sequence[str]) -> set[tuple[str, str]]:
        """Edges between members of `group`: those that make its cycle."""
        members = set(group)
        return {(a, b) for a, b in self._graph.edges if a in members and b in members}


def flow_layers(edges: Iterable[tuple[int, int]]) -> dict[int, int]:
    """How far from a source each node of `edges` stands, by the longest way; nodes of a cycle stand together."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_edges_from(edges)
    condensed = nx.condensation(graph)
    layer: dict[int, int] = {}
    for group in nx.topological_sort(condensed):
        layer[group] = max((layer[before] + 1 for before in condensed.predecessors(group)), default=0)
    return {node: layer[group] for group in condensed for node in condensed.nodes[group]["members"]}
