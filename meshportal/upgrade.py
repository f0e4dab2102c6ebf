"""What an existing data folder needs before this version of the portal may work on it."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

KEPT_BACKUPS = 5


@dataclass(frozen=True)
class State:
    """The database against the code: empty, what is to be migrated, and migrations only a newer version has."""

    fresh: bool
    pending: bool
    unknown: frozenset[str]


def examine() -> State:
    """Compare the applied migrations with those of the code. Raises OperationalError without a database."""
    executor = MigrationExecutor(connection)
    known = set(executor.loader.disk_migrations)
    applied = set(executor.loader.applied_migrations)
    ours = {app for app, _ in known}
    return State(
        fresh=not applied,
        pending=bool(executor.migration_plan(executor.loader.graph.leaf_nodes())),
        unknown=frozenset(f"{app}.{name}" for app, name in applied - known if app in ours),
    )


def back_up() -> Path | None:
    """Copy the SQLite database to `backups/` while it may be in use, keep the newest KEPT_BACKUPS; returns the copy.

    None for PostgreSQL, whose backups belong to its operator.
    """
    if connection.vendor != "sqlite":
        return None
    source = Path(str(connection.settings_dict["NAME"]))
    folder = settings.DATA_DIR / "backups"
    folder.mkdir(exist_ok=True, mode=0o700)
    target = folder / f"portal-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.sqlite3"
    target.touch(mode=0o600)
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
    for surplus in sorted(folder.glob("portal-*.sqlite3"))[:-KEPT_BACKUPS]:
        surplus.unlink()
    return target


def static_files_changed() -> bool:
    """Whether the static files differ in name, size or time from those collected last."""
    return not _note().is_file() or _note().read_text(encoding="ascii") != _digest()


def note_static_files() -> None:
    """Remember which static files were collected."""
    _note().write_text(_digest(), encoding="ascii")


def _note() -> Path:
    return Path(settings.STATIC_ROOT) / "collected.sha256"


def _digest() -> str:
    return hashlib.sha256("\n".join(sorted(_static_files())).encode()).hexdigest()


def _static_files() -> Iterator[str]:
    yield django.get_version()
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = Path(storage.path(path)).stat()
            yield f"{path} {stat.st_size} {stat.st_mtime_ns}"
