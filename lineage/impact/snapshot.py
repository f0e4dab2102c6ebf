"""The snapshot of all edges in force: built from the database, opened once a process, and what changed since.

It lies in the data folder of a host and answers for that host alone. Each host with a worker builds its own from the
database; a host without one answers level by level from the database, which is slower and never wrong. A shared folder
was not chosen: maps of files on network file systems fail in the middle of a walk when the server goes away.
"""

import contextlib
import datetime as dt
import fcntl
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.utils import timezone

from lineage.impact import files
from lineage.impact.changes import Mark, mark_above, mark_now, thin_out
from lineage.impact.csr import Edges, Graph, Overlay, build
from lineage.impact.rows import COLUMNS, GRAPHS, PRODUCTS, edges_of

MOST_OVERLAID = 5_000  # edges that changed since the snapshot and are laid over it; with more it is only told
OLD = dt.timedelta(minutes=5)  # with changes; until then they are laid over it
MANY = 1_000  # changes that are not waited with
_SLACK = dt.timedelta(days=1)  # edges may end at a time told by their source, a while ago
_CHUNK = 50_000
__all__ = ["COLUMNS", "PRODUCTS", "Freshness", "Snapshot", "build_snapshot", "folder", "is_due", "opened"]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far an answer can be relied on: told with every answer.

    `built_at` None: read from the database just now. `is_current`: no edge changed since. Otherwise `applied` edges
    that began or ended since are in the answer, and `is_complete` says whether those are all that can be told.
    """

    built_at: dt.datetime | None = None
    is_current: bool = True
    applied: int = 0
    is_complete: bool = True

    @property
    def words(self) -> str:
        if self.built_at is None:
            return "Read from the database just now."
        if self.is_current:
            return "No edge changed since the snapshot was made."
        if self.is_complete:
            return "Edges that began or ended since the snapshot was made are in this answer."
        return (
            "Many edges changed since the snapshot was made; they follow with the next one, within minutes."
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            "built_at": self.built_at.isoformat() if self.built_at else None,
            "is_current": self.is_current,
            "changes_applied": self.applied,
            "is_complete": self.is_complete,
            "words": self.words,
        }


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An opened snapshot: its graphs, what it was made of, the newest edge of each graph it knows, and when the
    first of its edges ends by itself (None: none does)."""

    stored: files.Stored
    mark: Mark
    built_at: dt.datetime
    newest: dict[str, int]
    next_end: dt.datetime | None

    def is_changed(self) -> bool:
        """Whether an edge began or ended since; one query."""
        has_ended = self.next_end is not None and self.next_end <= timezone.now()
        return has_ended or mark_above(self.mark.floor) != self.mark

    def graph(self, key: str) -> Graph:
        return self.stored.graphs[key]

    def laid_over(self, key: str) -> tuple[Overlay, Freshness]:
        """What happened to the edges of a graph since, and what to say of it; one query when nothing happened."""
        if not self.is_changed():
            return Overlay(), Freshness(self.built_at)
        rows = GRAPHS[key]
        added = rows.since(self.newest[key], MOST_OVERLAID + 1)
        removed = rows.ended_since(self.built_at - _SLACK, self.newest[key], MOST_OVERLAID + 1)
        if max(len(added), len(removed)) > MOST_OVERLAID:
            return Overlay(), Freshness(self.built_at, False, 0, False)
        gone = np.array(sorted(removed), np.int64)
        overlay = Overlay(Edges.of(added), gone[np.isin(gone, self.graph(key).down_edge)])
        return overlay, Freshness(self.built_at, False, len(added) + len(overlay.removed), True)


def folder() -> Path:
    """Where the snapshots of this host lie; one database's apart from another's."""
    return Path(settings.DATA_DIR) / "lineage"


def build_snapshot() -> bool:
    """Read all edges in force and put a new snapshot in force; False where another process is at it already.

    The trail of changes is read before the edges: what commits meanwhile is in the snapshot or laid over it.
    """
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    with _alone(place) as is_mine:
        if not is_mine:
            return False
        mark, built_at = mark_now(), timezone.now()
        read = {key: edges_of(rows, _CHUNK) for key, rows in GRAPHS.items()}
        ends = [end for rows in GRAPHS.values() if (end := rows.next_end()) is not None]
        about = {
            "next_end": min(ends).isoformat() if ends else "",
            "database": _database(),
            "built_at": built_at.isoformat(),
            "mark": asdict(mark),
            "newest": {key: int(edges.edge.max(initial=0)) for key, edges in read.items()},
            "print": {key: _print(edges) for key, edges in read.items()},
            "edges": {key: len(edges) for key, edges in read.items()},
        }
        files.write(place, {key: build(edges, GRAPHS[key].group_of) for key, edges in read.items()}, about)
        thin_out(mark)
    return True


def is_due(*, is_thorough: bool = False) -> bool:
    """Whether a new snapshot is needed: there is none, or it is damaged; edges changed and it is OLD, or many changed.

    `is_thorough`: also where the edges are not those it was made of, though nobody told of a change."""
    found = opened()
    if found is None:
        return True
    if found.is_changed():
        seen = [found.laid_over(key)[1] for key in GRAPHS]
        is_old = timezone.now() - found.built_at > OLD
        return is_old or any(not each.is_complete or each.applied > MANY for each in seen)
    kept = found.stored.about["print"]
    return is_thorough and any(list(rows.print_now()) != kept[key] for key, rows in GRAPHS.items())


_opened: dict[Path, Snapshot | None] = {}


def opened() -> Snapshot | None:
    """The snapshot in force, opened once a process; None where there is none that can be used."""
    place = folder()
    name = files.current(place)
    if not name:
        return None
    known = _opened.get(place)
    if known is None or known.stored.name != name:
        known = _open(place, name)
        _opened[place] = known
    return known if known is not None and known.stored.about["database"] == _database() else None


def _open(place: Path, name: str) -> Snapshot | None:
    try:
        stored = files.read(place, name)
        about = stored.about
        return Snapshot(
            stored,
            Mark(**about["mark"]),
            dt.datetime.fromisoformat(about["built_at"]),
            {key: int(about["newest"][key]) for key in GRAPHS},
            dt.datetime.fromisoformat(about["next_end"]) if about["next_end"] else None,
        )
    except (files.Damaged, KeyError, TypeError, ValueError):
        time.sleep(0)  # another process may just have replaced it: then its name is no longer this one
        files.withdraw(place, name)  # the next task builds anew; until then the database answers
        return None


def _print(edges: Edges) -> list[int]:
    """What tells one set of edges from another: how many, and the sum of their numbers."""
    return [len(edges), int(edges.edge.sum())]


def _database() -> str:
    held = connection.settings_dict
    return f"{connection.vendor}:{held.get('HOST') or ''}:{held.get('PORT') or ''}:{held.get('NAME')}"


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[bool]:
    """One builder a host; the lock goes with its process."""
    with (place / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
