"""Iceberg tables by their metadata, from a REST catalog, a folder or a bucket.

Manifests and data are opened only for checks.

Sources: https://iceberg.apache.org/spec/ (table metadata, snapshot summaries) and the REST catalog's description,
https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml (config, namespaces, tables, loadTable).
"""

import re
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from catalog.common.decoding import DecodingError, gunzipped
from catalog.connections.connectors import check_files, iceberg_data, iceberg_rest, lake_checks, lakefiles
from catalog.connections.connectors.base import (
    CheckResult,
    CrawlContext,
    PortFacts,
    Steps,
    Wanted,
    unread,
)
from catalog.connections.connectors.config import Config, ConfigField
from catalog.connections.connectors.errors import SourceError, redact
from catalog.connections.connectors.iceberg_data import Place
from catalog.connections.connectors.iceberg_schema import fields_of
from catalog.connections.connectors.lakefiles import LOCATION, S3_FIELDS, LakeFiles
from catalog.connections.connectors.observations import (
    Observation,
    ObservedAsset,
    ObservedCheck,
    ObservedField,
    ObservedReading,
)
from catalog.connections.connectors.relational import EXCLUDE, INCLUDE, is_chosen

METADATA = "metadata"
MAX_METADATA = 32 * 1024 * 1024
_VERSION = re.compile(r"v?(\d{1,18})(?:-[0-9a-f-]+)?(\.gz)?\.metadata\.json(\.gz)?\Z")


class IcebergConnector:
    """The Iceberg tables of a catalog, or at one place."""

    name = "iceberg"
    title = "Iceberg"
    description = (
        "Iceberg tables of a REST catalog, a folder or a bucket: snapshots, schema with comments, rows, size."
    )
    config_fields = (
        ConfigField(
            name="catalog",
            label="REST catalog",
            kind="url",
            maximum=300,
            help="Its address, without /v1. Empty: the tables at the location below.",
        ),
        ConfigField(
            name="warehouse", label="Warehouse", maximum=300, help="Where the catalog serves several."
        ),
        ConfigField(name="token", label="Token of the catalog", secret=True, help="Sent as a bearer token."),
        replace(
            LOCATION,
            help=f"{LOCATION.help} With a catalog: where the data of its tables are, for checks of quality.",
        ),
        *S3_FIELDS,
        INCLUDE,
        EXCLUDE,
    )

    def check(self, config: Config, context: CrawlContext) -> CheckResult:
        steps = Steps()
        try:
            context.remaining()
            with _tables_of(config, context) as tables:
                listed = [name for name in tables.names(context.max_assets) if is_chosen(config, name)]
                steps.passed("reachable", "It answers.")
                steps.passed("signed_in", "It lets us in.")
                if not listed:
                    raise SourceError("empty", "There are no tables that match.", "Check place and patterns.")
                _parsed(tables.metadata(listed[0]))
            steps.passed("readable", f"{len(listed)} tables; the first can be read.")
        except SourceError as error:
            return steps.failed(error)
        return steps.result()

    def discover(self, config: Config, context: CrawlContext) -> Iterator[ObservedAsset]:
        with _tables_of(config, context) as tables:
            listed = [name for name in tables.names(context.max_assets) if is_chosen(config, name)]
            for name in listed[: context.max_assets]:
                yield _asset(tables.namespace, name, "", None)

    def crawl(self, config: Config, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Observation]:
        with _tables_of(config, context) as tables:
            for done, item in enumerate(wanted):
                context.beat(done, len(wanted))
                try:
                    yield from _read(config, tables, item, context)
                except SourceError as error:
                    if error.code in {"unreachable", "not_allowed"}:
                        raise
                    context.remaining()
                    yield unread(item, error)
            if (tls := tables.tls()) is not None:
                yield tls
            context.beat(len(wanted), len(wanted))

    def facts(self, config: Config, address: Mapping[str, Any]) -> PortFacts:
        return PortFacts(location=str(address.get("table", "")), format="Iceberg", platform="Iceberg")


class _Placed:
    """The tables at a location; a table is called by its folder."""

    def __init__(self, files: LakeFiles) -> None:
        self.files = files
        self.namespace = files.namespace
        self.tls = files.tls

    def names(self, most: int) -> list[str]:
        return [
            "/".join(p for p in (self.files.base, t) if p) or "/"
            for t in self.files.tables(METADATA, _VERSION)
        ]

    def folder(self, name: str) -> str:
        """The folder of a table below the location."""
        return name.removeprefix(self.files.base).strip("/")

    def metadata(self, name: str) -> bytes:
        if ".." in name.split("/") or not name.startswith(self.files.base):
            raise SourceError("gone", "The table is not at this location.", "Browse the connection again.")
        below = self.folder(name)
        found = [
            (int(match[1]), file.modified, file)
            for file in self.files.listed(f"{below}/{METADATA}".lstrip("/"))
            if (match := _VERSION.match(file.path.rpartition("/")[2]))
        ]
        if not found:
            raise SourceError("gone", f"{name} has no metadata of a table.", "Check what writes it.")
        file = max(found, key=lambda item: item[:2])[2]
        if file.size > MAX_METADATA:
            raise SourceError("too_large", f"The metadata have {file.size:,} bytes.", "Expire old snapshots.")
        body = self.files.read(file)
        if ".gz" not in file.path.rpartition("/")[2]:
            return body
        try:
            return b"".join(gunzipped([body], MAX_METADATA))
        except (DecodingError, zlib.error) as error:
            raise SourceError("malformed", f"The metadata: {error}", "Check what writes it.") from error


@contextmanager
def _tables_of(config: Config, context: CrawlContext) -> Iterator["_Placed | iceberg_rest.RestCatalog"]:
    if config["catalog"]:
        yield iceberg_rest.RestCatalog(config, context)
        return
    if not config["location"]:
        raise SourceError("malformed", "Neither a catalog nor a location is named.", "Enter one of them.")
    with lakefiles.opened(config, context) as files:
        yield _Placed(files)


def _asset(
    namespace: str, name: str, comment: str, fields: tuple[ObservedField, ...] | None
) -> ObservedAsset:
    return ObservedAsset(
        namespace=namespace, name=name, kind="table", address={"table": name}, comment=comment, fields=fields
    )


def _read(
    config: Config, tables: "_Placed | iceberg_rest.RestCatalog", wanted: Wanted, context: CrawlContext
) -> Iterator[Observation]:
    name = wanted.address.get("table")
    if not isinstance(name, str):
        raise SourceError("gone", "The address of the table is not known.", "Browse the connection again.")
    started = time.perf_counter()
    metadata = _parsed(tables.metadata(name))
    latency = (time.perf_counter() - started) * 1000
    fields = fields_of(metadata)
    yield _asset(tables.namespace, name, str(metadata.properties.get("comment", "")), fields)
    yield _reading(wanted, metadata, latency, context)
    if wanted.checks:
        yield from _checked(config, tables, name, metadata, wanted, fields, context)


def _reading(wanted: Wanted, metadata: Any, latency: float, context: CrawlContext) -> ObservedReading:
    snapshot = metadata.current_snapshot()
    summary = dict(snapshot.summary.additional_properties) if snapshot and snapshot.summary else {}
    deletes = _number(summary, "total-position-deletes") or _number(summary, "total-equality-deletes")
    moment = _changed_at(metadata, context)
    return ObservedReading(
        asset=wanted.asset,
        is_reachable=True,
        latency_ms=latency,
        row_count=_number(summary, "total-records") if snapshot else 0,
        row_count_is_estimate=bool(deletes),
        size_bytes=_number(summary, "total-files-size") if snapshot else 0,
        object_count=_number(summary, "total-data-files") if snapshot else 0,
        fresh_at=moment,
        fresh_basis=f"snapshot {snapshot.snapshot_id}" if moment and snapshot else "",
    )


def _checked(
    config: Config,
    tables: "_Placed | iceberg_rest.RestCatalog",
    name: str,
    metadata: Any,
    wanted: Wanted,
    fields: Sequence[ObservedField],
    context: CrawlContext,
) -> Iterator[ObservedCheck]:
    """The checks of a table; the data of one a catalog knows are looked for at the location, if one is named."""
    try:
        with _place_of(config, tables, name, metadata, context) as place:
            yield from lake_checks.measured(
                wanted, place.files, lambda: iceberg_data.data_of(metadata, place), fields, context
            )
    except SourceError as error:
        context.remaining()
        yield from check_files.unanswered(wanted, error)


@contextmanager
def _place_of(
    config: Config,
    tables: "_Placed | iceberg_rest.RestCatalog",
    name: str,
    metadata: Any,
    context: CrawlContext,
) -> Iterator[Place]:
    if isinstance(tables, _Placed):
        yield Place(tables.files, str(metadata.location), tables.folder(name), context)
        return
    if not config["location"]:
        raise SourceError(
            "unsupported",
            "The catalog tells of the table, not where its data may be read.",
            "Enter the location of the data in the connection.",
        )
    with lakefiles.opened(config, context) as files:
        yield Place(files, str(config["location"]), "", context)


def _parsed(body: bytes) -> Any:
    """The table's metadata in the library's classes. Raises SourceError(malformed)."""
    from pydantic import ValidationError as Refused
    from pyiceberg.exceptions import ValidationError
    from pyiceberg.table.metadata import TableMetadataUtil

    try:
        metadata = TableMetadataUtil.parse_raw(body.decode("utf-8"))
        metadata.schema()
    except (
        ValidationError,
        Refused,
        ValueError,
        KeyError,
        StopIteration,
        RecursionError,
        TypeError,
    ) as error:
        said = redact(str(error))[:200]
        raise SourceError(
            "malformed", f"The metadata of the table cannot be read: {said}", "Check what writes it."
        ) from error
    return metadata


def _number(summary: Mapping[str, str], name: str) -> int | None:
    text = str(summary.get(name, ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _changed_at(metadata: Any, context: CrawlContext) -> datetime | None:
    """When data changed last: a snapshot that only rewrites files (`replace`) is no news. Never in the future."""
    snapshots = {snapshot.snapshot_id: snapshot for snapshot in metadata.snapshots}
    snapshot = metadata.current_snapshot()
    for _ in range(len(snapshots)):
        is_upkeep = (
            snapshot is not None and snapshot.summary and snapshot.summary.operation.value == "replace"
        )
        if not is_upkeep:
            break
        snapshot = snapshots.get(snapshot.parent_snapshot_id)
    if snapshot is None:
        return None
    try:
        moment = datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return moment if moment <= context.now() else None
