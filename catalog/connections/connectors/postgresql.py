"""PostgreSQL: tables, views, partitioned and foreign tables of one database, read in a read-only transaction."""

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.connections.connectors import check_sql
from catalog.connections.connectors.base import (
    CheckResult,
    CrawlContext,
    PortFacts,
    Steps,
    Wanted,
    read_each,
)
from catalog.connections.connectors.check_stores import PostgresStore
from catalog.connections.connectors.config import Config
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import (
    Observation,
    ObservedAsset,
    ObservedField,
    ObservedReading,
)
from catalog.connections.connectors.postgresql_schema import TableKey, fields_by_table
from catalog.connections.connectors.postgresql_session import (
    limit_statements,
    observed_tls,
    session,
    translated,
)
from catalog.connections.connectors.profiling import SCALAR, blinded, profile_rows, rows_to_read
from catalog.connections.connectors.relational import (
    MAX_TEXT,
    freshness_columns,
    is_chosen,
    newest,
    quote,
)
from catalog.connections.connectors.servers import (
    COUNT_SECONDS,
    EXACT_COUNT_BELOW,
    explain_nothing,
    pinned_address,
    reach,
    server_fields,
)

if TYPE_CHECKING:
    import psycopg

_TABLES = """
SELECT n.nspname, c.relname, c.relkind::text, coalesce(obj_description(c.oid, 'pg_class'), ''),
  has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT'),
  CASE c.relkind WHEN 'p' THEN
    (SELECT sum(greatest(k.reltuples, 0)) FROM pg_partition_tree(c.oid) t JOIN pg_class k ON k.oid = t.relid)
    ELSE c.reltuples END::bigint,
  CASE c.relkind WHEN 'p' THEN (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(c.oid))
    WHEN 'r' THEN pg_total_relation_size(c.oid) WHEN 'm' THEN pg_total_relation_size(c.oid) END::bigint,
  CASE WHEN c.relkind IN ('v', 'm') THEN coalesce(pg_get_viewdef(c.oid, true), '') ELSE '' END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%%'
ORDER BY 1, 2 LIMIT %s
"""


class Table(NamedTuple):
    """A row of the listing. `rows` is the planner's estimate, -1 when it has none; `size` in bytes."""

    schema: str
    name: str
    kind: str  # pg_class.relkind
    comment: str
    may_read: bool
    rows: int | None
    size: int | None
    definition: str  # of a view

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def source(self) -> str:
        return f"{quote(self.schema)}.{quote(self.name)}"


class PostgresConnector:
    """Tables and views of one PostgreSQL database."""

    name = "postgresql"
    title = "PostgreSQL"
    description = "Tables and views of one PostgreSQL database, with keys and comments."
    config_fields = server_fields(port=5432, longest_name=63)

    def check(self, config: Config, context: CrawlContext) -> CheckResult:
        steps = Steps()
        try:
            address = pinned_address(config, context)
            reach(address, int(config["port"]), context)
            steps.passed("reachable", f"{config['host']} answers at port {config['port']}.")
            with session(config, address, context) as database:
                steps.passed("signed_in", f"Signed in as {config['user']}.")
                tables = _tables(database, config, context)
                readable = [table for table in tables if table.may_read]
                explain_nothing(
                    len(tables), len(readable), "Grant it USAGE on the schemas and SELECT on the tables."
                )
            steps.passed("readable", f"{len(readable)} of {len(tables)} tables and views can be read.")
        except SourceError as error:
            return steps.failed(error)
        return steps.result()

    def discover(self, config: Config, context: CrawlContext) -> Iterator[ObservedAsset]:
        with session(config, pinned_address(config, context), context) as database:
            tables = _tables(database, config, context)
            fields = fields_by_table(database, [(t.schema, t.name) for t in tables])
            for table in tables:
                yield _asset(config, table, fields.get((table.schema, table.name)))

    def crawl(self, config: Config, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Observation]:
        address = pinned_address(config, context)
        with session(config, address, context) as database:
            yield observed_tls(database, address, config, context)
            there = {(t.schema, t.name): t for t in _tables(database, {}, context)}
            keys = {_key(item) for item in wanted} & there.keys()
            fields = fields_by_table(database, sorted(keys))
            limit_statements(database, context.remaining())
            yield from read_each(wanted, context, partial(_read, database, config, there, fields))

    def facts(self, config: Config, address: Mapping[str, Any]) -> PortFacts:
        return PortFacts(
            location=f"{config['host']}:{config['port']}/{config['database']} "
            f"{address.get('schema')}.{address.get('table')}",
            format="PostgreSQL",
            platform="PostgreSQL",
        )


def _tables(database: "psycopg.Connection[Any]", config: Config, context: CrawlContext) -> list[Table]:
    rows = database.execute(_TABLES, (context.max_assets,)).fetchall()
    return [table for table in map(Table._make, rows) if is_chosen(config, table.full_name)]


def _asset(config: Config, table: Table, fields: tuple[ObservedField, ...] | None) -> ObservedAsset:
    return ObservedAsset(
        namespace=f"postgres://{config['host']}:{config['port']}",
        name=f"{config['database']}.{table.full_name}",
        kind="view" if table.kind in "vm" else "table",
        address={"schema": table.schema, "table": table.name},
        comment=table.comment,
        fields=fields,
        definition=table.definition,
    )


def _key(item: Wanted) -> TableKey:
    return str(item.address.get("schema")), str(item.address.get("table"))


def _read(
    database: "psycopg.Connection[Any]",
    config: Config,
    there: Mapping[TableKey, Table],
    fields_of: Mapping[TableKey, tuple[ObservedField, ...]],
    item: Wanted,
    context: CrawlContext,
) -> Iterator[Observation]:
    import psycopg

    key = _key(item)
    table, fields = there.get(key), fields_of.get(key, ())
    if table is None:
        raise SourceError("gone", f"{'.'.join(key)} is not there any more.")
    try:
        with database.transaction():  # a savepoint: one failing table does not spoil the others
            started = time.perf_counter()
            database.execute(f"SELECT 1 FROM {table.source} LIMIT 1").fetchone()  # noqa: S608
            latency = (time.perf_counter() - started) * 1000
            total, is_estimate = _count(database, table, context)
            rows = _sample(database, table, fields, total, context)
            fresh_at, basis = _freshness(database, table, fields, context)
    except psycopg.Error as error:
        raise translated(error, config, context) from error
    yield _asset(config, table, fields)
    yield ObservedReading(
        asset=item.asset,
        is_reachable=True,
        latency_ms=latency,
        row_count=total,
        row_count_is_estimate=is_estimate,
        size_bytes=table.size,
        fresh_at=fresh_at,
        fresh_basis=basis,
    )
    is_sample = total is None or total > len(rows)
    yield from profile_rows(item, fields, rows, is_sample=is_sample, row_total=total)
    if item.checks:
        newest_in = partial(_newest, database, table, context)
        try:
            store = PostgresStore(database, key, fields, newest_in, context)
            yield from check_sql.measured(store, item, context)
        except psycopg.Error as error:
            raise translated(error, config, context) from error


def _count(
    database: "psycopg.Connection[Any]", table: Table, context: CrawlContext
) -> tuple[int | None, bool]:
    """Rows, and whether that is an estimate: counted where it is quick, else what the planner believes."""
    estimate = table.rows if table.rows is not None and table.rows >= 0 else None
    if estimate is not None and estimate >= EXACT_COUNT_BELOW:
        return estimate, True
    counted = _within(database, f"SELECT count(*) FROM {table.source}", (), context)  # noqa: S608
    return (counted, False) if counted is not None else (estimate, True)


def _within(
    database: "psycopg.Connection[Any]", query: str, parameters: tuple[Any, ...], context: CrawlContext
) -> Any:
    """The first value of a query that may give up after some seconds; None then."""
    import psycopg

    try:
        with database.transaction():
            limit_statements(database, min(COUNT_SECONDS, context.remaining()))
            row = database.execute(query, parameters).fetchone()
    except psycopg.errors.QueryCanceled:
        return None
    limit_statements(database, context.remaining())
    return row[0] if row else None


def _sample(
    database: "psycopg.Connection[Any]",
    table: Table,
    fields: Sequence[ObservedField],
    total: int | None,
    context: CrawlContext,
) -> list[Sequence[Any]]:
    """Up to the row limit; of larger tables a sample of rows (small ones) or pages (large ones)."""
    limit = rows_to_read(len(fields), context.max_rows)
    method = ""
    if total is not None and total > limit and table.kind in "rpm":
        kind = "BERNOULLI" if total <= 50 * limit else "SYSTEM"
        method = f" TABLESAMPLE {kind} ({min(100.0, 110.0 * limit / total):.6f}) REPEATABLE (1)"
    cells = ", ".join(_cell(field) for field in fields) or "1"
    query = f"SELECT {cells} FROM {table.source}{method} LIMIT {limit}"  # noqa: S608
    blind = [place for place, field in enumerate(fields) if field.logical_type not in SCALAR]
    return [blinded(row, blind) for row in database.execute(query).fetchall()]


def _cell(field: ObservedField) -> str:
    column = quote(field.name)
    if field.logical_type not in SCALAR:
        return f"CASE WHEN {column} IS NULL THEN NULL ELSE 1 END"
    if field.logical_type in {"timestamp", "date"}:  # Python knows neither infinity nor years before 1
        return f"CASE WHEN {column} BETWEEN '0001-01-02' AND '9999-12-30' THEN {column} END"
    if field.logical_type == "number":
        return f"{column}::numeric" if field.physical_type == "MONEY" else column
    return column if field.logical_type in {"integer", "boolean"} else f"left({column}::text, {MAX_TEXT})"


def _freshness(
    database: "psycopg.Connection[Any]",
    table: Table,
    fields: Sequence[ObservedField],
    context: CrawlContext,
) -> tuple[Any, str]:
    now = context.now()
    moments = []
    for field in freshness_columns(fields):
        moments.append((field.name, _within(database, _newest_of(table, field), (now,), context)))
    return newest(moments, now)


def _newest_of(table: Table, field: ObservedField) -> str:
    """The query for the newest value of a field up to a moment that is its parameter."""
    column = quote(field.name)
    return f"SELECT max({column}) FROM {table.source} WHERE {column} BETWEEN '0001-01-02' AND %s"  # noqa: S608


def _newest(
    database: "psycopg.Connection[Any]", table: Table, context: CrawlContext, field: ObservedField
) -> Any:
    row = database.execute(_newest_of(table, field), (context.now(),)).fetchone()
    return row[0] if row else None
