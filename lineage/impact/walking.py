"""One question, two ways to answer it: from the snapshot, or level by level from the database where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lineage.impact.csr import Ints, Walk
from lineage.impact.rows import GRAPHS, ColumnRows
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
        np.array(list(places), np.int64),
        np.array(depth, np.int16),
        np.array(parent, np.int32),
        np.array(via, np.int64),
        np.full(len(places), -1, np.int64),
    )


def groups_of(walk: Walk) -> Ints:
    """The assets of columns: as the snapshot says, and as the database says of those it does not know."""
    unknown = np.flatnonzero(walk.group < 0)
    if not len(unknown):
        return walk.group
    wanted, back = np.unique(walk.ids[unknown], return_inverse=True)
    groups = walk.group.copy()
    groups[unknown] = ColumnRows.group_of(wanted)[back]
    return groups
