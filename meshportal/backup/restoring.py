"""Putting a backup in the place of a portal's data: all of it, or nothing."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from meshportal import keys
from meshportal.backup import rows
from meshportal.backup.archive import BackupError, Manifest, Reader
from meshportal.backup.writing import FOLDERS, back_up
from meshportal.founding import make_tables

OUR_APPS = ("catalog_", "lineage_")  # tables whose rows make a portal one that somebody uses


def is_empty() -> bool:
    """Whether nobody has used this database: no table of ours, or no row in any."""
    tables = [name for name in connection.introspection.table_names() if name.startswith(OUR_APPS)]
    with connection.cursor() as cursor:
        for name in tables:
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(name)} LIMIT 1")  # noqa: S608  # its own name
            if cursor.fetchone():
                return False
    return True


def check(archive: Reader) -> None:
    """Raise BackupError when the backup is damaged, newer than this version, or its credentials could not be read."""
    archive.check()
    known = set(MigrationExecutor(connection).loader.disk_migrations)
    ours = {app for app, _ in known}
    unknown = sorted(f"{app}.{name}" for app, name in archive.manifest.applied - known if app in ours)
    if unknown:
        raise BackupError(
            f"The backup was made by a newer version of the portal (it knows {', '.join(unknown[:3])}). "
            "Use that version."
        )
    if not keys.are_in_folder(keys.ENCRYPTION):
        missing = set(_keys(archive, keys.ENCRYPTION)) - set(settings.ENCRYPTION_KEYS)
        if missing:
            raise BackupError(
                "MESHPORTAL_ENCRYPTION_KEYS does not hold the keys the backup's credentials are encrypted with. "
                f"Add them behind yours (`unzip -p FILE keys/{keys.ENCRYPTION}` prints them), restore, "
                "and run `./mesh manage rotate_keys`."
            )


def back_up_first() -> Path:
    """A backup of what will be replaced, in `backups/`."""
    folder = settings.DATA_DIR / "backups"
    folder.mkdir(exist_ok=True, mode=0o700)
    path: Path = folder / f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.zip"
    back_up(path)
    return path


def restore(archive: Reader) -> None:
    """Put the backup's rows, keys and files in place, then bring the tables to this version.

    The database changes in one transaction at the end; the keys of both portals are kept, the backup's first, so that
    whatever moment this is killed at leaves a database whose credentials can be read. Where it fails, the backup's
    signing keys go again: whoever wrote a file that was not restored may not sign for this portal. Raises BackupError.
    """
    if_it_fails = _keep_keys(archive)
    try:
        _place_files(archive)
        _replace_rows(archive)
    except BaseException:
        for name, chosen in if_it_fails.items():
            keys.write(settings.DATA_DIR, name, chosen)
        raise
    _mark_demo(archive.manifest)
    ContentType.objects.clear_cache()
    cache.clear()


def _replace_rows(archive: Reader) -> None:
    try:
        if connection.vendor == "sqlite":
            _restore_beside(archive)
        else:
            with transaction.atomic():
                _drop_tables()
                _build(archive)
    except DatabaseError as error:
        raise BackupError(
            f"The database refused the backup, and is as it was: {str(error).strip()}"
        ) from error


def _keys(archive: Reader, name: str) -> list[str]:
    return archive.text(f"keys/{name}").split()


def _keep_keys(archive: Reader) -> dict[str, list[str]]:
    """Keep the keys of both portals, the backup's first; returns those to keep if the restore fails.

    The backup's encryption keys stay even then: they open nothing here, and a failure may come after the rows.
    """
    present = {
        keys.SIGNING: [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS],
        keys.ENCRYPTION: list(settings.ENCRYPTION_KEYS),
    }
    ours = {name: here for name, here in present.items() if keys.are_in_folder(name)}
    theirs = {name: _keys(archive, name) for name in ours}
    for name, here in ours.items():
        keys.write(settings.DATA_DIR, name, [*theirs[name], *here])
    return {name: [*here, *theirs[name]] if name == keys.ENCRYPTION else here for name, here in ours.items()}


def _place_files(archive: Reader) -> None:
    for name, file in archive.files():
        target = (settings.DATA_DIR / name).resolve()
        if not any(target.is_relative_to(settings.DATA_DIR / folder) for folder in FOLDERS):
            raise BackupError(f"The backup holds a file for a place that is not the portal's: {name}.")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = target.with_name(f".{target.name}.restoring")
        with draft.open("wb") as place:
            shutil.copyfileobj(file, place)
        draft.chmod(0o600)
        draft.replace(target)


def _mark_demo(manifest: Manifest) -> None:
    mark = settings.DATA_DIR / keys.DEMO_MARK
    if manifest.is_demo:
        mark.write_text("This data folder holds the demo mesh; its accounts open with one click.\n", "ascii")
    else:
        mark.unlink(missing_ok=True)


def _restore_beside(archive: Reader) -> None:
    """SQLite: build a second file, then copy its pages over the first in one transaction of SQLite's own."""
    target = Path(str(connection.settings_dict["NAME"]))
    draft = target.with_name(f"{target.name}.restoring")
    _remove(draft)
    try:
        with _database_at(draft):
            _build(archive)
            connection.check_constraints()
        with closing(sqlite3.connect(draft)) as built, closing(sqlite3.connect(target, timeout=20)) as used:
            built.backup(used)
        target.chmod(0o600)
    finally:
        _remove(draft)


@contextmanager
def _database_at(path: Path) -> Iterator[None]:
    """The usual connection, opened on another file: data migrations use it without naming it."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(path)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _drop_tables() -> None:
    """Every table of the schema the portal uses, which is its alone; those of extensions stay."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace "
            "AND c.relkind IN ('r', 'p') AND NOT EXISTS "
            "(SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
        )
        names = [connection.ops.quote_name(name) for (name,) in cursor.fetchall()]
        if names:
            cursor.execute(f"DROP TABLE {', '.join(names)} CASCADE")


def _build(archive: Reader) -> None:
    """Tables as the backup's version had them, its rows, then what newer versions changed."""
    executor = MigrationExecutor(connection)
    everything = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    applied = archive.manifest.applied
    plan = [step for step in everything if (step[0].app_label, step[0].name) in applied]
    if len(plan) == len(everything):  # of this version: no need to go through all the earlier ones
        make_tables()
    else:
        MigrationRecorder(connection).ensure_schema()
        executor.migrate([], plan=plan)
    found = rows.models_at(executor.loader, applied)
    with transaction.atomic():
        _empty(found)
        _constraints("DEFERRED")  # rows come table by table, whatever they point at
        _load(archive, found)
        _constraints("IMMEDIATE")  # nothing may be pending when tables are altered below
    forward = MigrationExecutor(connection)
    forward.migrate(forward.loader.graph.leaf_nodes())


def _constraints(when: str) -> None:
    """When foreign keys are looked at. SQLite's are deferred anyway, and a migration may have changed PostgreSQL's."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET CONSTRAINTS ALL {when}")


def _empty(found: list[rows.Model]) -> None:
    """Take out what migrations wrote themselves: the backup holds their rows."""
    names = [connection.ops.quote_name(model._meta.db_table) for model in found]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(names)}")
        else:
            for name in names:
                cursor.execute(f"DELETE FROM {name}")  # noqa: S608  # a name of ours


def _load(archive: Reader, found: list[rows.Model]) -> None:
    manifest = archive.manifest
    by_table = {model._meta.db_table: model for model in found}
    for name, table in manifest.tables.items():
        if name not in by_table:
            raise BackupError(f"The backup holds a table this version cannot place: {name}.")
        try:
            rows.load(by_table[name], table.columns, archive.lines(table.member), connection)
        except (DatabaseError, LookupError, ValueError, TypeError, RecursionError, ValidationError) as error:
            raise BackupError(
                f"The rows of {name} do not fit: {str(error).strip()[:500]}. The database is as it was."
            ) from error
    rows.continue_numbers(found, manifest.last_numbers, connection)
