"""Checks of files, objects, answers and records: of Parquet by reading it, of others where all rows were read."""

import glob
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlglot import exp

from catalog.connections.connectors import check_sql, duck, parquet
from catalog.connections.connectors.base import CrawlContext, Wanted
from catalog.connections.connectors.check_stores import DuckStore
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import ObservedCheck, ObservedField
from catalog.connections.connectors.relational import quote
from catalog.connections.connectors.samples import Sample

_TABLE = "read_files"
_TYPES = {
    "integer": "HUGEINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
_FITS: dict[str, type | tuple[type, ...]] = {
    "integer": int, "number": (int, float), "boolean": bool, "date": date, "timestamp": datetime,
}  # fmt: skip


def of_parquet(
    item: Wanted, used: Sequence[str], sample: Sample, context: CrawlContext, *, filesystem: Any = None
) -> Iterator[ObservedCheck]:
    """The checks of a set of Parquet files, over all of their rows; names DuckDB opens itself or by `filesystem`."""
    if len(used) > parquet.FILES_READ or any(glob.has_magic(name) for name in used):
        words = f"There are more files than a crawl reads whole ({parquet.FILES_READ})."
        yield from unanswered(item, SourceError("unsupported", words, "Write fewer, larger files."))
        return
    is_partitioned = any("=" in name.rpartition("/")[0] for name in used)
    query = f"SELECT * FROM {parquet.source_of(used, is_partitioned=is_partitioned)}"  # noqa: S608
    yield from of_query(item, used, lambda _: query, sample.fields, context, filesystem=filesystem)


def of_query(
    item: Wanted,
    used: Sequence[str],
    query_of: Callable[[Any], str],
    fields: Sequence[ObservedField],
    context: CrawlContext,
    *,
    filesystem: Any = None,
) -> Iterator[ObservedCheck]:
    """The checks of what a query reads from the files `used`; `query_of` is given the session it will run in.

    Files that cannot be read spoil the checks and nothing else.
    """
    try:
        with duck.session(context, files=used, filesystem=filesystem) as database:
            database.execute(f"CREATE TEMP VIEW {_TABLE} AS {query_of(database)}")
            answers = list(check_sql.measured(_store(database, fields, context), item, context))
    except SourceError as error:
        context.remaining()
        lost = filesystem.failure if filesystem is not None else None
        yield from unanswered(item, lost or error)
        return
    lost = filesystem.failure if filesystem is not None else None
    for answer in answers:
        yield replace(answer, error=lost.as_failure()) if lost and answer.error else answer


def of_rows(item: Wanted, sample: Sample, context: CrawlContext) -> Iterator[ObservedCheck]:
    """The checks of rows that were all read; a sample would say nothing certain."""
    if not item.checks:
        return
    if not sample.is_whole or sample.seen != len(sample.rows):
        words = f"There are more rows than a crawl reads whole ({len(sample.rows):,})."
        remedy = "Offer them as Parquet, or let an administrator raise MESHPORTAL_CRAWL_ROWS."
        yield from unanswered(item, SourceError("unsupported", words, remedy))
        return
    columns = list(zip(*sample.rows, strict=True)) or [() for _ in sample.flat]
    kinds = [_kind(field, values) for field, values in zip(sample.flat, columns, strict=True)]
    with duck.session(context) as database:
        named = ", ".join(
            f"{quote(field.path)} {kind}" for field, kind in zip(sample.flat, kinds, strict=True)
        )
        database.execute(f"CREATE TABLE {_TABLE} ({named or '_ INTEGER'})")
        if sample.rows and kinds:
            marks = ", ".join("?" for _ in kinds)
            rows = [[_cell(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in sample.rows]
            database.executemany(f"INSERT INTO {_TABLE} VALUES ({marks})", rows)  # noqa: S608
        fields = [replace(field, name=field.path, parent_path="") for field in sample.flat]
        yield from check_sql.measured(_store(database, fields, context), item, context)


def _store(database: Any, fields: Sequence[ObservedField], context: CrawlContext) -> DuckStore:
    return DuckStore(database, exp.table_(_TABLE, quoted=True), fields, context)


def _kind(field: ObservedField, values: Sequence[Any]) -> str:
    """The type of a column: its own where every value fits it, else text."""
    fitting = _FITS.get(field.logical_type)
    fits = fitting is not None and all(value is None or isinstance(value, fitting) for value in values)
    return _TYPES[field.logical_type] if fits else "VARCHAR"


def _cell(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "TIMESTAMP":
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return str(value) if kind in ("VARCHAR", "HUGEINT") else value


def unanswered(item: Wanted, why: SourceError) -> Iterator[ObservedCheck]:
    """Why none of the checks of an asset could be measured."""
    for spec in item.checks:
        yield ObservedCheck(asset=item.asset, number=spec.number, error=why.as_failure())
