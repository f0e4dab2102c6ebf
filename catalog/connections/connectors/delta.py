"""Delta Lake tables by their transaction log: versions, schema with comments, rows, size.

Data files are opened only for checks.

Source of the log's layout: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (delta log entries, checkpoints).
"""

import json
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from catalog.connections.connectors import delta_data, lake_checks, lakefiles
from catalog.connections.connectors.base import (
    CheckResult,
    CrawlContext,
    PortFacts,
    Steps,
    Wanted,
    unread,
)
from catalog.connections.connectors.config import Config, ConfigField
from catalog.connections.connectors.delta_data import DataFile
from catalog.connections.connectors.delta_schema import children_of
from catalog.connections.connectors.errors import SourceError, redact
from catalog.connections.connectors.lake_checks import LakeData
from catalog.connections.connectors.lakefiles import LOCATION, S3_FIELDS, LakeFile, LakeFiles
from catalog.connections.connectors.observations import (
    Observation,
    ObservedAsset,
    ObservedField,
    ObservedReading,
)
from catalog.connections.connectors.relational import EXCLUDE, INCLUDE, is_chosen
from catalog.connections.connectors.shapes import fields_of

LOG = "_delta_log"
MAX_LOG_FILES = 10_000
COMMITS_LOOKED_AT = 50  # for the last one that changed data
_VERSION = re.compile(r"(\d{20})\.(json|checkpoint[.\w-]*\.(?:parquet|json))\Z")
_UPKEEP = frozenset({"OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES", "ADD FEATURE", "FSCK"})


class DeltaConnector:
    """The Delta tables at one place."""

    name = "delta"
    title = "Delta Lake"
    description = "Delta tables in a folder or bucket: versions, schema with comments, rows, size."
    config_fields = (
        ConfigField(
            name="location", label="Location", required=True, maximum=LOCATION.maximum, help=LOCATION.help
        ),
        *S3_FIELDS,
        INCLUDE,
        EXCLUDE,
    )

    def check(self, config: Config, context: CrawlContext) -> CheckResult:
        steps = Steps()
        try:
            context.remaining()
            with lakefiles.opened(config, context) as files:
                tables = _tables(config, files)
                steps.passed("reachable", "The place is there.")
                steps.passed("signed_in", "It may be read.")
                if not tables:
                    raise SourceError("empty", f"No folder holds a {LOG}.", "Check location and patterns.")
                _opened(files, tables[0], context)
            steps.passed("readable", f"{len(tables)} tables; the first can be read.")
        except SourceError as error:
            return steps.failed(error)
        return steps.result()

    def discover(self, config: Config, context: CrawlContext) -> Iterator[ObservedAsset]:
        with lakefiles.opened(config, context) as files:
            for table in _tables(config, files)[: context.max_assets]:
                yield _asset(files, table, "", None)

    def crawl(self, config: Config, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Observation]:
        with lakefiles.opened(config, context) as files:
            for done, item in enumerate(wanted):
                context.beat(done, len(wanted))
                try:
                    yield from _read(files, item, context)
                except SourceError as error:
                    if error.code == "unreachable":
                        raise
                    context.remaining()
                    yield unread(item, error)
            if (tls := files.tls()) is not None:
                yield tls
            context.beat(len(wanted), len(wanted))

    def facts(self, config: Config, address: Mapping[str, Any]) -> PortFacts:
        location = "/".join(
            part for part in (config["location"].rstrip("/"), str(address.get("table", ""))) if part
        )
        return PortFacts(location=location, format="Delta", platform="Delta Lake")


def _tables(config: Config, files: LakeFiles) -> list[str]:
    return [table for table in files.tables(LOG, _VERSION) if is_chosen(config, _name(files, table))]


def _name(files: LakeFiles, table: str) -> str:
    return "/".join(part for part in (files.base, table) if part)


def _asset(
    files: LakeFiles, table: str, comment: str, fields: tuple[ObservedField, ...] | None
) -> ObservedAsset:
    return ObservedAsset(
        namespace=files.namespace,
        name=_name(files, table) or "/",
        kind="table",
        address={"table": table},
        comment=comment,
        fields=fields,
    )


def _read(files: LakeFiles, wanted: Wanted, context: CrawlContext) -> Iterator[Observation]:
    table = wanted.address.get("table")
    if not isinstance(table, str) or ".." in table.split("/"):
        raise SourceError("gone", "The address of the table is not known.", "Browse the connection again.")
    started = time.perf_counter()
    found = _opened(files, table, context)
    latency = (time.perf_counter() - started) * 1000
    fields = fields_of(children_of(found.schema, found.partitions))
    yield _asset(files, table, found.comment, fields)
    yield _reading(wanted, found, latency, context)
    yield from lake_checks.measured(wanted, files, lambda: _data(table, found), fields, context)


def _reading(wanted: Wanted, found: "_State", latency: float, context: CrawlContext) -> ObservedReading:
    known = [int(row) for row in found.rows if row is not None]
    has_all, rows = len(known) == len(found.rows), sum(known)
    moment = _changed_at(found, context)
    return ObservedReading(
        asset=wanted.asset,
        is_reachable=True,
        latency_ms=latency,
        row_count=rows if has_all else round(rows * len(found.rows) / len(known)) if known else None,
        row_count_is_estimate=not has_all or found.marks_deleted_rows,
        size_bytes=sum(file.size for file in found.files),
        object_count=len(found.files),
        fresh_at=moment,
        fresh_basis=f"commit, version {found.version}" if moment else "",
    )


def _data(table: str, found: "_State") -> LakeData:
    return delta_data.data_of(
        table,
        found.files,
        found.schema,
        has_marks=found.has_deleted_rows,
        has_mapping=found.has_mapping,
    )


@dataclass(frozen=True, slots=True)
class _State:
    """A table at its newest version. `written` is when its last commit's file was, in seconds since 1970.

    `marks_deleted_rows`: it may mark rows as deleted beside its data; `has_deleted_rows`: it does. `has_mapping`: its
    columns have other names in its files.
    """

    version: int
    comment: str
    schema: Any
    partitions: frozenset[str]
    files: list[DataFile]
    rows: list[Any]
    history: list[dict[str, Any]]
    marks_deleted_rows: bool
    has_deleted_rows: bool
    has_mapping: bool
    written: float


def _opened(files: LakeFiles, table: str, context: CrawlContext) -> _State:
    """Read from a copy of what is needed of the log. Raises SourceError."""
    used = needed(files.listed(f"{table}/{LOG}".lstrip("/")))
    size = sum(file.size for file in used)
    if size > context.max_bytes or len(used) > MAX_LOG_FILES:
        raise SourceError(
            "too_large", f"The log has {size:,} bytes since the last checkpoint.", "Write a checkpoint."
        )
    with tempfile.TemporaryDirectory(prefix="meshportal-delta-") as folder:
        place = Path(folder) / LOG
        place.mkdir()
        for file in used:
            context.remaining()
            (place / _base(file)).write_bytes(files.read(file))
        try:
            return _state(folder, max(file.modified for file in used))
        except SourceError:
            raise
        except BaseException as error:  # errors of Rust have several bases, its panics none but this
            if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
                raise
            said = redact(str(error).replace(folder, ""))[:300]
            raise SourceError(
                "malformed", f"The table's log cannot be read: {said}", "Check what writes it."
            ) from error


def needed(log: Sequence[LakeFile]) -> list[LakeFile]:
    """The files that tell the newest version: the last checkpoint and every commit from there on.

    Raises SourceError(gone) when there is no commit.
    """
    versions = {file.path: match for file in log if (match := _VERSION.match(_base(file)))}
    checkpoints = [int(match[1]) for match in versions.values() if match[2] != "json"]
    start = max(checkpoints, default=0)
    used = [file for file in log if file.path in versions and int(versions[file.path][1]) >= start]
    if not used:
        raise SourceError("gone", "The table's log has no commit.", "Check what writes it.")
    return used


def _base(file: LakeFile) -> str:
    return file.path.rpartition("/")[2]


def _state(folder: str, written: float) -> _State:
    from deltalake import DeltaTable

    opened = DeltaTable(folder)
    metadata, added = opened.metadata(), opened.get_add_actions(flatten=True)
    features = opened.protocol().reader_features or []
    return _State(
        version=opened.version(),
        comment=str(metadata.description or ""),
        schema=json.loads(opened.schema().to_json()),
        partitions=frozenset(metadata.partition_columns or ()),
        files=delta_data.files_of(added, metadata.partition_columns or ()),
        rows=_column(added, "num_records"),
        history=list(opened.history(COMMITS_LOOKED_AT)),
        marks_deleted_rows="deletionVectors" in features,
        has_deleted_rows="deletionVectors" in features and _has_vectors(opened),
        has_mapping=(metadata.configuration or {}).get("delta.columnMapping.mode", "none") != "none",
        written=written,
    )


def _has_vectors(opened: Any) -> bool:
    """Whether a file has a vector of deleted rows; the vectors themselves were not copied and cannot be read."""
    try:
        return any(len(batch) for batch in opened.deletion_vectors())
    except Exception:  # the library has no common base for its errors
        return True


def _column(added: Any, name: str) -> list[Any]:
    if name not in added.schema.names:  # no file carries statistics
        return [None] * int(added.num_rows)
    return list(added.column(name).to_pylist())


def _changed_at(found: _State, context: CrawlContext) -> datetime | None:
    """When data changed last: upkeep (compaction, properties) is no news. Never in the future."""
    stamps = [
        entry.get("timestamp")
        for entry in found.history
        if str(entry.get("operation", "")).upper() not in _UPKEEP
    ]
    newest = next((stamp for stamp in stamps if isinstance(stamp, int)), None)
    try:
        moment = datetime.fromtimestamp(found.written if newest is None else newest / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return moment if moment <= context.now() else None
