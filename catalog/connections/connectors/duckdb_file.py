"""DuckDB database files, opened read-only in a closed session."""

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlglot import exp

from catalog.connections.connectors import check_sql, duck
from catalog.connections.connectors.base import CrawlContext, Wanted
from catalog.connections.connectors.check_stores import DuckStore
from catalog.connections.connectors.config import Config
from catalog.connections.connectors.database_file import DatabaseFile, Table
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import (
    Observation,
    ObservedAsset,
    ObservedField,
    ObservedReading,
)
from catalog.connections.connectors.profiling import profile_rows
from catalog.connections.connectors.relational import is_chosen, quote

_TABLES = """
SELECT schema_name, table_name, 'table', coalesce(comment, ''), '' FROM duckdb_tables()
WHERE NOT internal AND database_name = current_database()
UNION ALL
SELECT schema_name, view_name, 'view', coalesce(comment, ''), coalesce(sql, '') FROM duckdb_views()
WHERE NOT internal AND database_name = current_database()
ORDER BY 1, 2 LIMIT ?
"""
_COLUMNS = """
SELECT column_name, is_nullable, coalesce(comment, '') FROM duckdb_columns()
WHERE schema_name = ? AND table_name = ? AND database_name = current_database()
"""
_CONSTRAINTS = """
SELECT constraint_type, constraint_column_names, referenced_table, referenced_column_names
FROM duckdb_constraints()
WHERE schema_name = ? AND table_name = ? AND database_name = current_database()
"""


class DuckDbConnector(DatabaseFile):
    """Tables and views of one DuckDB file."""

    name = "duckdb"
    title = "DuckDB file"
    description = "Tables and views of one DuckDB database file, nested columns included."
    format = "DuckDB"

    def session(self, path: Path, context: CrawlContext) -> AbstractContextManager[Any]:
        return duck.session(context, path)

    def tables(self, database: Any, config: Config, context: CrawlContext) -> list[Table]:
        rows = database.execute(_TABLES, [context.max_assets]).fetchall()
        return [row for row in rows if is_chosen(config, f"{row[0]}.{row[1]}")]

    def key(self, table: Table) -> tuple[str, ...]:
        return table[:2]

    def sought(self, address: Mapping[str, Any]) -> tuple[str, ...]:
        return str(address.get("schema")), str(address.get("table"))

    def listed(self, database: Any, config: Config, table: Table, context: CrawlContext) -> ObservedAsset:
        try:
            return _asset(config, table, _fields(database, table[0], table[1], context))
        except SourceError:
            return _asset(config, table, None)

    def read(
        self, database: Any, config: Config, item: Wanted, table: Table, context: CrawlContext
    ) -> Iterator[Observation]:
        return _read(database, config, item, table, context)


def _source(database: Any, schema: str, table: str) -> str:
    """The whole name: a file may be called as one of its schemas, which makes shorter names ambiguous."""
    return f"{quote(_own_name(database))}.{quote(schema)}.{quote(table)}"


def _own_name(database: Any) -> str:
    return str(database.execute("SELECT current_database()").fetchone()[0])


def _asset(config: Config, table: Table, fields: tuple[ObservedField, ...] | None) -> ObservedAsset:
    schema, name, kind, comment, sql = table
    return ObservedAsset(
        namespace=f"duckdb://{config['path']}",
        name=f"{schema}.{name}",
        kind="view" if kind == "view" else "table",
        address={"schema": schema, "table": name},
        comment=comment,
        fields=fields,
        definition=sql,
    )


def _fields(database: Any, schema: str, table: str, context: CrawlContext) -> tuple[ObservedField, ...]:
    import duckdb

    try:
        facts: dict[str, dict[str, Any]] = {
            name: {"is_nullable": nullable, "comment": comment}
            for name, nullable, comment in database.execute(_COLUMNS, [schema, table]).fetchall()
        }
        for kind, columns, target, target_columns in database.execute(
            _CONSTRAINTS, [schema, table]
        ).fetchall():
            _apply_constraint(facts, schema, kind, columns, target, target_columns)
        relation = database.sql(f"SELECT * FROM {_source(database, schema, table)} LIMIT 0")  # noqa: S608
        return duck.fields_of(relation, facts)
    except duckdb.Error as error:
        raise duck.translated(error, context) from error


def _apply_constraint(
    facts: dict[str, dict[str, Any]],
    schema: str,
    kind: str,
    columns: list[str],
    target: str | None,
    target_columns: list[str],
) -> None:
    for place, column in enumerate(columns):
        if column not in facts:
            continue
        if kind == "PRIMARY KEY":
            facts[column]["key_position"] = place + 1
        if kind in {"PRIMARY KEY", "UNIQUE"} and len(columns) == 1:
            facts[column]["is_unique"] = True
        if kind == "FOREIGN KEY" and target and place < len(target_columns):
            facts[column]["references"] = f"{schema}.{target}.{target_columns[place]}"


def _read(
    database: Any, config: Config, item: Wanted, row: Table, context: CrawlContext
) -> Iterator[Observation]:
    import duckdb

    schema, table = row[:2]
    source = _source(database, schema, table)
    fields = _fields(database, schema, table, context)
    try:
        started = time.perf_counter()
        total = database.execute(f"SELECT count(*) FROM {source}").fetchone()[0]  # noqa: S608
        latency = (time.perf_counter() - started) * 1000
        flat, rows = duck.sample(database, source, fields, total, context)
        fresh_at, basis = duck.freshness(database, source, fields, context.now())
    except duckdb.Error as error:
        raise duck.translated(error, context) from error
    yield _asset(config, row, fields)
    yield ObservedReading(
        asset=item.asset,
        is_reachable=True,
        latency_ms=latency,
        row_count=total,
        fresh_at=fresh_at,
        fresh_basis=basis,
    )
    yield from profile_rows(item, flat, rows, is_sample=total > len(rows), row_total=total)
    if item.checks:
        own = exp.table_(table, db=schema, catalog=_own_name(database), quoted=True)
        yield from check_sql.measured(DuckStore(database, own, fields, context), item, context)
