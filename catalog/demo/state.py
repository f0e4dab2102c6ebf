"""What the demo remembers beside the database: where its stores are, when it was made, what it made."""

import contextlib
import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

MARK = "DEMO"  # the file that marks a data folder as demo; `meshportal.keys` reads it at start


@dataclass(slots=True)
class State:
    """What the loader made and how far its past has been grown.

    `made` lists what the loader itself made, by kind (slugs and usernames), so that removing takes nothing else.
    `is_loaded`: the loader came to its end; before that nothing is grown or moved.
    `grown_until`: how far the history has been replayed; None before it began.
    """

    made_at: dt.datetime
    is_loaded: bool = False
    grown_until: dt.datetime | None = None
    moved_at: dt.datetime | None = None
    made: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_grown(self) -> bool:
        return self.grown_until is not None and self.grown_until >= self.made_at

    def note(self, kind: str, name: str) -> None:
        names = self.made.setdefault(kind, [])
        if name not in names:
            names.append(name)


def folder() -> Path:
    """The demo's own folder; file connectors of a demo installation may read below it."""
    return Path(settings.DATA_DIR) / "demo"


def stores() -> Path:
    return folder() / "stores"


def is_demo() -> bool:
    """Whether this data folder is marked, now (the setting tells how it was at start)."""
    return (Path(settings.DATA_DIR) / MARK).is_file()


def read() -> State | None:
    """The state, or None when no demo was made here."""
    try:
        data = json.loads((folder() / "state.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    times = {
        name: dt.datetime.fromisoformat(data[name]) if data[name] else None
        for name in ("grown_until", "moved_at")
    }
    made_at = dt.datetime.fromisoformat(data["made_at"])
    return State(made_at=made_at, is_loaded=data["is_loaded"], made=data["made"], **times)


def write(state: State) -> None:
    """Keep the state; whoever reads meanwhile sees the old or the new one."""
    folder().mkdir(parents=True, exist_ok=True)
    data = {
        "made_at": state.made_at.isoformat(),
        "is_loaded": state.is_loaded,
        "grown_until": state.grown_until.isoformat() if state.grown_until else None,
        "moved_at": state.moved_at.isoformat() if state.moved_at else None,
        "made": state.made,
    }
    draft = folder() / f".state.{os.getpid()}"
    draft.write_text(json.dumps(data, indent=1), encoding="utf-8")
    draft.replace(folder() / "state.json")


@contextlib.contextmanager
def lock(*, wait: bool = False) -> Iterator[bool]:
    """Holds the demo's state and stores for this process.

    When another has them: waits its turn with `wait`, else yields False at once.
    """
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
