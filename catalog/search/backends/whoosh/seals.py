"""Seals of segment files: size, time and CRC-32 as written. A segment never changes, so what differs is damage.

Whoosh's files carry no sums: a flipped byte gives wrong answers or strange errors, a long time later.
"""

import json
import os
import zlib
from collections.abc import Iterable
from pathlib import Path

NAME = "SEALS"
PIECE = 1024 * 1024
Seal = tuple[int, int, int]  # bytes, time of change in ns, CRC-32


def read(folder: Path) -> dict[str, Seal]:
    """What was sealed; nothing when there is no list or it cannot be read, which only means less is known."""
    try:
        held = json.loads((folder / NAME).read_text(encoding="ascii"))
        return {str(name): (int(size), int(time), int(crc)) for name, (size, time, crc) in held.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write(folder: Path, names: Iterable[str]) -> None:
    """Seal these files, whole or not at all; those that are as they were sealed are not read again."""
    held, sealed = read(folder), {}
    for name in names:
        before, (size, time) = held.get(name), _stamp(folder / name)
        known = before is not None and before[:2] == (size, time)
        sealed[name] = before if known and before else (size, time, _crc(folder / name))
    draft = folder / f".{NAME}.{os.getpid()}"
    draft.write_text(json.dumps(sealed), encoding="ascii")
    os.replace(draft, folder / NAME)


def broken(folder: Path, names: Iterable[str], known: dict[str, tuple[int, int]]) -> str:
    """The first file that is not as it was sealed, "" when there is none. `known` spares reading a file twice that was
    only copied or touched. Raises FileNotFoundError."""
    held = read(folder)
    for name in names:
        stamp = _stamp(folder / name)
        seal = held.get(name)
        if seal is None or seal[:2] == stamp or known.get(name) == stamp:
            continue
        if seal[0] != stamp[0] or seal[2] != _crc(folder / name):
            return name
        known[name] = stamp
    return ""


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _crc(path: Path) -> int:
    crc = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            crc = zlib.crc32(piece, crc)
    return crc
