"""CSV, JSON, JSON lines and Parquet files and folders on disks the portal's hosts see, below allowed folders only."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from catalog.connections.connectors import check_files, parquet
from catalog.connections.connectors.base import (
    CheckResult,
    CrawlContext,
    PortFacts,
    Steps,
    Wanted,
    unread,
)
from catalog.connections.connectors.config import Config, ConfigField
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.filesets import FileSet, files_of, find_sets
from catalog.connections.connectors.filetexts import PIECE, TEXT_FIELDS, TITLES, StoredFile, read_texts
from catalog.connections.connectors.observations import (
    Observation,
    ObservedAsset,
    ObservedField,
    ObservedReading,
)
from catalog.connections.connectors.profiling import profile_rows
from catalog.connections.connectors.relational import EXCLUDE, INCLUDE, is_chosen


class FilesConnector:
    """Data files and folders."""

    name = "files"
    title = "Files and folders"
    description = "CSV, JSON, JSON lines and Parquet: single files, globs, folders, partitions."
    config_fields = (
        ConfigField(
            name="path",
            label="Path",
            kind="path",
            required=True,
            maximum=380,
            help="A file, a folder, or a pattern such as /data/events/**/*.parquet, below an allowed folder.",
        ),
        INCLUDE,
        EXCLUDE,
        *TEXT_FIELDS,
    )

    def check(self, config: Config, context: CrawlContext) -> CheckResult:
        steps = Steps()
        try:
            sets = [item for item in find_sets(config["path"], context) if is_chosen(config, item.pattern)]
            steps.passed("reachable", "The path is there.")
            steps.passed("signed_in", "It lies below a folder that may be read.")
            if not sets:
                raise SourceError("empty", "There are no data files.", "Check path and patterns.")
            files = files_of(sets[0], context)
            with files[-1].open("rb") as file:
                file.read(1)
            steps.passed("readable", f"{len(sets)} files or file sets can be read.")
        except SourceError as error:
            return steps.failed(error)
        except OSError as error:
            return steps.failed(_unreadable(error))
        return steps.result()

    def discover(self, config: Config, context: CrawlContext) -> Iterator[ObservedAsset]:
        sets = (item for item in find_sets(config["path"], context) if is_chosen(config, item.pattern))
        for number, item in enumerate(sets):
            if number >= context.max_assets:
                return
            yield _asset(item, None)

    def crawl(self, config: Config, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Observation]:
        for done, item in enumerate(wanted):
            context.beat(done, len(wanted))
            try:
                yield from _read(config, item, context)
            except SourceError as error:
                context.remaining()
                yield unread(item, error)
            except OSError as error:
                yield unread(item, _unreadable(error))
        context.beat(len(wanted), len(wanted))

    def facts(self, config: Config, address: Mapping[str, Any]) -> PortFacts:
        return PortFacts(
            location=str(address.get("pattern", "")),
            format=TITLES.get(str(address.get("format")), ""),
            platform="Files",
        )


def _unreadable(error: OSError) -> SourceError:
    return SourceError(
        "refused",
        f"A file cannot be read: {error.strerror or type(error).__name__}.",
        "Give the portal's account the right to read it.",
    )


def _asset(item: FileSet, fields: tuple[ObservedField, ...] | None) -> ObservedAsset:
    return ObservedAsset(
        namespace="file", name=item.pattern, kind="files", address=item.address, fields=fields
    )


def _read(config: Config, wanted: Wanted, context: CrawlContext) -> Iterator[Observation]:
    item = FileSet.at(wanted.address)
    started = time.perf_counter()
    files = files_of(item, context)
    stats = [file.stat() for file in files]
    latency = (time.perf_counter() - started) * 1000
    newest = max(stat.st_mtime for stat in stats)
    size = sum(stat.st_size for stat in stats)
    if size == 0:
        raise SourceError("empty", "The file is empty.", "Check what writes it.")
    if item.format == "parquet":
        sample, total, is_estimate = parquet.read(files, context)
    else:
        stored = [_stored(file) for file in files]
        sample, total, is_estimate = read_texts(config, item, stored, context, context.max_bytes)
    yield _asset(item, sample.fields)
    yield ObservedReading(
        asset=wanted.asset,
        is_reachable=True,
        latency_ms=latency,
        row_count=total,
        row_count_is_estimate=is_estimate,
        size_bytes=size,
        object_count=len(files),
        fresh_at=datetime.fromtimestamp(newest, UTC),
        fresh_basis="file time",
    )
    yield from profile_rows(
        wanted,
        sample.flat,
        sample.rows,
        is_sample=is_estimate or sample.seen > len(sample.rows),
        row_total=total,
    )
    if wanted.checks and item.format == "parquet":
        used = [str(file) for file, stat in zip(files, stats, strict=True) if stat.st_size]
        yield from check_files.of_parquet(wanted, used, sample, context)
    else:
        yield from check_files.of_rows(wanted, sample, context)


def _stored(file: Path) -> StoredFile:
    stat = file.stat()
    return StoredFile(str(file), stat.st_size, stat.st_mtime, partial(_pieces, file))


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(PIECE):
            yield piece
