"""File sets: which files of a folder belong together, and which of them may be read."""

import glob
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.errors import SourceError

Format = Literal["csv", "json", "jsonl", "parquet"]
SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
Folder = tuple[
    str, list[str], list[str]
]  # path below the start, folders (those left in it are entered), names
Walk = Callable[[str], Iterator[Folder]]
MAX_FILES = 20_000  # looked at in one listing
MAX_DEPTH = 8  # of folders below the connection's path
_PART = re.compile(r"part[-_]|.*[-_]\d+of\d+", re.IGNORECASE)
_PARTITION = re.compile(r"[^=/]+=[^=/]*\Z")


@dataclass(frozen=True, slots=True)
class FileSet:
    """Files of one format that are one asset. `pattern` is a path or a glob, absolute, as the owner wrote its base."""

    pattern: str
    format: Format
    is_gzip: bool = False

    @property
    def address(self) -> dict[str, Any]:
        return {"pattern": self.pattern, "format": self.format, "gzip": self.is_gzip}

    @classmethod
    def at(cls, address: Mapping[str, Any]) -> "FileSet":
        """Raises SourceError(gone) for an address no connector wrote."""
        pattern = str(address.get("pattern", ""))
        for known in SUFFIXES.values():
            if pattern and known == address.get("format"):
                return cls(pattern, known, bool(address.get("gzip")))
        raise SourceError("gone", "The address of the files is not known.", "Browse the connection again.")


def format_of(name: str) -> tuple[Format, bool] | None:
    """The format by the file's name, and whether it is gzipped; None for files that hold no data."""
    ending = ending_of(name)
    is_gzip = ending.lower().endswith(".gz")
    found = SUFFIXES.get(ending.lower().removesuffix(".gz"))
    if found is None or name.startswith((".", "_")) or (is_gzip and found == "parquet"):
        return None
    return found, is_gzip


def ending_of(name: str) -> str:
    """`.csv` or `.csv.gz`, as written."""
    cut = len(name) - 3 if name.lower().endswith(".gz") else len(name)
    return Path(name[:cut]).suffix + name[cut:]


def find_sets(path: str, context: CrawlContext) -> Iterator[FileSet]:
    """The file sets at a path: one for a file or a glob, those of the tree for a folder.

    A folder with Hive partitions (`day=2026-11-01`) or with parts (`part-0001.parquet`) is one set a format.
    """
    if glob.has_magic(path):
        formats = {known for file, _ in _matches(path, context) if (known := format_of(file))}
        if len(formats) > 1:
            raise SourceError(
                "unsupported", "The pattern matches several formats.", "End it in one, such as *.parquet."
            )
        yield from (FileSet(path, *known) for known in formats)
        return
    real = context.roots.resolve(path)
    if real.is_file():
        known = format_of(real.name)
        if known is None:
            raise SourceError(
                "unsupported", "The file is none of CSV, JSON, JSON lines, Parquet.", "Name another."
            )
        yield FileSet(path, *known)
        return
    yield from _sets_below(path.rstrip("/"), real, context)


def _sets_below(path: str, real: Path, context: CrawlContext) -> Iterator[FileSet]:
    def walk(start: str) -> Iterator[Folder]:
        for folder, folders, names in os.walk(real / start):
            below = os.path.relpath(folder, real)
            yield "" if below == "." else below, folders, names

    yield from sets_in(path, walk, context)


def sets_in(path: str, walk: Walk, context: CrawlContext) -> Iterator[FileSet]:
    """The sets of a tree; `walk` goes through it like `os.walk`, from a folder below `path` ("" for itself)."""
    seen = 0
    for below, folders, names in walk(""):
        context.remaining()
        seen += len(names)
        written = "/".join(part for part in (path, below) if part)
        if seen > MAX_FILES or below.count("/") >= MAX_DEPTH:
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        partitions = [name for name in folders if _PARTITION.match(name)]
        if partitions:
            yield from _partitioned(written, walk(below), context)
            folders[:] = [name for name in folders if name not in partitions]
        data = {name: known for name in sorted(names) if (known := format_of(name))}
        parts = [name for name in data if _PART.match(name)]
        for ending, known in sorted({(ending_of(name), data[name]) for name in parts}):
            yield FileSet(_joined(glob.escape(written), f"*{ending}"), *known)
        for name, known in data.items():
            if name not in parts:
                yield FileSet(glob.escape(_joined(written, name)), *known)


def _partitioned(written: str, walked: Iterator[Folder], context: CrawlContext) -> Iterator[FileSet]:
    found = set()
    for _, folders, names in walked:
        context.remaining()
        folders[:] = [name for name in folders if _PARTITION.match(name)]
        found |= {(ending_of(name), known) for name in names if (known := format_of(name))}
    for ending, known in sorted(found):
        yield FileSet(_joined(glob.escape(written), f"**/*{ending}"), *known)


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def files_of(found: FileSet, context: CrawlContext) -> list[Path]:
    """The real paths of a set's files, in order. Raises SourceError: gone, not_allowed, too_large."""
    if not glob.has_magic(found.pattern):
        return [context.roots.resolve(found.pattern)]
    wanted = (found.format, found.is_gzip)
    files = [real for name, real in _matches(found.pattern, context) if format_of(name) == wanted]
    if not files:
        raise SourceError("gone", f"No data file matches {found.pattern}.", "Check the pattern.")
    return sorted(files)


def _matches(pattern: str, context: CrawlContext) -> Iterator[tuple[str, Path]]:
    """Name and real path of each file that matches and may be read.

    A pattern leads downwards only: `/data/*/../../home/[a-m]*/…` would tell by what it matches what else is there.
    """
    if ".." in pattern.split("/"):
        raise SourceError("not_allowed", "A pattern may not lead upwards.", "Write it without “..”.")
    context.roots.resolve(_base(pattern))
    for number, match in enumerate(glob.iglob(pattern, recursive=True)):
        context.remaining()
        if number > MAX_FILES:
            raise SourceError("too_large", f"More than {MAX_FILES:,} files match.", "Narrow the pattern.")
        if format_of(os.path.basename(match)):
            real = context.roots.resolve(match)
            if real.is_file():
                yield os.path.basename(match), real


def _base(pattern: str) -> str:
    """The folder before the first wildcard."""
    parts = pattern.split("/")
    fixed = next(place for place, part in enumerate(parts) if glob.has_magic(part))
    return "/".join(parts[:fixed]).replace("[[]", "[") or "/"


def partitions_of(paths: Sequence[str]) -> list[str]:
    """The names of Hive partition columns in the paths, outermost first."""
    names: dict[str, None] = {}
    for path in paths:
        for part in path.split("/")[:-1]:
            if _PARTITION.match(part):
                names[part.split("=", 1)[0]] = None
    return list(names)
