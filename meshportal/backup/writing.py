"""Making a backup while the portal runs."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

from meshportal import keys
from meshportal.backup import rows
from meshportal.backup.archive import Manifest, Table, Writer, written

FOLDERS = ("media", "demo")  # of the data folder; all else in it is the database, the keys, or made anew
SNAPSHOT = "backup-snapshot"


def back_up(path: Path) -> Manifest:
    """Write database, keys and files to `path`; the rows are those of one moment, and nobody waits meanwhile.

    Raises BackupError.
    """
    with snapshot() as connection:
        loader = MigrationLoader(connection)
        applied = {node for node in loader.applied_migrations if node in loader.disk_migrations}
        found = rows.models_at(loader, applied)
        manifest = Manifest(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            database=connection.vendor,
            migrations=sorted(f"{app}.{name}" for app, name in applied),
            is_demo=settings.DEMO,
            last_numbers=rows.last_numbers(found, connection),
        )
        with written(path, manifest) as archive:
            for model in found:
                _add_table(archive, model)
            _add_keys(archive)
            _add_files(archive)
    return manifest


@contextmanager
def snapshot() -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own that sees the database as it is at its first query, whoever writes meanwhile.

    SQLite gives that to a reader of the write-ahead log, PostgreSQL to a transaction with repeatable reads.
    """
    usual = connections[DEFAULT_DB_ALIAS]
    described = copy.deepcopy(usual.settings_dict)
    if usual.vendor == "sqlite":
        described["OPTIONS"]["transaction_mode"] = (
            "DEFERRED"  # the portal's own transactions lock out writers
        )
    else:
        from psycopg import IsolationLevel

        described["OPTIONS"]["isolation_level"] = IsolationLevel.REPEATABLE_READ
    connection = type(usual)(described, SNAPSHOT)
    connections[SNAPSHOT] = connection
    try:
        with transaction.atomic(using=SNAPSHOT):
            yield connection
    finally:
        connection.close()
        del connections[SNAPSHOT]


def _add_table(archive: Writer, model: rows.Model) -> None:
    name = model._meta.db_table
    table = Table(f"rows/{name}.jsonl", [field.attname for field in rows.columns(model)])
    table.rows = archive.add(table.member, rows.read(model, SNAPSHOT))
    archive.manifest.tables[name] = table


def _add_keys(archive: Writer) -> None:
    signing = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    archive.add(f"keys/{keys.SIGNING}", ["\n".join(signing).encode("ascii")])
    archive.add(f"keys/{keys.ENCRYPTION}", ["\n".join(settings.ENCRYPTION_KEYS).encode("ascii")])


def _add_files(archive: Writer) -> None:
    for folder in FOLDERS:
        for path in sorted((settings.DATA_DIR / folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                archive.add_file(f"files/{path.relative_to(settings.DATA_DIR).as_posix()}", path)
