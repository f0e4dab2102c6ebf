"""Snapshots as files: a folder of NumPy arrays, sealed, named by one small file that is replaced in one step.

    lineage/CURRENT                 the name of the folder in force
    lineage/<name>/<graph>.<part>.npy
    lineage/<name>/SEALS.json       what it was made of; size and CRC-32 of every file; written last

Readers map the arrays. Whoever has a folder open keeps it although it is removed meanwhile (the system keeps what is
mapped), so nobody ever reads half of one snapshot and half of another. A process killed while it writes leaves a folder
that nothing names; the next build removes it.
"""

import json
import os
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from lineage.impact.csr import PARTS, Graph

CURRENT, SEALS = "CURRENT", "SEALS.json"
FORMAT = 2  # of the folder; another one is built anew
_PIECE = 1 << 20


class Damaged(Exception):
    """The snapshot is not as it was written; its message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An opened snapshot: its graphs by name, and what was written beside them."""

    name: str
    graphs: Mapping[str, Graph]
    about: Mapping[str, Any]


def write(folder: Path, graphs: Mapping[str, Graph], about: Mapping[str, Any]) -> str:
    """Write a snapshot and put it in force; returns its name. Older ones but the last are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    name = uuid4().hex
    before = current(folder)
    target = folder / name
    target.mkdir()
    seals = {}
    for key, graph in graphs.items():
        for part in PARTS:
            path = target / f"{key}.{part}.npy"
            with path.open("wb") as file:
                np.save(file, getattr(graph, part), allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
            seals[path.name] = [path.stat().st_size, _crc(path)]
    held = {"format": FORMAT, "graphs": sorted(graphs), "files": seals, "about": dict(about)}
    _write_text(target / SEALS, json.dumps(held))
    _write_text(folder / CURRENT, name)
    _tidy(folder, {name, before})
    return name


def current(folder: Path) -> str:
    """The name of the snapshot in force, "" where there is none."""
    try:
        name = (folder / CURRENT).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
    return name if name.isalnum() else ""


def read(folder: Path, name: str) -> Stored:
    """Open a snapshot by mapping its arrays; every byte is compared with its seal once. Raises Damaged."""
    place = folder / name
    try:
        held = json.loads((place / SEALS).read_text(encoding="ascii"))
        if held["format"] != FORMAT:
            raise Damaged(f"It is of format {held['format']}.")
        for file, (size, crc) in held["files"].items():
            if (place / file).stat().st_size != size or _crc(place / file) != crc:
                raise Damaged(f"{file} is not as it was written.")
        graphs = {
            key: Graph(
                **{
                    part: np.load(place / f"{key}.{part}.npy", mmap_mode="r", allow_pickle=False)
                    for part in PARTS
                }
            )
            for key in held["graphs"]
        }
        return Stored(name, graphs, held["about"])
    except Damaged:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error


def withdraw(folder: Path, name: str) -> None:
    """Take a damaged snapshot out of force; one that was replaced meanwhile stays."""
    if current(folder) == name:
        (folder / CURRENT).unlink(missing_ok=True)


def _write_text(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    with draft.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def _tidy(folder: Path, kept: set[str]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name not in kept:
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.name.startswith(f".{CURRENT}."):
            entry.unlink(missing_ok=True)


def _crc(path: Path) -> int:
    crc = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            crc = zlib.crc32(piece, crc)
    return crc
