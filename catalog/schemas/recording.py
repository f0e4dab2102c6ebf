"""Writing what crawls observed of schemas and fields, in bulk; called inside the transaction that stores a crawl."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.assets import services as assets
from catalog.common import bulk
from catalog.schemas import selectors
from catalog.schemas.diff import Change, diff
from catalog.schemas.fingerprint import fingerprint
from catalog.schemas.models import Field, FieldProfile, SchemaVersion
from catalog.schemas.shape import FieldShape, parent_of

_FIELD = (
    "schema_id",
    "path",
    "name",
    "parent_path",
    "ordinal",
    "logical_type",
    "physical_type",
    "is_nullable",
    "key_position",
    "is_unique",
    "references",
    "comment",
    "classification",
)
_PROFILE = (
    "asset_id",
    "path",
    "profiled_at",
    "row_count",
    "is_sample",
    "null_share",
    "distinct_estimate",
    "minimum",
    "maximum",
    "mean",
    "histogram",
    "top_values",
    "withheld_because",
)
VALUE_COLUMNS = ("minimum", "maximum", "mean", "histogram", "top_values")
_MOST_CHANGES = 2_000  # kept per version, worst first; the count of all stands in the summary


@dataclass(frozen=True, slots=True)
class NewSchema:
    """A schema observed at an asset that differs from the one before (`previous_id`, `number` of it; 0: none)."""

    asset_id: int
    fields: Sequence[FieldShape]
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # path -> (name, path of the parent)
    previous_id: int | None = None
    number: int = 0


def write_versions(*, schemas: Iterable[NewSchema], now: datetime) -> dict[int, tuple[Change, ...]]:
    """Append one version per schema with its fields and its readable difference; returns the changes by asset id.

    The first version of an asset has no difference.
    """
    listed = list(schemas)
    before = selectors.shapes_of(item.previous_id for item in listed if item.previous_id is not None)
    changes = {
        item.asset_id: diff(before[item.previous_id], item.fields) if item.previous_id is not None else ()
        for item in listed
    }
    versions = [
        SchemaVersion(
            origin=SchemaVersion.Origin.OBSERVED,
            asset_id=item.asset_id,
            number=item.number + 1,
            fingerprint=fingerprint(item.fields),
            seen_at=now,
            field_count=len(item.fields),
            changes=[change.as_dict() for change in changes[item.asset_id][:_MOST_CHANGES]],
        )
        for item in listed
    ]
    SchemaVersion.objects.bulk_create(versions, batch_size=200)
    assets.forget_digests(ids=changes)
    rows = (
        row for version, item in zip(versions, listed, strict=True) for row in _field_rows(version.pk, item)
    )
    bulk.upsert(Field, _FIELD, rows, unique=("schema_id", "path"))
    for version, item in zip(versions, listed, strict=True):
        if item.previous_id is not None:
            _forget_removed(version, changes[item.asset_id])
    return changes


def _field_rows(schema_id: int, schema: NewSchema) -> Iterable[tuple[Any, ...]]:
    for ordinal, shape in enumerate(schema.fields, start=1):
        name, parent = schema.places.get(shape.path) or (shape.name, parent_of(shape.path))
        yield (
            schema_id,
            shape.path,
            name[:300],
            parent,
            ordinal,
            shape.logical_type,
            shape.physical_type,
            shape.is_nullable,
            shape.key_position,
            shape.is_unique,
            shape.references,
            shape.comment,
            shape.classification,
        )


def _forget_removed(version: SchemaVersion, changes: Iterable[Change]) -> None:
    """Profiles of fields that are no longer there are deleted: nobody could classify them any more."""
    removed = [change.path for change in changes if change.kind == "removed"]
    for start in range(0, len(removed), 500):
        FieldProfile.objects.filter(asset=version.asset, path__in=removed[start : start + 500]).delete()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProfile:
    """The figures of one field; values are there only where keeping them was allowed."""

    asset_id: int
    path: str
    row_count: int
    is_sample: bool
    null_share: float | None
    distinct_estimate: int | None
    minimum: str = ""
    maximum: str = ""
    mean: float | None = None
    histogram: Sequence[Any] = ()
    top_values: Sequence[Any] = ()
    withheld_because: str = ""


def write_profiles(*, profiles: Iterable[NewProfile], now: datetime) -> None:
    """Replace the profiles whose figures differ; equal ones keep the time since when they stand."""
    rows = (
        (
            item.asset_id,
            item.path,
            now,
            item.row_count,
            item.is_sample,
            item.null_share,
            item.distinct_estimate,
            item.minimum,
            item.maximum,
            item.mean,
            list(item.histogram),
            list(item.top_values),
            item.withheld_because,
        )
        for item in profiles
    )
    bulk.upsert(
        FieldProfile,
        _PROFILE,
        rows,
        unique=("asset_id", "path"),
        update=_PROFILE[2:],
        compare=_PROFILE[3:],
    )
