"""Closed DuckDB sessions: no network, no extensions, no files but the named ones, one thread, bounded memory."""

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.errors import SourceError, redact
from catalog.connections.connectors.fieldpaths import child_path
from catalog.connections.connectors.observations import LogicalType, ObservedField
from catalog.connections.connectors.profiling import SCALAR, blinded, rows_to_read
from catalog.connections.connectors.relational import MAX_TEXT, freshness_columns, newest, quote

if TYPE_CHECKING:
    import duckdb

MAX_DEPTH = 12
MAX_FIELDS = 10_000
CLOSED: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "threads": "1",
    "memory_limit": "256MB",
    "temp_directory": "",
    "custom_user_agent": "meshportal",
}
_LOGICAL: Final[dict[str, LogicalType]] = {
    "varchar": "string",
    "uuid": "string",
    "enum": "string",
    "interval": "string",
    "bit": "string",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "blob": "binary",
    "struct": "object",
    "union": "object",
    "map": "map",
    "list": "array",
    "array": "array",
    "decimal": "number",
    "float": "number",
    "double": "number",
    "json": "object",
}


@contextmanager
def session(
    context: CrawlContext,
    database: Path | None = None,
    files: Iterable[Path | str] = (),
    filesystem: Any = None,
) -> Iterator[Any]:
    """A locked DuckDB connection to `database` (read-only) or to memory, that may read only `files`.

    An fsspec `filesystem` is asked for files whose names begin with its protocol; the lock holds for these too.
    Queries are interrupted at the deadline. Raises SourceError for what DuckDB cannot do.
    """
    import duckdb

    connection = None
    try:
        connection = duckdb.connect(
            str(database) if database else ":memory:", read_only=database is not None, config=CLOSED
        )
        connection.execute("SET TimeZone = 'UTC'")
        if filesystem is not None:
            connection.register_filesystem(filesystem)
        allowed = [str(path) for path in files]
        if allowed:
            connection.execute("SET allowed_paths = ?", [allowed])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        with _interrupted_at_deadline(connection, context):
            yield connection
    except duckdb.Error as error:
        raise translated(error, context) from error
    finally:
        if connection is not None:
            connection.close()


@contextmanager
def _interrupted_at_deadline(
    connection: "duckdb.DuckDBPyConnection", context: CrawlContext
) -> Iterator[None]:
    timer = threading.Timer(context.remaining(), connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def translated(error: Exception, context: CrawlContext) -> SourceError:
    """DuckDB's error in the portal's words."""
    import duckdb

    context.remaining()
    text = re.split(r"\n|LINE \d+:", redact(error))[0].strip()
    if isinstance(error, duckdb.InterruptException):
        return SourceError("too_slow", "The source took longer than the time limit.", "Ask for fewer tables.")
    if isinstance(error, duckdb.OutOfMemoryException):
        return SourceError(
            "too_large", "It needs more memory than a crawl may use.", "Split the file or table."
        )
    if "Could not set lock" in text or "Conflicting lock" in text:
        return SourceError(
            "refused",
            "Another process writes the database.",
            "Crawl a copy, or when the writer has closed it.",
        )
    if isinstance(error, duckdb.PermissionException):
        return SourceError("not_allowed", "It refers to something outside itself, which is not followed.")
    if "permission denied" in text.lower():
        return SourceError(
            "refused", "The file may not be read.", "Give the portal's account the right to read it."
        )
    return SourceError("malformed", f"DuckDB says: {text}", "Check the file with DuckDB itself.")


def fields_of(relation: Any, facts: dict[str, dict[str, Any]] | None = None) -> tuple[ObservedField, ...]:
    """The fields of a DuckDB relation with everything nested; `facts` are further attributes by top-level name."""
    found: list[ObservedField] = []
    for name, type_ in zip(relation.columns, relation.types, strict=True):
        _collect(found, "", name, type_, (facts or {}).get(name, {}), 0)
    return tuple(found)


def _collect(
    found: list[ObservedField], parent: str, name: str, type_: Any, facts: dict[str, Any], depth: int
) -> None:
    if len(found) >= MAX_FIELDS:
        return
    path = child_path(parent, name)
    holder = re.sub(r"(\[\]|\{\})+$", "", parent)
    found.append(
        ObservedField(
            path=path,
            name=name,
            parent_path=holder,
            ordinal=len(found),
            logical_type=logical_type(type_.id),
            physical_type=str(type_)[:300],
            **facts,
        )
    )
    inner, suffix = type_, ""
    while inner.id in {"list", "array", "map"}:
        suffix += "{}" if inner.id == "map" else "[]"
        inner = dict(inner.children)["value" if inner.id == "map" else "child"]
    if inner.id == "struct" and depth < MAX_DEPTH:
        for child, child_type in inner.children:
            _collect(found, path + suffix, child, child_type, {}, depth + 1)


def logical_type(identity: str) -> LogicalType:
    """From DuckDB's type id."""
    if identity.startswith("timestamp"):
        return "timestamp"
    if identity.startswith("time"):
        return "time"
    if identity.endswith(("int", "integer", "hugeint")):
        return "integer"
    return _LOGICAL.get(identity, "unknown")


def sample(
    connection: Any,
    source: str,
    fields: Sequence[ObservedField],
    total: int,
    context: CrawlContext,
    *,
    is_random: bool = True,
) -> tuple[list[ObservedField], list[Sequence[Any]]]:
    """The fields that have one value a row (structs are followed, lists are not), and up to the row limit of rows.

    `is_random` picks them from everywhere where the source is not too large; otherwise the first are taken.
    """
    flat = [field for field in fields if "[]" not in field.path and "{}" not in field.path]
    limit = rows_to_read(len(flat), context.max_rows)
    cells = ", ".join(_cell(field) for field in flat)
    order = (
        f" USING SAMPLE reservoir({limit} ROWS) REPEATABLE (1)"
        if is_random and limit < total <= 50 * limit
        else ""
    )
    rows = connection.execute(f"SELECT {cells} FROM {source}{order} LIMIT {limit}").fetchall()  # noqa: S608
    blind = [place for place, field in enumerate(flat) if field.logical_type not in SCALAR]
    return flat, [blinded(row, blind) for row in rows]


def _cell(field: ObservedField) -> str:
    column = field_expression(field.path)
    if field.logical_type not in SCALAR:
        return f"CASE WHEN {column} IS NULL THEN NULL ELSE 1 END"
    if field.logical_type == "string":
        return f"left({column}::VARCHAR, {MAX_TEXT})"
    if field.logical_type in {"timestamp", "date"}:  # Python knows neither infinity nor years before 1
        inside = f"{column} BETWEEN '0001-01-02' AND '9999-12-30'"
        return f"CASE WHEN {inside} THEN {column}::{'TIMESTAMP' if field.logical_type == 'timestamp' else 'DATE'} END"
    return column


def field_expression(path: str) -> str:
    """A path without lists as an SQL expression: `"customer"."address"`."""
    parts = re.findall(r'"(?:[^"]|"")*"|[^."]+', path)
    return ".".join(part if part.startswith('"') else quote(part) for part in parts)


def freshness(
    connection: Any, source: str, fields: Sequence[ObservedField], now: datetime
) -> tuple[datetime | None, str]:
    """The newest moment in the likeliest timestamp columns that is not in the future."""
    moments = [(field.name, newest_of(connection, source, field, now)) for field in freshness_columns(fields)]
    return newest(moments, now)


def newest_of(connection: Any, source: str, field: ObservedField, now: datetime) -> Any:
    """The newest value of one field of dates or timestamps that is not in the future, as the store gives it."""
    column = f"{field_expression(field.path)}::TIMESTAMP"
    limit = now.replace(tzinfo=None).isoformat(sep=" ")
    query = f"SELECT max({column}) FROM {source} WHERE {column} <= TIMESTAMP '{limit}'"  # noqa: S608
    return connection.execute(query).fetchone()[0]
