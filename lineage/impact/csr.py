"""A directed graph as compressed sparse rows in NumPy arrays, both ways. Pure: no Django, no database.

Nodes are numbers of any size (primary keys), kept sorted in `ids`; inside, a node is its place there. Of each place
`group_at` says where among `groups` stands what the node belongs to (a column to its asset) and `ptr` where its
neighbours begin in `to`; `edge` holds the edge's own number and `label` what it carries (a port, or whether it is
direct). The arrays may be maps of files: a walk touches only the pages it needs.
(Compressed sparse rows: Duff, Grimes, Lewis 1989, as in the Harwell-Boeing format.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from lineage.impact.steps import Array, Ints, Walk, Walker

__all__ = ["NO_INTS", "PARTS", "Array", "Edges", "Graph", "Ints", "Overlay", "Walk", "build"]
PARTS = (
    "ids",
    "groups",
    "group_at",
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
class Graph:
    """Both directions of one graph; see the module."""

    ids: Ints
    groups: Ints
    group_at: Array
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
        return Walker(self, down, overlay or Overlay(), starts).run(most_steps, first_label, only_label)


def build(edges: Edges, group_of: Callable[[Ints], Ints] = lambda ids: ids) -> Graph:
    """The graph of `edges`; parallel edges are kept, so that one of them can go without the others.

    `group_of` gives the group of each of the sorted node numbers."""
    ids = np.unique(np.concatenate([edges.upstream, edges.downstream]))
    upstream = np.searchsorted(ids, edges.upstream).astype(np.int32)
    downstream = np.searchsorted(ids, edges.downstream).astype(np.int32)
    down = _rows(len(ids), upstream, downstream, edges)
    up = _rows(len(ids), downstream, upstream, edges)
    groups, group_at = np.unique(group_of(ids), return_inverse=True)
    return Graph(ids, groups, group_at.astype(np.int32), *down, *up)


def _rows(size: int, own: Array, other: Array, edges: Edges) -> tuple[Ints, Array, Ints, Ints]:
    order = np.lexsort((edges.edge, own))
    ptr = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(own, minlength=size), out=ptr[1:])
    return ptr, other[order], edges.edge[order], edges.label[order]
