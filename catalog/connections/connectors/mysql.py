"""MySQL and MariaDB: tables and views of one database, read in a read-only transaction."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from catalog.connections.connectors import check_sql
from catalog.connections.connectors.base import (
    CheckResult,
    CrawlContext,
    PortFacts,
    Steps,
    Wanted,
    read_each,
)
from catalog.connections.connectors.check_stores import MySqlStore
from catalog.connections.connectors.config import Config
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.mysql_schema import Table, definitions_of, fields_by_table, tables_of
from catalog.connections.connectors.mysql_session import Session, session, translated
from catalog.connections.connectors.observations import (
    Observation,
    ObservedAsset,
    ObservedField,
    ObservedReading,
)
from catalog.connections.connectors.profiling import SCALAR, blinded, profile_rows, rows_to_read
from catalog.connections.connectors.relational import MAX_TEXT, freshness_columns, is_chosen, newest
from catalog.connections.connectors.servers import (
    COUNT_SECONDS,
    EXACT_COUNT_BELOW,
    explain_nothing,
    pinned_address,
    reach,
    server_fields,
)

SYSTEM: Final = frozenset({"mysql", "information_schema", "performance_schema", "sys"})
SLICES = 50  # places along the key of a large table where rows are looked at


class MySqlConnector:
    """Tables and views of one MySQL or MariaDB database."""

    name = "mysql"
    title = "MySQL or MariaDB"
    description = "Tables and views of one MySQL or MariaDB database, with keys and comments."
    config_fields = server_fields(port=3306, longest_name=64)

    def check(self, config: Config, context: CrawlContext) -> CheckResult:
        steps = Steps()
        try:
            address = _address(config, context)
            reach(address, int(config["port"]), context)
            steps.passed("reachable", f"{config['host']} answers at port {config['port']}.")
            with session(config, address, context) as database:
                steps.passed("signed_in", f"Signed in as {config['user']}.")
                tables = _tables(database, config, context)
                readable = sum(table.may_read for table in tables)
                explain_nothing(len(tables), readable, "Grant it SELECT on the database or its tables.")
            steps.passed("readable", f"{readable} of {len(tables)} tables and views can be read.")
        except SourceError as error:
            return steps.failed(error)
        return steps.result()

    def discover(self, config: Config, context: CrawlContext) -> Iterator[ObservedAsset]:
        with session(config, _address(config, context), context) as database:
            tables = _tables(database, config, context)
            fields = fields_by_table(database, config["database"], [table.name for table in tables])
            definitions = definitions_of(database, config["database"])
        for table in tables:
            yield _asset(config, table, fields.get(table.name), definitions)

    def crawl(self, config: Config, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Observation]:
        with session(config, _address(config, context), context) as database:
            yield database.tls
            there = {table.name: table for table in _tables(database, {**config, **_ALL}, context)}
            names = {str(item.address.get("table")) for item in wanted} & there.keys()
            fields = fields_by_table(database, config["database"], names)
            definitions = definitions_of(database, config["database"])
            yield from read_each(
                wanted, context, partial(_read, database, config, there, fields, definitions)
            )

    def facts(self, config: Config, address: Mapping[str, Any]) -> PortFacts:
        place = f"{config['host']}:{config['port']}/{config['database']}.{address.get('table')}"
        return PortFacts(location=place, format="MySQL", platform="MySQL")


_ALL: Final[Config] = {"include": [], "exclude": []}


def _address(config: Config, context: CrawlContext) -> str:
    if str(config["database"]).lower() in SYSTEM:
        raise SourceError("not_allowed", "This is a database of the server itself.", "Name another database.")
    return pinned_address(config, context)


def _tables(database: Session, config: Config, context: CrawlContext) -> list[Table]:
    tables = tables_of(database, config["database"], context.max_assets)
    return [table for table in tables if is_chosen(config, table.name)]


def _asset(
    config: Config,
    table: Table,
    fields: tuple[ObservedField, ...] | None,
    definitions: Mapping[str, str],
) -> ObservedAsset:
    return ObservedAsset(
        namespace=f"mysql://{config['host']}:{config['port']}",
        name=f"{config['database']}.{table.name}",
        kind="view" if table.is_view else "table",
        address={"table": table.name},
        comment=table.comment,
        fields=fields,
        definition=definitions.get(table.name, ""),
    )


def quote(name: str) -> str:
    """An identifier as this family of servers writes it, whatever characters the name holds."""
    return "`" + name.replace("`", "``") + "`"


def _read(
    database: Session,
    config: Config,
    there: Mapping[str, Table],
    fields_of: Mapping[str, tuple[ObservedField, ...]],
    definitions: Mapping[str, str],
    item: Wanted,
    context: CrawlContext,
) -> Iterator[Observation]:
    import pymysql

    name = str(item.address.get("table"))
    table = there.get(name)
    if table is None:
        raise SourceError("gone", f"{config['database']}.{name} is not there any more.")
    fields = fields_of.get(name, ())
    try:
        database.limit_statements(context.remaining())
        started = time.perf_counter()
        database.rows(f"SELECT 1 FROM {quote(name)} LIMIT 1")  # noqa: S608
        latency = (time.perf_counter() - started) * 1000
        total, is_estimate = _count(database, table, context)
        rows = _sample(database, table, fields, total, context)
        fresh_at, basis = _freshness(database, name, fields, context)
    except pymysql.Error as error:
        raise translated(error, config, context) from error
    yield _asset(config, table, fields, definitions)
    yield ObservedReading(
        asset=item.asset,
        is_reachable=True,
        latency_ms=latency,
        row_count=total,
        row_count_is_estimate=is_estimate,
        size_bytes=None if table.is_view else table.size,
        fresh_at=fresh_at,
        fresh_basis=basis,
    )
    is_sample = total is None or total > len(rows)
    yield from profile_rows(item, fields, rows, is_sample=is_sample, row_total=total)
    if item.checks:
        newest_in = partial(_newest, database, name, _written(context.now()))
        try:
            store = MySqlStore(database, (str(config["database"]), name), fields, newest_in, context)
            yield from check_sql.measured(store, item, context)
        except pymysql.Error as error:
            raise translated(error, config, context) from error


def _count(database: Session, table: Table, context: CrawlContext) -> tuple[int | None, bool]:
    """Rows, and whether that is an estimate: counted where it is quick, else what the server believes."""
    if table.rows is not None and table.rows >= EXACT_COUNT_BELOW:
        return table.rows, True
    counted = _within(database, f"SELECT count(*) FROM {quote(table.name)}", context)  # noqa: S608
    return (counted, False) if counted is not None else (table.rows, table.rows is not None)


def _within(database: Session, query: str, context: CrawlContext) -> Any:
    """The first value of a query that may give up after some seconds; None then."""
    database.limit_statements(min(COUNT_SECONDS, context.remaining()))
    try:
        return database.value(query)
    finally:
        database.limit_statements(context.remaining())


def _sample(
    database: Session,
    table: Table,
    fields: Sequence[ObservedField],
    total: int | None,
    context: CrawlContext,
) -> list[Sequence[Any]]:
    """Up to the row limit; of larger tables rows chosen by chance, of very large ones runs along their key."""
    limit = rows_to_read(len(fields), context.max_rows)
    cells = ", ".join(_cell(field) for field in fields) or "1"
    source = f"SELECT {cells} FROM {quote(table.name)}"  # noqa: S608
    key = _whole_key(fields)
    if total is None or total <= limit or table.is_view:
        query = f"{source} LIMIT {limit}"
    elif total <= 50 * limit or key is None:
        share = limit / total  # so that the limit cuts off next to nothing of the end
        query = f"{source} WHERE rand(1) < {share:.9f} LIMIT {limit}"
    else:
        query = _runs(database, table, key, source, limit)
    blind = [place for place, field in enumerate(fields) if field.logical_type not in SCALAR]
    return [blinded(row, blind) for row in database.rows(query)]


def _whole_key(fields: Sequence[ObservedField]) -> str | None:
    """The only column of the primary key, where it is a whole number."""
    keys = [field for field in fields if field.key_position]
    return keys[0].name if len(keys) == 1 and keys[0].logical_type == "integer" else None


def _runs(database: Session, table: Table, key: str, source: str, limit: int) -> str:
    """Short runs of rows from evenly spread values of the key, which the key's index finds at once."""
    column = quote(key)
    low, high = database.rows(f"SELECT min({column}), max({column}) FROM {quote(table.name)}")[0]  # noqa: S608
    if low is None:
        return f"{source} LIMIT {limit}"
    starts = sorted({int(low) + (int(high) - int(low)) * place // SLICES for place in range(SLICES)})
    ends = [*starts[1:], int(high) + 1]
    each = max(1, limit // len(starts))
    return " UNION ALL ".join(
        f"({source} WHERE {column} >= {start} AND {column} < {end} ORDER BY {column} LIMIT {each})"
        for start, end in zip(starts, ends, strict=True)
    )


def _cell(field: ObservedField) -> str:
    column = quote(field.name)
    match field.logical_type:
        case "integer" | "number":
            return column
        case "boolean":
            return f"{column} + 0"
        case "timestamp" | "date":  # what is no date at all ('0000-00-00') counts as nothing
            return f"CASE WHEN {column} BETWEEN '0001-01-02' AND '9999-12-30' THEN {column} END"
        case "time":  # the driver makes durations of them
            return f"CAST({column} AS CHAR)"
        case "string":
            return f"left(CAST({column} AS CHAR CHARACTER SET utf8mb4), {MAX_TEXT})"
        case _:
            return f"CASE WHEN {column} IS NULL THEN NULL ELSE 1 END"


def _freshness(
    database: Session, table: str, fields: Sequence[ObservedField], context: CrawlContext
) -> tuple[Any, str]:
    now = context.now()
    latest = _written(now)
    moments = []
    for field in freshness_columns(fields):
        moments.append((field.name, _within(database, _newest_of(table, latest, field), context)))
    return newest(moments, now)


def _newest_of(table: str, latest: str, field: ObservedField) -> str:
    """The query for the newest value of a field up to `latest`."""
    column = quote(field.name)
    inside = f"{column} BETWEEN '0001-01-02' AND '{latest}'"
    return f"SELECT max({column}) FROM {quote(table)} WHERE {inside}"  # noqa: S608


def _newest(database: Session, table: str, latest: str, field: ObservedField) -> Any:
    return database.rows(_newest_of(table, latest, field))[0][0]


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
