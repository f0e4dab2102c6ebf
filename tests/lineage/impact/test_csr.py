"""The walk over compressed rows says what NetworkX says, whatever the graph, the overlay and the question."""

from itertools import pairwise
from typing import Any
from unittest.mock import patch

import networkx as nx  # noqa: TID251  # what the walk is compared with
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.impact.csr import Edges, Graph, Overlay, Walk, build

NODES = st.integers(min_value=1, max_value=9)
EDGES = st.lists(st.tuples(NODES, NODES, st.integers(0, 2)), max_size=30)


def numbered(edges: list[tuple[int, int, int]], first: int = 1) -> list[tuple[int, int, int, int]]:
    """Rows of (upstream, downstream, number, label); node numbers far apart, as primary keys are."""
    return [(up * 1_000, down * 1_000, first + n, label) for n, (up, down, label) in enumerate(edges)]


def graph_of(rows: list[tuple[int, int, int, int]]) -> Graph:
    return build(Edges.of(rows))


def naive(
    rows: list[tuple[int, int, int, int]], starts: list[int], down: bool, steps: int | None
) -> dict[int, int]:
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    graph.add_nodes_from(starts)
    graph.add_edges_from((up, low) if down else (low, up) for up, low, *_ in rows)
    found: dict[int, int] = {}
    for start in starts:
        for node, distance in nx.single_source_shortest_path_length(graph, start, cutoff=steps).items():
            found[node] = min(distance, found.get(node, distance))
    return found


def check_paths(walk: Walk, rows: list[tuple[int, int, int, int]], down: bool) -> None:
    """Every path is one of real edges, as long as its depth says."""
    pairs = {(up, low) if down else (low, up): set[int]() for up, low, *_ in rows}
    for up, low, _, label in rows:
        pairs[(up, low) if down else (low, up)].add(label)
    for place in range(len(walk)):
        path = walk.path(place)
        assert len(path) - 1 == walk.depth[place]
        for before, after in pairwise(path):
            assert int(walk.via[after]) in pairs[int(walk.ids[before]), int(walk.ids[after])]


@settings(max_examples=300)
@given(EDGES, EDGES, st.sets(st.integers(1, 30)), st.lists(NODES, min_size=1, max_size=3), st.booleans(),
       st.one_of(st.none(), st.integers(0, 4)), st.integers(1, 6))  # fmt: skip
def test_a_walk_equals_that_of_networkx_with_cycles_and_an_overlay(
    edges: list[Any], later: list[Any], gone: set[int], starts: list[int], down: bool, steps: int | None,
    at_once: int,
) -> None:  # fmt: skip
    before, after = numbered(edges), numbered(later, first=100)
    wanted = [start * 1_000 for start in starts]
    overlay = Overlay(Edges.of(after), np.array(sorted(gone), np.int64))
    walk = graph_of(before).walk(wanted, down=down, most_steps=steps, overlay=overlay)
    with patch("lineage.impact.steps.AT_ONCE", at_once):  # however many edges are looked at together
        same = graph_of(before).walk(wanted, down=down, most_steps=steps, overlay=overlay)
    for name in ("ids", "depth", "parent", "via"):
        assert getattr(walk, name).tolist() == getattr(same, name).tolist()
    now = [row for row in before if row[2] not in gone] + after
    assert dict(zip(walk.ids.tolist(), walk.depth.tolist(), strict=True)) == naive(now, wanted, down, steps)
    assert len(set(walk.ids.tolist())) == len(walk)
    check_paths(walk, now, down)


@settings(max_examples=100)
@given(EDGES, NODES, st.integers(0, 2))
def test_labels_choose_the_edges_of_the_first_step_or_of_all(
    edges: list[Any], start: int, label: int
) -> None:
    rows = numbered(edges)
    graph = graph_of(rows)
    origin = start * 1_000
    only = graph.walk([origin], only_label=label)
    assert set(only.ids.tolist()) == set(
        naive([row for row in rows if row[3] == label], [origin], True, None)
    )
    first = graph.walk([origin], first_label=label)
    begun = {low for up, low, _, which in rows if up == origin and which == label} - {origin}
    beyond = naive([row for row in rows if row[0] != origin], sorted(begun), True, None)
    assert set(first.ids.tolist()) == {origin, *beyond}


def test_a_node_nobody_knows_leads_nowhere() -> None:
    assert graph_of([]).walk([7]).ids.tolist() == [7]
    walk = graph_of([(1, 2, 1, 0)]).walk([7, 1])
    assert walk.ids.tolist() == [7, 1, 2]
    assert walk.depth.tolist() == [0, 0, 1]
