"""What the connectors of SQL stores share: quoting, choosing tables, the newest moment, types."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from typing import Any

from catalog.connections.connectors.config import Config, ConfigField
from catalog.connections.connectors.observations import LogicalType, ObservedField
from catalog.connections.connectors.profiling import as_typed
from catalog.connections.connectors.suspicion import suspected_by_name

MAX_FRESHNESS_COLUMNS = 4
MAX_TEXT = 300  # characters of a text cell that are read
_FRESH_NAMES = (  # the likelier first: when a row arrived rather than when something was planned
    "updated",
    "modified",
    "changed",
    "loaded",
    "ingested",
    "inserted",
    "created",
    "event",
    "occurred",
    "played",
)

INCLUDE = ConfigField(
    name="include",
    label="Only these",
    kind="lines",
    help="One pattern a line, such as sales.* or *_daily. Empty: everything.",
)
EXCLUDE = ConfigField(name="exclude", label="Except these", kind="lines", help="One pattern a line.")


def quote(name: str) -> str:
    """An SQL identifier, whatever characters the name holds."""
    return '"' + name.replace('"', '""') + '"'


def is_chosen(config: Config, name: str) -> bool:
    """Whether a table's name matches the connection's patterns."""
    include, exclude = config.get("include") or [], config.get("exclude") or []
    chosen = not include or any(fnmatchcase(name, pattern) for pattern in include)
    return chosen and not any(fnmatchcase(name, pattern) for pattern in exclude)


def freshness_columns(fields: Iterable[ObservedField]) -> list[ObservedField]:
    """Columns whose newest value may tell how fresh a table is: timestamps, or dates where there are none.

    The likeliest names first, at most four; never one that looks personal (a date of birth says nothing).
    """
    usable = [f for f in fields if not f.parent_path and not suspected_by_name(f.path)]
    found = [f for f in usable if f.logical_type == "timestamp"]
    found = found or [f for f in usable if f.logical_type == "date"]

    def rank(field: ObservedField) -> tuple[int, int]:
        name = field.name.casefold()
        hits = [place for place, word in enumerate(_FRESH_NAMES) if word in name]
        return (min(hits, default=len(_FRESH_NAMES)), field.ordinal)

    return sorted(found, key=rank)[:MAX_FRESHNESS_COLUMNS]


def newest(moments: Iterable[tuple[str, Any]], now: datetime) -> tuple[datetime | None, str]:
    """The newest of (column, value) not after `now`, and what it is based on: `(moment, "column played_at")`."""
    best: tuple[datetime, str] | None = None
    for column, value in moments:
        moment = as_moment(value)
        if moment is not None and moment <= now and (best is None or moment > best[0]):
            best = (moment, f"column {column}")
    return best or (None, "")


def as_moment(value: Any) -> datetime | None:
    """A timestamp with time zone (UTC where the store names none) from a date, datetime or ISO text."""
    typed = as_typed("timestamp", value)
    if isinstance(typed, datetime):
        return typed
    if isinstance(typed, date):
        return datetime(typed.year, typed.month, typed.day, tzinfo=UTC)
    return None


_TYPE_WORDS: tuple[tuple[str, LogicalType], ...] = (
    (r"bool", "boolean"),
    (r"timestamp|datetime", "timestamp"),
    (r"^date\b", "date"),
    (r"^time\b", "time"),
    (r"interval", "string"),
    (r"json|struct|record|composite", "object"),
    (r"(?<!po)int|serial", "integer"),
    (r"char|text|string|clob|uuid|enum|inet|cidr|macaddr|xml|citext|name", "string"),
    (r"real|floa|doub|dec|num|money", "number"),
    (r"blob|byte|binary|bit", "binary"),
)


def logical_type(declared: str) -> LogicalType:
    """The logical type of a declared SQL type, by the words in it (SQLite knows no other way)."""
    text = declared.strip().casefold()
    if text.endswith("[]") or text.startswith("array"):
        return "array"
    return next((logical for words, logical in _TYPE_WORDS if re.search(words, text)), "unknown")


def readable_columns(fields: Sequence[ObservedField]) -> list[ObservedField]:
    """The fields a query can select by name: those that are not nested in another."""
    return [field for field in fields if not field.parent_path]
