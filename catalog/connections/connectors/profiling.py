"""Bounded statistics of fields. Fails closed: values are kept only where that was allowed or is harmless.

Kept are values of fields their owner released, and of numeric or temporal fields that neither name nor values make
look personal (`suspicion`). Of everything else only counts are kept: rows, null share, distinct estimate.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.observations import LogicalType, ObservedField, ObservedProfile
from catalog.connections.connectors.suspicion import suspected_by_name, suspected_by_values

MAX_BINS = 12
MAX_TOP_VALUES = 10
MINIMUM_COVER = 10  # rows a value must cover before it may be named
MAX_VALUE_LENGTH = 100
MAX_CELLS = 2_000_000  # rows times columns looked at, so that wide tables stay affordable
NUMERIC: Final[frozenset[LogicalType]] = frozenset({"integer", "number"})
TEMPORAL: Final[frozenset[LogicalType]] = frozenset({"date", "time", "timestamp"})
SCALAR: Final[frozenset[LogicalType]] = NUMERIC | TEMPORAL | {"string", "boolean"}


class Present:
    """Stands for a value that is there and was not read (binary, nested)."""


PRESENT = Present()


def blinded(row: Sequence[Any], places: Sequence[int]) -> Sequence[Any]:
    """The row with what is there at `places` replaced by PRESENT."""
    if not places:
        return row
    cells = list(row)
    for place in places:
        cells[place] = None if cells[place] is None else PRESENT
    return cells


def rows_to_read(columns: int, max_rows: int) -> int:
    """How many rows to look at for that many columns, at least 100."""
    return min(max_rows, max(100, MAX_CELLS // max(columns, 1)))


def profile_rows(
    wanted: Wanted,
    fields: Sequence[ObservedField],
    rows: Iterable[Sequence[Any]],
    *,
    is_sample: bool,
    row_total: int | None = None,
) -> Iterator[ObservedProfile]:
    """One profile per field from rows whose cells stand in the order of `fields`.

    `is_sample` says that the asset has more rows than these; `row_total` is how many it has, where known.
    """
    columns = list(zip(*rows, strict=True)) or [() for _ in fields]
    for field, values in zip(fields, columns, strict=True):
        yield profile_field(wanted, field, values, is_sample=is_sample, row_total=row_total)


def profile_field(
    wanted: Wanted,
    field: ObservedField,
    values: Sequence[Any],
    *,
    is_sample: bool,
    row_total: int | None = None,
) -> ObservedProfile:
    """The profile of one field; see the module for what is kept."""
    there = [value for value in values if value is not None]
    reason = why_withheld(wanted, field, there)
    kept: dict[str, Any] = {} if reason else _kept_values(field.logical_type, there)
    return ObservedProfile(
        asset=wanted.asset,
        path=field.path,
        row_count=len(values),
        is_sample=is_sample,
        null_share=(len(values) - len(there)) / len(values) if values else None,
        distinct_estimate=_distinct(there, row_total if is_sample else None),
        withheld_because=reason,
        **kept,
    )


def why_withheld(wanted: Wanted, field: ObservedField, values: Sequence[Any]) -> str:
    """Why the values of a field may not be kept, for people; "" when they may."""
    if any(is_at_or_below(field.path, path) for path in wanted.withheld):
        return "It is classified as personal."
    if field.path in wanted.released:
        return ""
    if field.logical_type not in NUMERIC | TEMPORAL:
        return "Its owner has not released its values."
    if reason := suspected_by_name(field.path):
        return f"Its name suggests {reason}."
    typed = [value for value in (as_typed(field.logical_type, item) for item in values) if value is not None]
    if reason := suspected_by_values(typed):
        return f"Its values look like {reason}."
    return ""


def is_at_or_below(path: str, ancestor: str) -> bool:
    """Whether a field is `ancestor` or nested in it."""
    return path == ancestor or path.startswith((f"{ancestor}.", f"{ancestor}[", f"{ancestor}{{"))


def as_typed(logical_type: LogicalType, value: Any) -> Any:
    """The value as its field's type promises, or None when it is something else.

    Stores without strict types (SQLite) may hold an e-mail address in a numeric column: it must not be kept.
    """
    if logical_type in NUMERIC:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            return None
        return value if _is_moderate(value) else None
    if logical_type in TEMPORAL:
        return _as_moment(logical_type, value)
    if isinstance(value, Decimal):
        return str(value)  # a signalling NaN cannot be counted
    return value if isinstance(value, str | bool | int | float | date | time) else None


def _is_moderate(value: int | float | Decimal) -> bool:
    """Finite, and not so large that sums and bins overflow."""
    try:
        return math.isfinite(value) and abs(float(value)) < 1e300
    except (OverflowError, ValueError):  # integers beyond any float, signalling NaN
        return False


def _as_moment(logical_type: LogicalType, value: Any) -> Any:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date | time):
        return value
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        if logical_type == "time":
            return time.fromisoformat(value)
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if logical_type == "date" and len(value) == 10:
        return moment.date()
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _kept_values(logical_type: LogicalType, there: Sequence[Any]) -> dict[str, Any]:
    typed = [value for value in (as_typed(logical_type, item) for item in there) if value is not None]
    kept: dict[str, Any] = {"top_values": _top_values(typed)}
    ordered = [value for value in typed if type(value) is type(typed[0])] if typed else []
    if logical_type in NUMERIC:
        ordered = typed
        kept["mean"] = math.fsum(float(value) for value in typed) / len(typed) if typed else None
    if ordered and logical_type in NUMERIC | TEMPORAL:
        ordered = [value for value in ordered if not isinstance(value, time) or value.tzinfo is None]
        if ordered:
            kept |= {"minimum": as_text(min(ordered)), "maximum": as_text(max(ordered))}
            kept["histogram"] = _histogram(ordered)
    return kept


def as_text(value: Any) -> str:
    """A value as it is shown, bounded in length."""
    text = value.isoformat() if isinstance(value, date | time) else str(value)
    return text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 1] + "…"


def _top_values(values: Sequence[Any]) -> tuple[tuple[str, int], ...]:
    common = Counter(values).most_common(MAX_TOP_VALUES)
    return tuple((as_text(value), rows) for value, rows in common if rows >= MINIMUM_COVER)


def _histogram(values: Sequence[Any]) -> tuple[tuple[float | str, float | str, int], ...]:
    """Bins of equal width, at most 12; as many as there are values where these are few and whole."""
    numbers = [_as_number(value) for value in values]
    low, high = min(numbers), max(numbers)
    if low == high:
        return ((_edge(values[0], low), _edge(values[0], high), len(numbers)),)
    bins = MAX_BINS
    if all(isinstance(value, int) for value in values):
        bins = min(MAX_BINS, int(high - low) + 1)
    width = (high - low) / bins
    if not math.isfinite(width) or width <= 0:
        return ()
    counts = Counter(min(int((number - low) / width), bins - 1) for number in numbers)
    edges = [_edge(values[0], low + place * width) for place in range(bins)] + [_edge(values[0], high)]
    return tuple((edges[place], edges[place + 1], counts[place]) for place in range(bins))


def _as_number(value: Any) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, date):
        return float(value.toordinal())
    if isinstance(value, time):
        return value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
    return float(value)


def _edge(example: Any, number: float) -> float | str:
    if isinstance(example, datetime):
        return datetime.fromtimestamp(number, UTC).isoformat(timespec="seconds")
    if isinstance(example, date):
        return date.fromordinal(int(number)).isoformat()
    if isinstance(example, time):
        whole = min(int(number), 86_399)
        return time(whole // 3600, whole // 60 % 60, whole % 60).isoformat()
    return number


def _distinct(there: Sequence[Any], row_total: int | None) -> int | None:
    """Distinct values; of a sample the Duj1 estimate (Haas and Stokes 1998, as PostgreSQL's ANALYZE uses it).

    n d / (n - f1 + f1 n / N), with n rows looked at, d distinct and f1 of them seen once, N rows in all.
    """
    if not there or any(isinstance(value, Present) for value in there):
        return None
    try:
        counts = Counter(there)
    except TypeError:  # lists and the like
        return None
    seen, looked_at = len(counts), len(there)
    if row_total is None or row_total <= looked_at:
        return seen
    once = sum(1 for rows in counts.values() if rows == 1)
    return min(row_total, round(looked_at * seen / (looked_at - once + once * looked_at / row_total)))
