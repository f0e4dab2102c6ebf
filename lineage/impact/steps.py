"""The walk over compressed sparse rows, step by step, and what it met. Pure."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # graphs know walks
    from lineage.impact.csr import Graph, Overlay

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]
# Edges looked at together. Arrays of so many stay in the processor's cache and below the size for which the memory
# allocator asks the system anew each time: that took half of a walk's time.
AT_ONCE = 8_192
_spare = threading.local()


class Telling(Protocol):
    """What the places and edges of a walk stand for; asked only for as many as somebody wants to know."""

    def ids(self, places: Ints) -> Ints: ...

    def labels(self, edges: Ints) -> Ints: ...

    def grouped(self, places: Ints) -> tuple[Ints, Array]:
        """Some groups (-1: not known), and for each place where among them its own stands."""


@dataclass(frozen=True)  # without slots: what is told on demand is kept
class Walk:
    """Nodes met breadth first, the starts at its head: their places in the graph, steps from a start, the place (in
    this walk) of the node each was met from, and where in the graph the edge stands it was met by (-1: a start)."""

    graph: Telling
    places: Ints
    depth: Array
    parent: Array
    edges: Ints

    def __len__(self) -> int:
        return len(self.places)

    @cached_property
    def ids(self) -> Ints:
        """The numbers of the nodes."""
        return self.graph.ids(self.places)

    @cached_property
    def via(self) -> Ints:
        """The label of the edge each node was met by; -1 for a start."""
        labels = np.full(len(self), -1, np.int64)
        met = self.edges >= 0
        labels[met] = self.graph.labels(self.edges[met])
        return labels

    def ids_of(self, places: Sequence[int]) -> list[int]:
        """Numbers of some nodes only."""
        return list(map(int, self.graph.ids(self.places[list(places)])))

    def via_of(self, places: Sequence[int]) -> list[int]:
        """Labels of some nodes only, none of them a start."""
        return list(map(int, self.graph.labels(self.edges[list(places)])))

    def path(self, place: int) -> list[int]:
        """Places from a start to `place`, both included: one shortest way."""
        way = [place]
        while (before := int(self.parent[way[-1]])) >= 0:
            way.append(before)
        return way[::-1]


class Walker:
    """One walk. Nodes that only the overlay (or the question) knows get places after those of the graph, edges of the
    overlay after its edges."""

    def __init__(self, graph: "Graph", down: bool, overlay: "Overlay", starts: Sequence[int]) -> None:
        self.ptr, self.to, self.edge, self.label = (
            (graph.down_ptr, graph.down_to, graph.down_edge, graph.down_label)
            if down
            else (graph.up_ptr, graph.up_to, graph.up_edge, graph.up_label)
        )
        added = overlay.added
        self.graph, self.size = graph, len(graph)
        wanted = np.array(list(dict.fromkeys(starts)), np.int64)
        named = np.concatenate([wanted, added.upstream, added.downstream])
        self.extra = np.unique(named[~self._is_known(named)])
        self.starts = self._places(wanted)
        ends = (self._places(added.upstream), self._places(added.downstream))
        self.new_own, self.new_other = ends if down else ends[::-1]
        self.new_label = added.label
        self.removed = np.sort(overlay.removed)

    def _is_known(self, ids: Ints) -> npt.NDArray[np.bool_]:
        places = np.minimum(np.searchsorted(self.graph.ids, ids), self.size - 1)
        return self.graph.ids[places] == ids if self.size else np.zeros(len(ids), np.bool_)

    def _places(self, ids: Ints) -> Ints:
        """Places of nodes that are in the graph or in `extra`."""
        places = np.searchsorted(self.graph.ids, ids)
        known = self._is_known(ids)
        return np.where(known, places, self.size + np.searchsorted(self.extra, ids))

    def ids(self, places: Ints) -> Ints:
        return _told(self.graph.ids, self.extra, places)

    def labels(self, edges: Ints) -> Ints:
        return _told(self.label, self.new_label, edges)

    def grouped(self, places: Ints) -> tuple[Ints, Array]:
        groups, at = self.graph.groups, self.graph.group_at
        if not len(self.extra):
            return groups, at.take(places)
        unknown = np.full(len(self.extra), len(groups))
        return np.append(groups, -1), _told(at, unknown, places)

    def run(self, most_steps: int | None, first_label: int | None, only_label: int | None) -> Walk:
        frontier, count = self.starts, len(self.starts)
        position = _blank(self.size + len(self.extra))  # place in the graph -> place in the walk
        position[frontier] = np.arange(count, dtype=np.int32)
        places, counts = [frontier], [count]
        parents, edges = [np.full(count, -1, np.int32)], [np.full(count, -1, np.int64)]
        while len(frontier) and (most_steps is None or len(counts) <= most_steps):
            begun = count - len(frontier)
            wanted = first_label if len(counts) == 1 and first_label is not None else only_label
            fresh = [frontier[:0]]
            for own, other, at in self._leaving(frontier, begun, position, wanted):
                order = np.arange(len(other), dtype=np.int32)
                position[other[::-1]] = order[::-1]  # of several ways to a node the first is written last
                first = np.flatnonzero(position.take(other) == order)
                new = other.take(first)
                position[new] = np.arange(count, count + len(new), dtype=np.int32)
                count += len(new)
                fresh.append(new)
                parents.append(own.take(first))
                edges.append(at.take(first))
            frontier = np.concatenate(fresh)
            places.append(frontier)
            counts.append(len(frontier))
        depth = np.repeat(np.minimum(np.arange(len(counts)), 32_767).astype(np.int16), counts)
        found = np.concatenate(places)
        position[found] = -1
        _spare.blank = position
        return Walk(self, found, depth, np.concatenate(parents), np.concatenate(edges))

    def _leaving(
        self, frontier: Ints, begun: int, position: Array, wanted: int | None
    ) -> Iterator[tuple[Array, Ints, Ints]]:
        """The edges from the frontier to nodes not met yet: place in the walk they leave, node, place of the edge.

        `begun` is the place in the walk of the frontier's head. What is met by some is written down before the next are
        looked at."""
        for own, at in self._parts(frontier):
            other = self.to.take(at).astype(np.intp)  # what indexes is cast once, not at every use
            fresh = position.take(other) < 0
            if len(self.removed):
                fresh &= ~np.isin(self.edge.take(at), self.removed)
            if wanted is not None:
                fresh &= self.label.take(at) == wanted
            kept = np.flatnonzero(fresh)
            if len(kept):
                yield own.take(kept) + np.int32(begun), other.take(kept), at.take(kept)
        if len(self.new_own):
            own, met = position[self.new_own], position[self.new_other]
            leaves = (own >= begun) & (own < begun + len(frontier)) & (met < 0)
            if wanted is not None:
                leaves &= self.new_label == wanted
            kept = np.flatnonzero(leaves)
            yield own[kept], self.new_other[kept], kept + len(self.label)

    def _parts(self, frontier: Ints) -> Iterator[tuple[Array, Ints]]:
        """All edges of the graph that leave the frontier, some thousand at a time: place in the frontier, edge."""
        if len(self.extra):
            inside = np.minimum(frontier, self.size - 1) if self.size else frontier[:0]
            is_inside = frontier < self.size
            if not is_inside.any():
                return
        else:
            inside, is_inside = frontier, None
        start = self.ptr.take(inside)
        counts = self.ptr.take(inside + 1) - start
        if is_inside is not None:
            counts *= is_inside
        ends = counts.cumsum()
        start += counts
        start -= ends  # the place of each node's first edge, less the edges of those before it
        total = int(ends[-1])
        cuts = ends.searchsorted(np.arange(AT_ONCE, total, AT_ONCE)) if total > AT_ONCE else ()
        for low, high in pairwise(dict.fromkeys((0, *map(int, cuts), len(frontier)))):
            some = counts[low:high]
            before, after = int(ends[low] - counts[low]), int(ends[high - 1])
            own = np.arange(low, high, dtype=np.int32).repeat(some)
            at = start[low:high].repeat(some)
            at += np.arange(before, after)
            yield own, at


def _blank(size: int) -> Array:
    """As many -1 as places: those of the last walk in this thread, which wiped what it had written, where they do."""
    held: Array | None = _spare.__dict__.pop("blank", None)
    return held if held is not None and len(held) == size else np.full(size, -1, np.int32)


def _told(values: Array, further: Array, places: Ints) -> Array:
    """`values` at `places`; what is beyond them stands in `further`."""
    if not len(further):
        return values.take(places)
    inside = places < len(values)
    told = np.empty(len(places), values.dtype)
    told[inside] = values[places[inside]]
    told[~inside] = further[places[~inside] - len(values)]
    return told
