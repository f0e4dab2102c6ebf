"""One question, two ways to answer it: from the snapshot, or level by level from the database where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lineage.impact.csr import Array, Ints, Walk
from lineage.impact.rows import COLUMNS, GRAPHS
from lineage.impact.snapshot import Freshness, opened


@dataclass(frozen=True, slots=True)
class Question:
    """What to follow: the graph, from where, which way, how far, and by which edges."""

    graph: str
    starts: tuple[int, ...]
    down: bool = True
    most_steps: int | None = None
    first_label: int | None = None  # for the first step: the port one asks about
    only_label: int | None = None  # for every step: direct edges only


def walked(question: Question) -> tuple[Walk, Freshness]:
    """Everything that is reached, and how fresh that knowledge is."""
    found = opened()
    if found is None:
        return level_by_level(question), Freshness()
    overlay, freshness = found.laid_over(question.graph)
    walk = found.graph(question.graph).walk(
        question.starts,
        down=question.down,
        most_steps=question.most_steps,
        overlay=overlay,
        first_label=question.first_label,
        only_label=question.only_label,
    )
    return walk, freshness


def level_by_level(question: Question) -> Walk:
    """The same answer by queries, some for every step; what a host without a snapshot does."""
    rows = GRAPHS[question.graph]
    starts: Sequence[int] = list(dict.fromkeys(question.starts))
    places = {pk: place for place, pk in enumerate(starts)}
    depth, parent, via = [0] * len(starts), [-1] * len(starts), [-1] * len(starts)
    frontier, step = list(starts), 0
    while frontier and (question.most_steps is None or step < question.most_steps):
        step += 1
        wanted = question.first_label if step == 1 and question.first_label is not None else None
        wanted = question.only_label if wanted is None else wanted
        met = sorted(
            (places[own], edge, other, label)
            for own, other, edge, label in (
                (up, down, edge, int(label)) if question.down else (down, up, edge, int(label))
                for up, down, edge, label in rows.level(frontier, question.down)
            )
            if other not in places and (wanted is None or label == wanted)
        )
        frontier = []
        for own_place, _, other, label in met:
            if other in places:
                continue
            places[other] = len(depth)
            depth.append(step)
            parent.append(own_place)
            via.append(label)
            frontier.append(other)
    return Walk(
        _Listed(np.array(list(places), np.int64), np.array(via, np.int64)),
        np.arange(len(places)),
        np.array(depth, np.int16),
        np.array(parent, np.int32),
        np.where(np.array(parent) < 0, -1, np.arange(len(places))),
    )


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a walk met, by its own places; of its groups nothing is known."""

    numbers: Ints
    via: Ints

    def ids(self, places: Ints) -> Ints:
        return self.numbers.take(places)

    def labels(self, edges: Ints) -> Ints:
        return self.via.take(edges)

    def grouped(self, places: Ints) -> tuple[Ints, Array]:
        return np.array([-1]), np.zeros(len(places), np.int64)


def grouped(walk: Walk, graph: str = COLUMNS) -> tuple[Ints, Array]:
    """Groups (assets of columns), and where among them that of each node stands: as the snapshot says, and as the
    database says of nodes it does not know. There may be more groups than were met."""
    groups, at = walk.graph.grouped(walk.places)
    unknown = np.flatnonzero(groups < 0)
    if len(unknown):
        there = np.flatnonzero(np.isin(at, unknown))
        wanted, back = np.unique(walk.ids[there], return_inverse=True)
        at[there] = len(groups) + back
        groups = np.append(groups, GRAPHS[graph].group_of(wanted))
    return groups, at


def groups_of(walk: Walk) -> Ints:
    """The assets of columns."""
    groups, at = grouped(walk)
    return groups.take(at)
