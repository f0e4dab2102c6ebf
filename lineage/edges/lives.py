"""The lives of one edge, and how sights merge into them in any order, any number of times. Pure; no database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Says = tuple[Any, ...]  # what the latest sight says of an edge: how sure it is, and of columns its kind


@dataclass(slots=True)
class Life:
    """An edge from its first sight to its end (None: still in force), as a row or about to be one (`pk` None)."""

    pk: int | None
    first_seen: datetime
    last_seen: datetime
    valid_to: datetime | None
    says: Says
    is_changed: bool = False

    def see(self, seen_at: datetime, says: Says) -> None:
        """The earliest first sight, the latest last sight, and whatever that said (of two at once, the greater)."""
        if _rank((seen_at, says)) > _rank((self.last_seen, self.says)):
            self.last_seen, self.says, self.is_changed = seen_at, says, True
        if seen_at < self.first_seen:
            self.first_seen, self.is_changed = seen_at, True


def merge(lives: list[Life], sights: Iterable[tuple[datetime, Says]]) -> list[Life]:
    """Those of `lives` that the sights change, and the one that they begin where they belong to none."""
    known = list(lives)
    for seen_at, says in sorted(sights, key=_rank):
        life = _at(known, seen_at)
        if life is None:
            known.append(Life(None, seen_at, seen_at, None, says, is_changed=True))
        else:
            life.see(seen_at, says)
    return [life for life in known if life.is_changed]


def _rank(sight: tuple[datetime, Says]) -> tuple[Any, ...]:
    """By moment, then by what is said, in which nothing comes before anything."""
    return sight[0], tuple((value is not None, "" if value is None else value) for value in sight[1])


def _at(lives: Iterable[Life], seen_at: datetime) -> Life | None:
    """The life a sight belongs to: the first that ended not before it, else the one in force."""
    ended = [life for life in lives if life.valid_to is not None and life.valid_to >= seen_at]
    if ended:
        return min(ended, key=lambda life: (life.valid_to, life.pk))
    return next((life for life in lives if life.valid_to is None), None)
