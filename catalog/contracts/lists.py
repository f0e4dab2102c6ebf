"""Changing lists of a document entry by entry, so that what nobody touched stays as its author wrote it. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Entry = Any
Derive = Callable[[Entry], Any]


def merged(
    entries: Any, derive: Derive, before: Iterable[Any], now: Iterable[Any], make: Callable[[Any], Entry]
) -> list[Entry]:
    """`entries` of a document where what the portal derives from them went from `before` to `now`.

    Entries whose derived value is still there (or never was of the portal's) stay untouched, in their order; those
    whose value is gone are dropped, new values are appended as `make` writes them.
    """
    gone = [value for value in before if value not in list(now)]
    kept = [entry for entry in (entries if isinstance(entries, list) else []) if derive(entry) not in gone]
    present = [derive(entry) for entry in kept]
    return [*kept, *(make(value) for value in now if value not in list(before) and value not in present)]


def set_member(data: dict[str, Any], name: str, value: Any) -> None:
    """Write a member, or take it away where `value` says nothing."""
    if value in (None, "", [], {}):
        data.pop(name, None)
    else:
        data[name] = value


def set_custom(data: dict[str, Any], name: str, value: Any) -> None:
    """The custom property `name`: changed in place, appended, or removed where `value` says nothing."""
    entries = list(data.get("customProperties") or [])
    for place, entry in enumerate(entries):
        if isinstance(entry, Mapping) and entry.get("property") == name:
            if value in (None, "", []):
                del entries[place]
            else:
                entries[place] = {**entry, "value": value}
            break
    else:
        if value not in (None, "", []):
            entries.append({"property": name, "value": value})
    set_member(data, "customProperties", entries)
