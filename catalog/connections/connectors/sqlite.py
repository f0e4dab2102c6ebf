"""SQLite files, opened read-only: no ATTACH, no extensions, no writing, whatever the file's views try."""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote as url_quote

from catalog.connections.connectors import check_sql
from catalog.connections.connectors.base import CrawlContext, Wanted
from catalog.connections.connectors.check_stores import SqliteStore
from catalog.connections.connectors.config import Config
from catalog.connections.connectors.database_file import DatabaseFile, Table
from catalog.connections.connectors.errors import SourceError, redact
from catalog.connections.connectors.observations import (
    Observation,
    ObservedAsset,
    ObservedField,
    ObservedReading,
)
from catalog.connections.connectors.profiling import SCALAR, blinded, profile_rows, rows_to_read
from catalog.connections.connectors.relational import (
    MAX_TEXT,
    freshness_columns,
    is_chosen,
    logical_type,
    newest,
    quote,
)

_ALLOWED_ACTIONS: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_ALLOWED_PRAGMAS: Final = frozenset(
    {"table_list", "table_xinfo", "foreign_key_list", "index_list", "index_info", "trusted_schema"}
)
_FORBIDDEN_FUNCTIONS: Final = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})
_STEPS_BETWEEN_LOOKS = 20_000  # virtual machine steps between looks at the clock
_TABLES = (
    "SELECT name, type, CASE type WHEN 'view' THEN sql END FROM sqlite_master WHERE type IN ('table', 'view') "
    "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name LIMIT ?"
)


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_OK if first in _ALLOWED_PRAGMAS else sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FORBIDDEN_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _ALLOWED_ACTIONS else sqlite3.SQLITE_DENY


class SqliteConnector(DatabaseFile):
    """Tables and views of one SQLite file."""

    name = "sqlite"
    title = "SQLite file"
    description = "Tables and views of one SQLite database file."
    format = "SQLite"

    def session(self, path: Path, context: CrawlContext) -> AbstractContextManager[sqlite3.Connection]:
        return _opened(path, context)

    def tables(self, database: Any, config: Config, context: CrawlContext) -> list[Table]:
        rows = database.execute(_TABLES, (context.max_assets,))
        return [row for row in rows if is_chosen(config, row[0])]

    def key(self, table: Table) -> tuple[str, ...]:
        return (table[0],)

    def sought(self, address: Mapping[str, Any]) -> tuple[str, ...]:
        return (str(address.get("table", "")),)

    def listed(self, database: Any, config: Config, table: Table, context: CrawlContext) -> ObservedAsset:
        try:
            fields = _fields(database, table[0])
        except SourceError:
            fields = ()
        return _asset(config, table, fields or None)

    def read(
        self, database: Any, config: Config, item: Wanted, table: Table, context: CrawlContext
    ) -> Iterator[Observation]:
        return _read(database, config, item, table, context)


@contextmanager
def _opened(path: Path, context: CrawlContext) -> Iterator[sqlite3.Connection]:
    """The database for reading only; queries stop at the deadline. Raises SourceError."""
    context.remaining()
    if not path.is_file():
        raise SourceError("malformed", "The path is not a file.", "Name the database file itself.")
    database = None
    try:
        database = _connect(path)
        database.set_progress_handler(lambda: _is_over(context), _STEPS_BETWEEN_LOOKS)
        database.execute("PRAGMA trusted_schema = OFF")  # functions in views are not trusted
        database.set_authorizer(_authorize)
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield database
    except sqlite3.Error as error:
        raise _translated(error, context) from error
    finally:
        if database is not None:
            database.close()


def _connect(path: Path) -> sqlite3.Connection:
    address = f"file:{url_quote(str(path))}?mode=ro"
    # A file in WAL mode in a folder we may not write to opens only as immutable, when nobody else writes it.
    wal = path.with_name(path.name + "-wal")
    for suffix in ("", "&immutable=1"):
        if suffix and wal.exists() and wal.stat().st_size:
            break
        database = sqlite3.connect(address + suffix, uri=True, timeout=5, isolation_level=None)
        try:
            database.text_factory = _lenient_text
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return database
        except sqlite3.OperationalError:
            database.close()
    return sqlite3.connect(address, uri=True, timeout=5, isolation_level=None)


def _lenient_text(raw: bytes) -> str:
    """Text that claims to be UTF-8 and is not must not stop the crawl."""
    return raw.decode("utf-8", "replace")


def _is_over(context: CrawlContext) -> bool:
    return time.monotonic() > context.deadline or context.is_cancelled()


def _translated(error: sqlite3.Error, context: CrawlContext) -> SourceError:
    context.remaining()  # raises the better error when time is up
    text = redact(error)
    if isinstance(error, sqlite3.OperationalError) and "locked" in text:
        return SourceError(
            "refused", "Another process holds the database.", "Try again when it has finished."
        )
    if isinstance(error, sqlite3.OperationalError) and "unable to open" in text:
        return SourceError(
            "refused", "The file may not be read.", "Give the portal's account the right to read it."
        )
    if isinstance(error, sqlite3.DatabaseError) and ("not a database" in text or "malformed" in text):
        return SourceError(
            "malformed", "The file is not a sound SQLite database.", "Restore it, or name another."
        )
    return SourceError("malformed", f"SQLite says: {text}.", "Check the table or view in the store itself.")


def _asset(config: Config, table: Table, fields: tuple[ObservedField, ...] | None) -> ObservedAsset:
    name, kind, sql = table
    return ObservedAsset(
        namespace=f"sqlite://{config['path']}",
        name=name,
        kind="view" if kind == "view" else "table",
        address={"table": name},
        fields=fields,
        definition=sql or "",
    )


def _fields(database: sqlite3.Connection, table: str) -> tuple[ObservedField, ...]:
    name = quote(table)
    try:
        references = {
            row[3]: f"{row[2]}.{row[4] or row[3]}"
            for row in database.execute(f"PRAGMA foreign_key_list({name})")
        }
        unique = set()
        for index in database.execute(f"PRAGMA index_list({name})").fetchall():
            columns = database.execute(f"PRAGMA index_info({quote(index[1])})").fetchall()
            if index[2] and not index[4] and len(columns) == 1:  # unique, not partial, of one column
                unique.add(columns[0][2])
        rows = database.execute(f"PRAGMA table_xinfo({name})").fetchall()
    except sqlite3.Error as error:
        raise SourceError(
            "malformed", f"SQLite says: {redact(error)}.", "Repair the view or table."
        ) from error
    keys = sum(1 for row in rows if row[5])
    return tuple(
        ObservedField(
            path=column,
            name=column,
            ordinal=place,
            logical_type=logical_type(declared),
            physical_type=declared,
            is_nullable=not (required or key),
            key_position=key or None,
            is_unique=True if column in unique or (key and keys == 1) else None,
            references=references.get(column, ""),
        )
        for place, column, declared, required, _default, key, hidden in rows
        if hidden != 1  # hidden columns of virtual tables
    )


def _read(
    database: sqlite3.Connection,
    config: Config,
    item: Wanted,
    listed: Table,
    context: CrawlContext,
) -> Iterator[Observation]:
    table = listed[0]
    started = time.perf_counter()
    fields = _fields(database, table)
    try:
        total = int(database.execute(f"SELECT count(*) FROM {quote(table)}").fetchone()[0])  # noqa: S608
        latency = (time.perf_counter() - started) * 1000
        rows = _sample(database, table, fields, total, context)
        fresh_at, basis = _freshness(database, table, fields, context)
    except sqlite3.Error as error:
        raise _translated(error, context) from error
    yield _asset(config, listed, fields)
    yield ObservedReading(
        asset=item.asset,
        is_reachable=True,
        latency_ms=latency,
        row_count=total,
        fresh_at=fresh_at,
        fresh_basis=basis,
    )
    yield from profile_rows(item, fields, rows, is_sample=total > len(rows), row_total=total)
    if item.checks:
        newest_in = partial(_newest, database, table, context.now())
        store = SqliteStore(database, table, fields, newest_in, context)
        yield from check_sql.measured(store, item, context)


def _sample(
    database: sqlite3.Connection,
    table: str,
    fields: Sequence[ObservedField],
    total: int,
    context: CrawlContext,
) -> list[Sequence[Any]]:
    """Up to the row limit; of larger tables every nth row, so that not only the oldest are seen."""
    limit = rows_to_read(len(fields), context.max_rows)
    step = max(1, total // limit)
    cells = ", ".join(_cell(field) for field in fields)
    select = f"SELECT {cells} FROM {quote(table)}"  # noqa: S608
    if step > 1:
        cursor = database.execute(
            f"SELECT * FROM (SELECT {cells}, row_number() OVER () AS n FROM {quote(table)}) "  # noqa: S608
            "WHERE n % ? = 0 LIMIT ?",
            (step, limit),
        )
        rows = [row[:-1] for row in cursor]
    else:
        rows = database.execute(f"{select} LIMIT ?", (limit,)).fetchall()
    blind = [place for place, field in enumerate(fields) if field.logical_type not in SCALAR]
    return [blinded(row, blind) for row in rows]


def _cell(field: ObservedField) -> str:
    column = quote(field.name)
    if field.logical_type not in SCALAR:
        return f"CASE WHEN {column} IS NULL THEN NULL ELSE 1 END"
    text = f"substr({column}, 1, {MAX_TEXT})"
    return f"CASE typeof({column}) WHEN 'text' THEN {text} WHEN 'blob' THEN 'blob' ELSE {column} END"


def _freshness(
    database: sqlite3.Connection, table: str, fields: Sequence[ObservedField], context: CrawlContext
) -> tuple[Any, str]:
    now = context.now()
    return newest(
        [(field.name, _newest(database, table, now, field)) for field in freshness_columns(fields)], now
    )


def _newest(database: sqlite3.Connection, table: str, now: datetime, field: ObservedField) -> Any:
    column = quote(field.name)
    written = f"substr(replace({column}, 'T', ' '), 1, 19)"  # both ways of writing a timestamp
    query = f"SELECT max({column}) FROM {quote(table)} WHERE {written} <= ?"  # noqa: S608
    limit = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return database.execute(query, (limit,)).fetchone()[0]
