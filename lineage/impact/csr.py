"""A directed graph as compressed sparse rows in NumPy arrays, and the walk over it. Pure: no Django, no database.

Nodes are numbers of any size (primary keys), kept sorted in `ids`; inside, a node is its place there. Of each place
`group` says what the node belongs to (a column to its asset) and `ptr` where its neighbours begin in `to`; `edge` holds
the edge's own number and `label` what it carries (a port, or whether it is direct). The arrays may be maps of files: a
walk touches only the pages it needs.
(Compressed sparse rows: Duff, Grimes, Lewis 1989, as in the Harwell-Boeing format.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]
PARTS = (
    "ids",
    "group",
    "down_ptr",
    "down_to",
    "down_edge",
    "down_label",
    "up_ptr",
    "up_to",
    "up_edge",
    "up_label",
)
NO_INTS: Ints = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges as columns of equal length: from node, to node, the edge's number, its label."""

    upstream: Ints = field(default_factory=lambda: NO_INTS)
    downstream: Ints = field(default_factory=lambda: NO_INTS)
    edge: Ints = field(default_factory=lambda: NO_INTS)
    label: Ints = field(default_factory=lambda: NO_INTS)

    def __len__(self) -> int:
        return len(self.edge)

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int, int]]) -> "Edges":
        """From rows of (upstream, downstream, edge, label)."""
        columns = np.array(rows, np.int64).reshape(len(rows), 4).T
        return cls(*(np.ascontiguousarray(column) for column in columns))


@dataclass(frozen=True, slots=True)
class Overlay:
    """What happened to the edges after the arrays were made: those that came, and the numbers of those that went."""

    added: Edges = field(default_factory=Edges)
    removed: Ints = field(default_factory=lambda: NO_INTS)


@dataclass(frozen=True, slots=True)
class Walk:
    """Nodes met breadth first, the starts at its head: node numbers, steps from a start, the place (in this walk) of
    the node each was met from (-1: a start), the label of the edge it was met by, and the group of the node (-1: the
    graph does not know)."""

    ids: Ints
    depth: Array
    parent: Array
    via: Ints
    group: Ints

    def __len__(self) -> int:
        return len(self.ids)

    def path(self, place: int) -> list[int]:
        """Places from a start to `place`, both included: one shortest way."""
        way = [place]
        while (before := int(self.parent[way[-1]])) >= 0:
            way.append(before)
        return way[::-1]


@dataclass(frozen=True, slots=True)
class Graph:
    """Both directions of one graph; see the module."""

    ids: Ints
    group: Ints
    down_ptr: Ints
    down_to: Array
    down_edge: Ints
    down_label: Ints
    up_ptr: Ints
    up_to: Array
    up_edge: Ints
    up_label: Ints

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def edges(self) -> int:
        return len(self.down_to)

    def walk(
        self,
        starts: Sequence[int],
        *,
        down: bool = True,
        most_steps: int | None = None,
        overlay: Overlay | None = None,
        first_label: int | None = None,
        only_label: int | None = None,
    ) -> Walk:
        """Everything down- (or up-) stream of `starts`, within `most_steps` where given.

        `first_label`: only edges with this label count for the first step; `only_label`: for every step. A start the
        graph does not know is met and leads nowhere.
        """
        return _Walker(self, down, overlay or Overlay(), starts).run(most_steps, first_label, only_label)


def build(edges: Edges, group_of: Callable[[Ints], Ints] = lambda ids: ids) -> Graph:
    """The graph of `edges`; parallel edges are kept, so that one of them can go without the others.

    `group_of` gives the group of each of the sorted node numbers."""
    ids = np.unique(np.concatenate([edges.upstream, edges.downstream]))
    upstream = np.searchsorted(ids, edges.upstream).astype(np.int32)
    downstream = np.searchsorted(ids, edges.downstream).astype(np.int32)
    down = _rows(len(ids), upstream, downstream, edges)
    up = _rows(len(ids), downstream, upstream, edges)
    return Graph(ids, group_of(ids), *down, *up)


def _rows(size: int, own: Array, other: Array, edges: Edges) -> tuple[Ints, Array, Ints, Ints]:
    order = np.lexsort((edges.edge, own))
    ptr = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(own, minlength=size), out=ptr[1:])
    return ptr, other[order], edges.edge[order], edges.label[order]


class _Walker:
    """One walk. Nodes that only the overlay (or the question) knows get places after those of the graph."""

    def __init__(self, graph: Graph, down: bool, overlay: Overlay, starts: Sequence[int]) -> None:
        self.ptr, self.to, self.edge, self.label = (
            (graph.down_ptr, graph.down_to, graph.down_edge, graph.down_label)
            if down
            else (graph.up_ptr, graph.up_to, graph.up_edge, graph.up_label)
        )
        added = overlay.added
        self.size = len(graph)
        self.graph_ids, self.graph_group = graph.ids, graph.group
        wanted = np.array(list(dict.fromkeys(starts)), np.int64)
        named = np.concatenate([wanted, added.upstream, added.downstream])
        self.extra = np.unique(named[~self._is_known(named)])
        self.starts = self._places(wanted)
        ends = (self._places(added.upstream), self._places(added.downstream))
        self.new_own, self.new_other = ends if down else ends[::-1]
        self.new_label = added.label
        self.removed = np.sort(overlay.removed)

    def _is_known(self, ids: Ints) -> npt.NDArray[np.bool_]:
        places = np.minimum(np.searchsorted(self.graph_ids, ids), self.size - 1)
        return self.graph_ids[places] == ids if self.size else np.zeros(len(ids), np.bool_)

    def _places(self, ids: Ints) -> Ints:
        """Places of nodes that are in the graph or in `extra`."""
        places = np.searchsorted(self.graph_ids, ids)
        known = self._is_known(ids)
        return np.where(known, places, self.size + np.searchsorted(self.extra, ids))

    def _told(self, places: Ints) -> tuple[Ints, Ints]:
        """Numbers and groups of nodes."""
        if not len(self.extra):
            return self.graph_ids.take(places), self.graph_group.take(places)
        inside = places < self.size
        ids, group = np.empty(len(places), np.int64), np.full(len(places), -1, np.int64)
        ids[inside], group[inside] = self.graph_ids[places[inside]], self.graph_group[places[inside]]
        ids[~inside] = self.extra[places[~inside] - self.size]
        return ids, group

    def run(self, most_steps: int | None, first_label: int | None, only_label: int | None) -> Walk:
        count = len(self.starts)
        position = np.full(
            self.size + len(self.extra), -1, np.int32
        )  # place in the graph -> place in the walk
        position[self.starts] = np.arange(count, dtype=np.int32)
        frontier = self.starts
        found, steps = [frontier], [np.zeros(count, np.int16)]
        parents, via = [np.full(count, -1, np.int32)], [np.full(count, -1, np.int64)]
        depth = 0
        while len(frontier) and (most_steps is None or depth < most_steps):
            depth += 1
            wanted = first_label if depth == 1 and first_label is not None else only_label
            own, other, label = self._step(frontier, position, count - len(frontier), wanted)
            places = np.arange(len(other), dtype=np.int32)
            # of several ways to a node the first is written last, and counts
            position[other[::-1]] = places[::-1]
            first = np.flatnonzero(position.take(other) == places)
            frontier = other.take(first)
            position[frontier] = np.arange(count, count + len(frontier), dtype=np.int32)
            count += len(frontier)
            found.append(frontier)
            parents.append(own.take(first))
            via.append(label.take(first))
            steps.append(np.full(len(frontier), min(depth, 32_767), np.int16))
        ids, group = self._told(np.concatenate(found))
        return Walk(ids, np.concatenate(steps), np.concatenate(parents), np.concatenate(via), group)

    def _step(
        self, frontier: Array, position: Array, begun: int, wanted: int | None
    ) -> tuple[Array, Array, Ints]:
        """The edges from the frontier to nodes not met yet: place in the walk they leave, node, label.

        `begun` is the place in the walk of the frontier's head."""
        inside = frontier[frontier < self.size] if len(self.extra) else frontier
        start = self.ptr.take(inside)
        counts = self.ptr.take(inside + 1) - start
        at = np.repeat(start - np.cumsum(counts) + counts, counts)
        at += np.arange(len(at))
        other = self.to.take(at).astype(np.intp)  # what indexes is cast once, not at every use
        fresh = position.take(other) < 0
        if len(self.removed):
            fresh &= ~np.isin(self.edge.take(at), self.removed)
        if wanted is not None:
            fresh &= self.label.take(at) == wanted
        kept = np.flatnonzero(fresh)
        own = np.repeat(position.take(inside), counts).take(kept)
        other, label = other.take(kept), self.label.take(at.take(kept))
        if not len(self.new_own):
            return own, other, label
        leaves = (position[self.new_own] >= begun) & (position[self.new_other] < 0)
        if wanted is not None:
            leaves &= self.new_label == wanted
        return (
            np.concatenate([own, position[self.new_own[leaves]]]),
            np.concatenate([other, self.new_other[leaves]]),
            np.concatenate([label, self.new_label[leaves]]),
        )
