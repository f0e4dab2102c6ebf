"""Layered drawing of a directed graph, left to right; pure computing, no Django.

The method is Sugiyama's in four steps (Sugiyama, Tagawa, Toda 1981): turn back edges that close a cycle, put nodes on
layers by their longest path, order each layer by the barycentre of its neighbours, then place nodes along the layer
as near to their neighbours as order and spacing allow (least squares under order constraints, solved by pooling
adjacent violators). Long edges pass through one dummy a layer, so that they bend around nodes.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

import networkx as nx

Point = tuple[float, float]
Key = Hashable  # inside: the caller's keys and the dummies
K = TypeVar("K", bound=Hashable)

LAYER_GAP = 72.0
NODE_GAP = 16.0
DUMMY_HEIGHT = 6.0
SWEEPS = 6
CROSSINGS_COUNTED_BELOW = 600  # nodes and dummies; beyond, the last sweep is taken unjudged


@dataclass(frozen=True, slots=True)
class Box:
    """Where a node lies: its left upper corner and size, in pixels."""

    x: float
    y: float
    width: float
    height: float
    layer: int

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Route(Generic[K]):
    """An edge's way: points from the right side of `upstream` to the left side of `downstream`."""

    upstream: K
    downstream: K
    points: tuple[Point, ...]
    closes_cycle: bool


@dataclass(frozen=True, slots=True)
class Drawing(Generic[K]):
    boxes: dict[K, Box]
    routes: list[Route[K]]
    width: float
    height: float


def draw(sizes: Mapping[K, tuple[float, float]], edges: Iterable[tuple[K, K]]) -> Drawing[K]:
    """Lay out the nodes of `sizes` (key -> width, height in pixels) and the edges between them.

    Edges naming unknown nodes are left out; a self loop is routed and does not take part in the placing. The result
    depends on nothing but the input and its order.
    """
    if not sizes:
        return Drawing({}, [], 0.0, 0.0)
    drawn = [(a, b) for a, b in edges if a in sizes and b in sizes]
    graph: nx.DiGraph[Key] = nx.DiGraph()
    graph.add_nodes_from(sizes)
    graph.add_edges_from(drawn)
    turned = _turn_back_edges(graph)
    forward = [(b, a) if (a, b) in turned else (a, b) for a, b in graph.edges if a != b]
    layers = _assign_layers(list(sizes), forward)
    chains = _chains(forward, layers)
    order = _order_layers(layers, chains)
    boxes = _place(order, chains, dict(sizes.items()))
    routes = [
        Route(a, b, _points(a, b, (a, b) in turned, chains, boxes), (a, b) in turned)
        for a, b in dict.fromkeys(drawn)
    ]
    real = {key: boxes[key] for key in sizes}
    width = max((box.x + box.width for box in real.values()), default=0.0)
    height = max((box.y + box.height for box in boxes.values()), default=0.0)
    return Drawing(real, routes, width, height)


def _turn_back_edges(graph: "nx.DiGraph[Key]") -> set[tuple[Key, Key]]:
    """Edges that lead back to a node on the way of a depth-first walk; turning them leaves no cycle."""
    back: set[tuple[Key, Key]] = {(node, node) for node in graph if graph.has_edge(node, node)}
    state: dict[Key, int] = {}
    starts = sorted(graph, key=graph.in_degree)  # walk from sources first, stable for equals
    for start in starts:
        if start in state:
            continue
        state[start] = 1
        way = [(start, iter(graph.successors(start)))]
        while way:
            node, following = way[-1]
            for step in following:
                if state.get(step) == 1:
                    back.add((node, step))
                elif step not in state:
                    state[step] = 1
                    way.append((step, iter(graph.successors(step))))
                    break
            else:
                state[node] = 2
                way.pop()
    return back


def _assign_layers(keys: list[Key], forward: list[tuple[Key, Key]]) -> dict[Key, int]:
    """Longest path from the left; then sources are pulled right beside what they feed."""
    dag: nx.DiGraph[Key] = nx.DiGraph()
    dag.add_nodes_from(keys)
    dag.add_edges_from(forward)
    order = list(nx.topological_sort(dag))
    layer: dict[Key, int] = {}
    for node in order:
        layer[node] = max((layer[before] + 1 for before in dag.predecessors(node)), default=0)
    for node in reversed(order):
        if dag.in_degree(node) == 0 and dag.out_degree(node):
            layer[node] = min(layer[after] for after in dag.successors(node)) - 1
    return layer


@dataclass(frozen=True, slots=True)
class _Dummy:
    """A place on a layer an edge passes through."""

    upstream: Key
    downstream: Key
    layer: int


Chains = dict[tuple[Key, Key], list[Key]]


def _chains(forward: list[tuple[Key, Key]], layers: dict[Key, int]) -> Chains:
    """Each edge as the list of nodes and dummies it visits, one a layer."""
    chains: Chains = {}
    for a, b in forward:
        middle = [_Dummy(a, b, place) for place in range(layers[a] + 1, layers[b])]
        chains[a, b] = [a, *middle, b]
        for dummy in middle:
            layers[dummy] = dummy.layer
    return chains


def _neighbours(chains: Chains) -> tuple[dict[Key, list[Key]], dict[Key, list[Key]]]:
    left: dict[Key, list[Key]] = {}
    right: dict[Key, list[Key]] = {}
    for chain in chains.values():
        for a, b in pairwise(chain):
            right.setdefault(a, []).append(b)
            left.setdefault(b, []).append(a)
    return left, right


def _order_layers(layers: dict[Key, int], chains: Chains) -> list[list[Key]]:
    """Order each layer by barycentres, sweeping to and fro; the order with the fewest crossings is kept."""
    rows: list[list[Key]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for key, place in layers.items():
        rows[place].append(key)
    left, right = _neighbours(chains)
    judged = len(layers) <= CROSSINGS_COUNTED_BELOW
    best, fewest = [list(row) for row in rows], _crossings(rows, right) if judged else 0
    for sweep in range(SWEEPS):
        rightward = sweep % 2 == 0
        walk = rows[1:] if rightward else rows[-2::-1]
        fixed = rows[0] if rightward else rows[-1]
        toward = left if rightward else right
        for row in walk:
            spot = {key: place for place, key in enumerate(fixed)}
            own = {key: place for place, key in enumerate(row)}
            wanted = {key: _mean([spot[n] for n in toward.get(key, ())], own[key]) for key in row}
            row.sort(key=wanted.__getitem__)
            fixed = row
        crossings = _crossings(rows, right) if judged else 0
        if crossings < fewest or not judged:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _mean(values: list[int], default: float) -> float:
    return sum(values) / len(values) if values else default


def _crossings(rows: list[list[Key]], right: dict[Key, list[Key]]) -> int:
    """Pairs of edges that cross between neighbouring layers, counted by a Fenwick tree in O(E log V)."""
    total = 0
    for row, following in pairwise(rows):
        spot = {key: place + 1 for place, key in enumerate(following)}
        tree = [0] * (len(following) + 1)
        seen = 0
        for key in row:
            ends = sorted(spot[end] for end in right.get(key, ()))
            for end in ends:
                place, before = end, 0
                while place:
                    before += tree[place]
                    place -= place & -place
                total += seen - before
            for end in ends:
                seen += 1
                while end < len(tree):
                    tree[end] += 1
                    end += end & -end
    return total


def _place(order: list[list[Key]], chains: Chains, sizes: dict[Key, tuple[float, float]]) -> dict[Key, Box]:
    left, right = _neighbours(chains)
    heights = {key: sizes[key][1] if key in sizes else DUMMY_HEIGHT for row in order for key in row}
    middles: dict[Key, float] = {}
    for row in order:
        at = 0.0
        for key in row:
            middles[key] = at + heights[key] / 2
            at += heights[key] + NODE_GAP
    for sweep in range(SWEEPS):
        rightward = sweep % 2 == 0
        toward = left if rightward else right
        for row in order if rightward else reversed(order):
            wanted = [_mean_of(middles, toward.get(key, ()), middles[key]) for key in row]
            for key, middle in zip(row, _spaced(wanted, [heights[key] for key in row]), strict=True):
                middles[key] = middle
    top = min((middles[key] - heights[key] / 2 for key in middles), default=0.0)
    boxes: dict[Key, Box] = {}
    x = 0.0
    for place, row in enumerate(order):
        width = max((sizes[key][0] for key in row if key in sizes), default=0.0)
        for key in row:
            own = sizes[key][0] if key in sizes else width
            boxes[key] = Box(x, middles[key] - heights[key] / 2 - top, own, heights[key], place)
        x += width + LAYER_GAP
    return boxes


def _mean_of(middles: dict[Key, float], keys: Iterable[Key], default: float) -> float:
    found = [middles[key] for key in keys]
    return sum(found) / len(found) if found else default


def _spaced(wanted: list[float], heights: list[float]) -> list[float]:
    """Middles nearest to `wanted` (least squares) that keep the order and NODE_GAP between boxes.

    With the spacing subtracted the constraint is monotonicity, which pooling adjacent violators solves exactly.
    """
    offsets, at = [], 0.0
    for place, height in enumerate(heights):
        if place:
            at += heights[place - 1] / 2 + NODE_GAP + height / 2
        offsets.append(at)
    pools: list[tuple[float, int]] = []  # (sum, count)
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            before, members = pools.pop()
            total, count = total + before, count + members
        pools.append((total, count))
    level = [total / count for total, count in pools for _ in range(count)]
    return [value + offset for value, offset in zip(level, offsets, strict=True)]


def _points(a: Key, b: Key, turned: bool, chains: Chains, boxes: dict[Key, Box]) -> tuple[Point, ...]:
    if a == b:
        return _loop(boxes[a])
    chain = chains[(b, a) if turned else (a, b)]
    first, last = boxes[chain[0]], boxes[chain[-1]]
    points: list[Point] = [(first.x + first.width, first.middle)]
    for key in chain[1:-1]:
        box = boxes[key]
        points += [(box.x, box.middle), (box.x + box.width, box.middle)]
    points.append((last.x, last.middle))
    return tuple(reversed(points)) if turned else tuple(points)


def _loop(box: Box) -> tuple[Point, ...]:
    right, top = box.x + box.width, box.y
    return ((right, box.middle), (right + 18, top - 10), (box.x - 18, top - 10), (box.x, box.middle))
