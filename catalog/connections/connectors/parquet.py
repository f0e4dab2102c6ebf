"""Parquet files through a closed DuckDB session that may read exactly these files."""

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from catalog.connections.connectors import duck
from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import ObservedField
from catalog.connections.connectors.samples import Sample

FILES_READ = 50  # of a set: the newest tell the schema and the sample
FILES_COUNTED = 2_000  # whose footers are read for the exact number of rows


def read(files: Sequence[Path], context: CrawlContext) -> tuple[Sample, int | None, bool]:
    """Schema and sample of the newest files, the rows of all, and whether that number is an estimate.

    The schema is the union of the files' schemas by name, with the columns of Hive partitions.
    """
    if any(glob.has_magic(str(file)) for file in files):  # DuckDB would list the folder, which it may not
        raise SourceError("unsupported", "A name of a Parquet file or folder holds * ? or [.", "Rename it.")
    used = [file for file in sorted(files, key=lambda file: file.stat().st_mtime) if file.stat().st_size]
    return read_named([str(file) for file in used], len(files), context)


def read_named(
    used: Sequence[str],
    total: int,
    context: CrawlContext,
    *,
    filesystem: Any = None,
    most_counted: int = FILES_COUNTED,
) -> tuple[Sample, int | None, bool]:
    """As `read`, of names DuckDB opens itself or through an fsspec `filesystem`; `used` is in order of time.

    Through a file system rows are taken from the beginnings of the newest files, because picking them from everywhere
    would mean to fetch everything. Where even these are larger than may be fetched, the sample is empty.
    """
    import duckdb

    chosen, counted = used[-FILES_READ:], used[-most_counted:]
    with duck.session(context, files=dict.fromkeys((*chosen, *counted)), filesystem=filesystem) as database:
        try:
            rows = _rows(database, counted)
            is_partitioned = any("=" in name.rpartition("/")[0] for name in chosen)
            source = source_of(chosen[::-1] if filesystem else chosen, is_partitioned=is_partitioned)
            fields = duck.fields_of(database.sql(f"SELECT * FROM {source} LIMIT 0"))  # noqa: S608
            inside = rows if len(chosen) == len(counted) else _rows(database, chosen)
            flat, sample = _sampled(database, source, fields, inside, context, filesystem)
        except duckdb.Error as error:
            raise _translated(error, context, filesystem) from error
    is_estimate = len(counted) < total
    count = round(rows * total / len(counted)) if is_estimate else rows
    return Sample(fields, tuple(flat), sample, inside, is_whole=not is_estimate), count, is_estimate


def _sampled(
    database: Any,
    source: str,
    fields: Sequence[ObservedField],
    inside: int,
    context: CrawlContext,
    filesystem: Any,
) -> tuple[Sequence[ObservedField], Sequence[Sequence[Any]]]:
    import duckdb

    if filesystem is None:
        return duck.sample(database, source, fields, inside, context)
    try:
        return duck.sample(database, source, fields, inside, context, is_random=False)
    except duckdb.Error as error:
        if filesystem.failure is None or filesystem.failure.code != "too_large":
            raise
        context.remaining()
        del error
        return [], []


def _rows(database: Any, files: Sequence[str]) -> int:
    query = f"SELECT coalesce(sum(num_rows), 0) FROM parquet_file_metadata({_listed(files)})"  # noqa: S608
    return int(database.execute(query).fetchone()[0])


def source_of(files: Sequence[str], *, is_partitioned: bool) -> str:
    """What a query reads these files from: their columns by name, those of Hive partitions too."""
    hive = "true" if is_partitioned else "false"
    return f"read_parquet({_listed(files)}, union_by_name = true, hive_partitioning = {hive})"


def _listed(files: Sequence[str]) -> str:
    """A list of string literals; a function's arguments cannot be bound in a relation."""
    return "[" + ", ".join("'" + file.replace("'", "''") + "'" for file in files) + "]"


def _translated(error: Exception, context: CrawlContext, filesystem: Any) -> SourceError:
    if filesystem is not None and filesystem.failure is not None:
        context.remaining()
        return cast(SourceError, filesystem.failure)
    found = duck.translated(error, context)
    if found.code != "malformed":
        return found
    return SourceError(
        "malformed", found.message.replace("DuckDB says", "Parquet cannot be read"), "Write it anew."
    )
