"""What connectors yield: frozen facts about a store, without judgement and without Django."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

AssetKind = Literal["table", "view", "files", "api", "topic"]
LogicalType = Literal[
    "string",
    "integer",
    "number",
    "boolean",
    "date",
    "time",
    "timestamp",
    "binary",
    "array",
    "object",
    "map",
    "unknown",
]
ErrorCode = Literal[
    "unreachable",  # no answer at the address, or the name does not resolve
    "refused",  # it answers and does not let us in
    "not_allowed",  # the portal's own rules forbid the address or the path
    "too_slow",  # the time limit was reached
    "too_large",  # the byte limit was reached where a part is of no use
    "malformed",  # what it sent cannot be understood; the message says where
    "empty",  # it is there and holds nothing
    "unsupported",  # a format, version or feature the connector does not know
    "gone",  # the asset was there before and is not any more
]


class AssetKey(NamedTuple):
    """A physical thing by its OpenLineage dataset name."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something could not be read, in words for people; secrets are already redacted."""

    code: ErrorCode
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedField:
    """One field. `path` is unique in its asset: `customer.address.city`, `items[].sku`, `labels{}` (map values)."""

    path: str
    name: str
    parent_path: str = ""
    ordinal: int = 0  # order in the whole schema, parents before their children
    logical_type: LogicalType = "unknown"
    physical_type: str = ""
    is_nullable: bool | None = None  # None: the source does not say
    key_position: int | None = None  # 1.. in the primary key
    is_unique: bool | None = None
    references: str = ""  # "schema.table.column" of a foreign key
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedAsset:
    """A table, view, file set or endpoint. `fields` is None when the schema was not looked at (a cheap listing).

    `definition` is the SQL a view is made by, as the store words it; empty where there is none or it is not told.
    """

    namespace: str
    name: str
    kind: AssetKind
    address: Mapping[str, Any] = field(default_factory=dict)  # the connector's own way to find it again
    comment: str = ""
    fields: tuple[ObservedField, ...] | None = None
    definition: str = ""

    @property
    def asset(self) -> AssetKey:
        return AssetKey(self.namespace, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedReading:
    """One look at an asset. Sizes in bytes, latency in milliseconds; None is "not known", never zero."""

    asset: AssetKey
    is_reachable: bool
    latency_ms: float | None = None
    row_count: int | None = None
    row_count_is_estimate: bool = False
    size_bytes: int | None = None
    object_count: int | None = None  # files in a file set
    fresh_at: datetime | None = None  # time of the newest data, with time zone
    fresh_basis: str = ""  # "column played_at", "file time", "Last-Modified"
    error: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedProfile:
    """Bounded statistics of one field over `row_count` rows looked at.

    The values (minimum, maximum, mean, histogram, top_values) are empty unless storing them was allowed;
    `withheld_because` then says why not.
    """

    asset: AssetKey
    path: str
    row_count: int
    is_sample: bool = False
    null_share: float | None = None  # 0..1
    distinct_estimate: int | None = None  # exact where `is_sample` is false
    minimum: str = ""
    maximum: str = ""
    mean: float | None = None
    histogram: tuple[tuple[float | str, float | str, int], ...] = ()  # (from, to, rows), at most 12
    top_values: tuple[tuple[str, int], ...] = ()  # (value, rows), each covering 10 rows or more
    withheld_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedCheck:
    """What a check of an asset measured; see `checking`. With an `error` nothing was.

    `failed_rows` of `total_rows`, or for a count, a query or the newest data its `value` or `moment`. `sample`: failing
    values, only where they may be kept.
    """

    asset: AssetKey
    number: int
    failed_rows: int | None = None
    total_rows: int | None = None
    value: float | None = None
    moment: datetime | None = None
    sample: tuple[str, ...] = ()
    error: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedTls:
    """Encryption in motion as seen on the connection to the whole store; an empty version means none."""

    version: str
    certificate_ends_at: datetime | None = None


Observation = ObservedAsset | ObservedReading | ObservedProfile | ObservedCheck | ObservedTls
