"""Importing many documents: files and folders, one after another, each on its own; or as a rehearsal."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from catalog.accounts.models import User
from catalog.common.documents import MAX_BYTES
from catalog.common.errors import Problem
from catalog.contracts.detect import UNKNOWN
from catalog.contracts.results import REFUSED, ImportOptions, ImportResult
from catalog.contracts.services import import_document

SUFFIXES = (".yaml", ".yml", ".json", ".yaml.gz", ".yml.gz", ".json.gz")
_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv"})


@dataclass(frozen=True, slots=True)
class Source:
    """A document's bytes and the path shown for it; `problem` says why the bytes could not be had."""

    path: str
    raw: bytes = b""
    problem: Problem | None = None


def import_all(
    sources: Iterable[Source],
    *,
    actor: User | None,
    options: ImportOptions | None = None,
    dry_run: bool = False,
    now: dt.datetime | None = None,
) -> Iterator[ImportResult]:
    """Import each source in its own transaction and yield its result.

    A dry run does the same work in one transaction and takes all of it back, so that documents find each other as
    they would; its results come when all is done.
    """
    if not dry_run:
        for source in sources:
            yield _import(source, actor, options, now)
        return
    with transaction.atomic():
        results = [_import(source, actor, options, now) for source in sources]
        transaction.set_rollback(True)
    yield from results


def _import(
    source: Source, actor: User | None, options: ImportOptions | None, now: dt.datetime | None
) -> ImportResult:
    if source.problem is not None:
        return ImportResult(source.path, UNKNOWN, "", REFUSED, problems=(source.problem,))
    return import_document(actor=actor, raw=source.raw, path=source.path, options=options, now=now)


def sources_in(path: Path) -> Iterator[Source]:
    """A file, or every YAML and JSON file below a folder in the order of names; hidden ones are passed over."""
    files = _walk(path) if path.is_dir() else [path]
    for file in files:
        yield _read(file)


def _walk(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink() and entry.name not in _SKIPPED_FOLDERS:
            yield from _walk(entry)
        elif entry.is_file() and entry.name.lower().endswith(SUFFIXES):
            yield entry


def _read(file: Path) -> Source:
    try:
        with file.open("rb") as stream:
            return Source(str(file), stream.read(MAX_BYTES + 1))  # one byte more tells that it is too large
    except OSError as error:
        return Source(
            str(file), problem=Problem("$", "unreadable-file", f"The file cannot be read: {error.strerror}.")
        )
