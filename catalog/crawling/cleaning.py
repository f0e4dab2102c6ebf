"""Making observations storable: sources are hostile, and connectors of others may be careless.

Texts lose what databases refuse (NUL, lone surrogates) and are cut to their columns; numbers out of range and times in
the future become "unknown"; doubled field paths keep the first. Nothing here judges, and nothing here raises.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from catalog.connections.connectors.observations import (
    Failure,
    ObservedAsset,
    ObservedField,
    ObservedProfile,
    ObservedReading,
)
from catalog.schemas.models import LogicalType
from catalog.schemas.shape import FieldShape

LONGEST_TEXT = 4_000
LONGEST_DEFINITION = 200_000  # characters of a view's SQL
MOST_FIELDS = 10_000
MOST_BINS = 12
MOST_VALUES = 10
BIGGEST = 2**63 - 1
CLOCK_SKEW = timedelta(hours=1)
_LOGICAL_TYPES = frozenset(LogicalType.values)
_KINDS = frozenset({"table", "view", "files", "api", "topic"})


def text(value: object, limit: int = LONGEST_TEXT) -> str:
    """`value` without NUL and lone surrogates, cut to `limit` characters with an ellipsis."""
    if isinstance(value, str) and value.isascii() and len(value) <= limit and "\x00" not in value:
        return value  # nearly every text, at no cost
    plain = str(value).replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def json_value(value: Any, depth: int = 8) -> Any:
    """`value` as JSON a database takes: clean texts, finite numbers, tuples as lists; anything else as text."""
    kind = type(value)  # asked first, as histograms are a million plain numbers
    if kind is int:
        return value if -BIGGEST <= value <= BIGGEST else str(value)
    if kind is str:
        return text(value)
    if value is None or kind is bool:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if abs(value) <= BIGGEST else str(value)
    if isinstance(value, Mapping | list | tuple) and not depth:
        return "…"
    if isinstance(value, Mapping):
        return {text(key, 300): json_value(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item, depth - 1) for item in value]
    return text(value)


def asset(seen: ObservedAsset) -> ObservedAsset:
    """The asset with texts that fit, an address that equals itself after storing, and unique field paths."""
    fields = None if seen.fields is None else tuple(_fields(seen.fields))
    return replace(
        seen,
        namespace=text(seen.namespace, 400),
        name=text(seen.name, 400),
        kind=seen.kind if seen.kind in _KINDS else "table",
        address=json.loads(json.dumps(json_value(dict(seen.address)))),
        comment=text(seen.comment),
        fields=fields,
        definition=text(seen.definition, LONGEST_DEFINITION).strip(),
    )


def _fields(seen: Iterable[ObservedField]) -> Iterable[ObservedField]:
    taken: set[str] = set()
    for field in seen:
        path = text(field.path, 500)
        if path in taken or len(taken) >= MOST_FIELDS:
            continue
        taken.add(path)
        key = field.key_position
        yield ObservedField(  # every column by name, as `replace` takes twice as long
            path=path,
            name=text(field.name, 300),
            parent_path=text(field.parent_path, 500),
            ordinal=len(taken),
            logical_type=field.logical_type if field.logical_type in _LOGICAL_TYPES else "unknown",
            physical_type=text(field.physical_type, 300),
            is_nullable=field.is_nullable,
            key_position=key if key and 0 < key < 32_768 else None,
            is_unique=field.is_unique,
            references=text(field.references, 500),
            comment=text(field.comment),
        )


def shape(field: ObservedField) -> FieldShape:
    """The observed field as schemas are compared."""
    return FieldShape(
        path=field.path,
        logical_type=field.logical_type,
        physical_type=field.physical_type,
        is_nullable=field.is_nullable,
        key_position=field.key_position,
        is_unique=field.is_unique,
        references=field.references,
        comment=field.comment,
    )


def failure(seen: Failure) -> Failure:
    return Failure(seen.code, text(seen.message, 1_000), text(seen.remedy, 1_000))


def reading(seen: ObservedReading, now: datetime) -> ObservedReading:
    """The reading with numbers that fit; a newest time in the future is not believed, whoever claims it."""
    fresh_at, basis = seen.fresh_at, text(seen.fresh_basis, 160)
    if fresh_at is not None and fresh_at.tzinfo is None:
        fresh_at, basis = None, f"{basis} (without a time zone)"
    if fresh_at is not None and fresh_at > now + CLOCK_SKEW:
        fresh_at, basis = None, f"{basis} (in the future, not believed)"
    return replace(
        seen,
        latency_ms=number(seen.latency_ms),
        row_count=count(seen.row_count),
        size_bytes=count(seen.size_bytes),
        object_count=count(seen.object_count),
        fresh_at=fresh_at,
        fresh_basis=basis,
        error=failure(seen.error) if seen.error else None,
    )


def profile(seen: ObservedProfile) -> ObservedProfile:
    share = number(seen.null_share)
    return ObservedProfile(
        asset=seen.asset,
        path=text(seen.path, 500),
        row_count=count(seen.row_count) or 0,
        is_sample=seen.is_sample,
        null_share=None if share is None else min(max(share, 0.0), 1.0),
        distinct_estimate=count(seen.distinct_estimate),
        minimum=text(seen.minimum, 200),
        maximum=text(seen.maximum, 200),
        mean=number(seen.mean),
        histogram=json_value(seen.histogram[:MOST_BINS]),
        top_values=json_value(seen.top_values[:MOST_VALUES]),
        withheld_because=text(seen.withheld_because, 200),
    )


def without_values(seen: ObservedProfile, because: str) -> ObservedProfile:
    """The profile with its counts alone."""
    return replace(
        seen, minimum="", maximum="", mean=None, histogram=(), top_values=(), withheld_because=because
    )


def number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def count(value: int | None) -> int | None:
    return value if value is not None and 0 <= value <= BIGGEST else None
