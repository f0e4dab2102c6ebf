"""A document's data as something to read: titled parts of texts, words, tables and parts within. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.contracts import detect

MAX_ROWS = 200  # of one table; the original has them all
MAX_COLUMNS = 9
_CELL = 160  # characters of something nested, in a cell
_LONG = 90  # characters from which a value is a text of its own

#: members the portal itself works with, by kind; everything else is shown as it was written
USED: dict[str, frozenset[str]] = {
    detect.ODPS: frozenset(
        {"id", "name", "version", "status", "domain", "type", "description", "tags", "inputPorts", "outputPorts",
         "team", "support", "authoritativeDefinitions", "deprecated", "apiVersion", "kind"}
    ),
    detect.ODCS: frozenset(
        {"id", "name", "version", "status", "schema", "servers", "slaProperties", "apiVersion", "kind"}
    ),
    detect.REGISTRY: frozenset(
        {"Name", "Description", "Documentation", "Contact", "ManagedBy", "UpdateFrequency", "Tags", "License",
         "Resources", "DataAtWork", "Citation", "Deprecated", "DeprecatedNotice"}
    ),
}  # fmt: skip
_HEAD = frozenset({"apiVersion", "kind"})  # stands beside the title already


@dataclass(frozen=True, slots=True)
class Part:
    """One member: a `text`, or a table (`columns`, `rows`), or `parts` within; `more` rows were left out."""

    title: str
    text: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[tuple[str, str], ...], ...] = ()  # (column, words) each
    parts: tuple["Part", ...] = ()
    more: int = 0
    is_used: bool = True

    @property
    def is_long(self) -> bool:
        return len(self.text) > _LONG or "\n" in self.text


def outline(data: Any, kind: str) -> tuple[Part, ...]:
    """The parts of a document, in its own order; short words first, as one part without a title."""
    if not isinstance(data, Mapping):
        return ()
    used = USED.get(kind, frozenset())
    parts = [_part(name, value, is_used=name in used) for name, value in data.items() if name not in _HEAD]
    return tuple(part for part in parts if part.text or part.rows or part.parts)


def _part(name: str, value: Any, *, is_used: bool = True) -> Part:
    title = words(name)
    if isinstance(value, Mapping):
        return Part(title, parts=tuple(_part(key, item) for key, item in value.items()), is_used=is_used)
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return _listed(title, value, is_used)
    if isinstance(value, list):
        return Part(title, text=", ".join(_plain(item) for item in value), is_used=is_used)
    return Part(title, text=_plain(value), is_used=is_used)


def _listed(title: str, items: list[Mapping[str, Any]], is_used: bool) -> Part:
    """A table when the entries are flat, otherwise one part an entry."""
    columns = list(dict.fromkeys(key for item in items for key in item))
    nested = sum(_is_nested(value) for item in items for value in item.values())
    is_flat = len(columns) <= MAX_COLUMNS and nested * 2 <= len(items)
    if not is_flat:
        shown = tuple(
            Part(_name_of(item, place), parts=tuple(_part(key, value) for key, value in item.items()))
            for place, item in enumerate(items[:MAX_ROWS], start=1)
        )
        return Part(title, parts=shown, more=max(0, len(items) - MAX_ROWS), is_used=is_used)
    rows = tuple(tuple((words(key), _cell(item.get(key))) for key in columns) for item in items[:MAX_ROWS])
    return Part(
        title,
        columns=tuple(words(key) for key in columns),
        rows=rows,
        more=max(0, len(items) - MAX_ROWS),
        is_used=is_used,
    )


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value)
    )


def _cell(value: Any) -> str:
    """A value in one cell of a table; what is nested is told shortly."""
    told = _plain(value)
    return told if not _is_nested(value) or len(told) <= _CELL else told[:_CELL].rstrip() + "…"


def _name_of(item: Mapping[str, Any], place: int) -> str:
    for key in ("name", "title", "Title", "Description", "property", "server", "channel", "id"):
        if isinstance(item.get(key), str) and item[key].strip():
            return str(item[key]).strip()[:120]
    return f"Entry {place}"


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{words(key)}: {_plain(item)}" for key, item in value.items())
    return str(value).strip()


def words(name: str) -> str:
    """`slaProperties` -> `Sla properties`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]+", " ", str(name)).strip()
    return (spaced[:1].upper() + spaced[1:].lower()) if spaced else str(name)
