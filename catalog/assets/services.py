"""Writing what crawls saw of assets, in bulk; called inside the transaction that stores a crawl."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.assets.models import Asset, AssetReading, ViewDefinition
from catalog.common import bulk

_ASSET = (
    "connection_id",
    "namespace",
    "name",
    "address",
    "kind",
    "comment",
    "first_seen_at",
    "last_seen_at",
    "missing_since",
    "vanished_at",
    "observed_digest",
    "is_ignored",
    "created_at",
    "updated_at",
)
_ALTERED = (
    "address",
    "kind",
    "comment",
    "last_seen_at",
    "missing_since",
    "vanished_at",
    "updated_at",
    "observed_digest",
)
_READING = (
    "asset_id",
    "read_at",
    "run_id",
    "is_reachable",
    "error_code",
    "error",
    "remedy",
    "latency_ms",
    "row_count",
    "row_count_is_estimate",
    "size_bytes",
    "object_count",
    "fresh_at",
    "fresh_basis",
)
KEPT_DEFINITIONS = 50  # of a view
_SLICE = 500  # identifiers per statement: below every database's limit of parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAsset:
    """An asset to write as it was seen; the store's own words, already cleaned."""

    connection_id: int
    namespace: str
    name: str
    kind: str
    address: Mapping[str, Any]
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDefinition:
    """The SQL of a view that differs from the one before, whose number is `number` (0: there was none)."""

    asset_id: int
    sql: str
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReading:
    """One reading to write; see `AssetReading` for units."""

    asset_id: int
    read_at: datetime
    run_id: int | None
    is_reachable: bool
    error_code: str = ""
    error: str = ""
    remedy: str = ""
    latency_ms: float | None = None
    row_count: int | None = None
    row_count_is_estimate: bool = False
    size_bytes: int | None = None
    object_count: int | None = None
    fresh_at: datetime | None = None
    fresh_basis: str = ""


def write_assets(*, seen: Iterable[SeenAsset], now: datetime) -> None:
    """Insert new assets of connections, and overwrite what changed of known ones; both count as present.

    An asset another connection brought first stays with that connection; one that only events told of is adopted.
    """
    listed = list(seen)
    rows = [
        (
            item.connection_id,
            item.namespace,
            item.name,
            dict(item.address),
            item.kind,
            item.comment,
            now,
            now,
            None,
            None,
            "",
            False,
            now,
            now,
        )
        for item in listed
    ]
    bulk.upsert(Asset, _ASSET, rows, unique=("namespace", "name"), update=_ALTERED)
    _adopt(listed)


def _adopt(seen: Iterable[SeenAsset]) -> None:
    """Give assets without a connection the one whose crawl has now seen them."""
    brought = {(item.namespace, item.name): item.connection_id for item in seen}
    orphans = Asset.objects.filter(connection=None, namespace__in={space for space, _ in brought})
    for pk, namespace, name in orphans.values_list("pk", "namespace", "name"):
        if (namespace, name) in brought:
            Asset.objects.filter(pk=pk).update(connection_id=brought[namespace, name])


def touch_assets(*, ids: Iterable[int], now: datetime) -> None:
    """Note that assets were seen unchanged at `now`."""
    for part in _slices(ids):
        Asset.objects.filter(pk__in=part).update(last_seen_at=now, missing_since=None)


def mark_missing(*, since: Mapping[int, datetime], vanished: Iterable[int], now: datetime) -> None:
    """Note assets that were not found: `since` when (by id), and which of them are believed to have vanished."""
    for moment in set(since.values()):
        for part in _slices(pk for pk, at in since.items() if at == moment):
            Asset.objects.filter(pk__in=part).update(missing_since=moment, updated_at=now)
    for part in _slices(vanished):
        Asset.objects.filter(pk__in=part).update(vanished_at=now, observed_digest="", updated_at=now)


def keep_digests(*, digests: Mapping[int, str]) -> None:
    """Note the digest of what is stored now of each asset (by id): an equal one need not be stored again."""
    bulk.update(Asset, ("observed_digest",), digests.items())


def forget_digests(*, ids: Iterable[int]) -> None:
    """Something of these assets was changed by other ways than a crawl: the next one stores all it sees."""
    for part in _slices(ids):
        Asset.objects.filter(pk__in=part).exclude(observed_digest="").update(observed_digest="")


def write_readings(*, readings: Iterable[NewReading]) -> None:
    """Insert readings; a second one of the same asset and moment (a crawl run again) replaces the first."""
    rows = [tuple(getattr(reading, name) for name in _READING) for reading in readings]
    bulk.upsert(AssetReading, _READING, rows, unique=("asset_id", "read_at"), update=_READING[2:])


def digest(sql: str) -> str:
    """What two wordings of a view's SQL are compared by; empty for none."""
    return hashlib.sha256(sql.encode()).hexdigest() if sql else ""


def write_definitions(*, definitions: Iterable[NewDefinition], now: datetime) -> None:
    """Append a wording to each view; the oldest beyond `KEPT_DEFINITIONS` are forgotten."""
    new = [
        ViewDefinition(
            asset_id=item.asset_id,
            number=item.number + 1,
            sql=item.sql,
            digest=digest(item.sql),
            seen_at=now,
        )
        for item in definitions
    ]
    ViewDefinition.objects.bulk_create(new, batch_size=200)
    for item in new:
        if item.number > KEPT_DEFINITIONS:
            old = ViewDefinition.objects.filter(asset=item.asset_id)
            old.filter(number__lte=item.number - KEPT_DEFINITIONS).delete()


def _slices(ids: Iterable[int]) -> Iterable[list[int]]:
    listed = list(ids)
    return (listed[start : start + _SLICE] for start in range(0, len(listed), _SLICE))
