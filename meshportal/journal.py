"""What happened to the portal itself on this host: one JSON line an event, in `logs/events.jsonl` of the data folder.

Standard library only: the runner writes it too. It lasts when database, cache and broker are what failed.
"""

import contextlib
import json
import os
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

NAME = "events.jsonl"
LIMIT = 200_000  # bytes; then the older half goes
SHOWN = 20
QUIET_SECONDS = 60.0
_noted: dict[tuple[Path, str, str], float] = {}  # when this process noted what, by its steady clock


@dataclass(frozen=True, slots=True)
class Event:
    """When something happened, to which part, and a sentence for people."""

    at: datetime
    part: str
    sentence: str


def note(data: Path, part: str, sentence: str) -> None:
    """Append an event; a folder that cannot be written loses it, and nothing else."""
    path = data / "logs" / NAME
    line = json.dumps({"at": time.time(), "part": part, "sentence": sentence[:500]}) + "\n"
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab", buffering=0) as file:
            file.write(line.encode())
        if path.stat().st_size > LIMIT:
            _shorten(path)


def note_rarely(data: Path, part: str, sentence: str) -> None:
    """As `note`, at most once in QUIET_SECONDS from this process: what many requests or tasks meet is one event."""
    now, key = time.monotonic(), (data, part, sentence)
    if now - _noted.get(key, float("-inf")) >= QUIET_SECONDS:
        _noted[key] = now
        note(data, part, sentence)


def _shorten(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(b"".join(lines[len(lines) // 2 :]))
    draft.chmod(0o600)
    os.replace(draft, path)


def latest(data: Path) -> list[Event]:
    """The last events, the newest first."""
    try:
        with (data / "logs" / NAME).open(encoding="utf-8", errors="replace") as file:
            lines = deque(file, maxlen=SHOWN)
    except OSError:
        return []
    return [event for line in reversed(lines) if (event := _read(line)) is not None]


def _read(line: str) -> Event | None:
    try:
        held = json.loads(line)
        at = datetime.fromtimestamp(float(held["at"]), UTC)
        return Event(at, str(held["part"]), str(held["sentence"]))
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None  # cut by a full disk
