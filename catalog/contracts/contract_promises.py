"""What changed in a contract beside its schema: servers, promises of service, terms, price, roles. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.contracts.changes import Change, Data, Severity, by_name
from catalog.contracts.parts import text
from catalog.contracts.schema_promises import canonical, other_members, shown

_JUDGED = frozenset(
    {"schema", "version", "servers", "slaProperties", "description", "price", "roles", "status", "id"}
)  # fmt: skip
_UNBOUND = frozenset({"draft", "proposed"})  # states in which nothing is promised yet
_WORDS_OF_SERVER = frozenset({"id", "description", "roles", "customProperties", "tags", "environment"})
_TERMS = frozenset({"usage", "limitations"})
SECONDS = {
    "ms": 0.001, "s": 1, "sec": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hour": 3600, "hours": 3600, "d": 86_400, "day": 86_400, "days": 86_400,
    "w": 604_800, "week": 604_800, "weeks": 604_800, "mo": 2_629_746, "month": 2_629_746, "months": 2_629_746,
    "y": 31_556_952, "yr": 31_556_952, "year": 31_556_952, "years": 31_556_952,
}  # fmt: skip
#: promises that are better when they are smaller, and those that are better when they are larger
_SMALLER = frozenset(
    {"latency", "ly", "freshness", "frequency", "fy", "interval", "timetodetect", "td", "timetonotify", "tn",
     "timetorepair", "tr", "errorrate", "er", "responsetime", "support", "recoverytime"}
)  # fmt: skip
_LARGER = frozenset(
    {"retention", "re", "availability", "av", "throughput", "th", "noticeperiod", "completeness", "endofsupport",
     "es", "endoflife", "el", "uptime"}
)  # fmt: skip


def is_binding(data: Data) -> bool:
    """Whether a contract promises something already: drafts and proposals do not."""
    return text(data, "status").lower() not in _UNBOUND


def contract_changes(before: Data, after: Data) -> Iterator[Change]:
    """Everything that changed outside the member `schema`, but for the version itself."""
    if text(before, "id") != text(after, "id"):
        words = text(before, "id"), text(after, "id")
        yield Change(
            "id", "id", Severity.BREAKING, f"The contract is another one: {words[1]}, not {words[0]}.", *words
        )
    yield from _status_changes(before, after)
    yield from _servers(before, after)
    yield from _service_levels(before, after)
    yield from _terms(before.get("description"), after.get("description"))
    yield from _price(before.get("price"), after.get("price"))
    yield from _roles(before.get("roles"), after.get("roles"))
    yield from other_members("contract", before, after, _JUDGED)


def _status_changes(before: Data, after: Data) -> Iterator[Change]:
    """An end breaks, and so does a draft after what was binding: nothing would be promised any more."""
    was, now = text(before, "status"), text(after, "status")
    if was != now:
        is_end = now.lower() == "retired" or (is_binding(before) and not is_binding(after))
        yield Change(
            "status",
            "status",
            Severity.BREAKING if is_end else Severity.NEUTRAL,
            f"The status is {now or 'not stated'}; it was {was or 'not stated'}.",
            was,
            now,
        )


def _servers(before: Data, after: Data) -> Iterator[Change]:
    old = by_name(before.get("servers"), lambda item: text(item, "server") or "unnamed")
    new = by_name(after.get("servers"), lambda item: text(item, "server") or "unnamed")
    for name, server in old.items():
        if name not in new:
            yield Change(
                f"servers.{name}",
                "server",
                Severity.BREAKING,
                f"The server {name} was removed.",
                text(server, "type"),
            )
    for name, server in new.items():
        path = f"servers.{name}"
        if name not in old:
            yield Change(
                path, "server", Severity.COMPATIBLE, f"The server {name} was added.", "", text(server, "type")
            )
            continue
        for member in dict.fromkeys([*old[name], *server]):
            was, now = old[name].get(member), server.get(member)
            if canonical(was) == canonical(now):
                continue
            words = shown(was), shown(now)
            is_new = was in (None, "") or member in _WORDS_OF_SERVER
            severity = (
                Severity.NEUTRAL
                if member in _WORDS_OF_SERVER
                else Severity.COMPATIBLE
                if is_new
                else Severity.BREAKING
            )
            sentence = (
                f"{member} of server {name} is {words[1] or 'gone'}; it was {words[0] or 'not stated'}."
            )
            yield Change(path, member, severity, sentence, *words)


def _service_levels(before: Data, after: Data) -> Iterator[Change]:
    old = by_name(before.get("slaProperties"), _level_key)
    new = by_name(after.get("slaProperties"), _level_key)
    for name, level in old.items():
        if name not in new:
            sentence = f"{name} is no longer promised; it was {_level(level)}."
            yield Change(f"slaProperties.{name}", "service level", Severity.BREAKING, sentence, _level(level))
    for name, level in new.items():
        path = f"slaProperties.{name}"
        if name not in old:
            sentence = f"{name} is now promised: {_level(level)}."
            yield Change(path, "service level", Severity.COMPATIBLE, sentence, "", _level(level))
            continue
        was = old[name]
        if _level(was) != _level(level):
            severity, word = _compared(text(level, "property"), was, level)
            sentence = f"{name} is {word}: {_level(level)}, it was {_level(was)}."
            yield Change(path, "service level", severity, sentence, _level(was), _level(level))
        yield from other_members(
            path, was, level, frozenset({"property", "value", "valueExt", "unit", "element", "driver"})
        )


def _level_key(item: Data) -> str:
    parts = (text(item, "property") or "unnamed", text(item, "element"), text(item, "driver"))
    return " of ".join(part for part in parts[:2] if part) + (f" ({parts[2]})" if parts[2] else "")


def _level(item: Data) -> str:
    said = [shown(item.get(name)) for name in ("value", "valueExt", "unit") if item.get(name) is not None]
    return " ".join(said) or "nothing"


def _compared(name: str, before: Data, after: Data) -> tuple[Severity, str]:
    """Whether a promise became weaker; what cannot be compared counts as weaker."""
    old, new = _size(before), _size(after)
    kind = "".join(letter for letter in name.lower() if letter.isalnum())
    if (
        old is not None
        and new is not None
        and old[0] == new[0]
        and before.get("valueExt") == after.get("valueExt")
    ):
        if old == new:
            return Severity.NEUTRAL, "written differently"
        grows = new > old
        if (kind in _SMALLER and not grows) or (kind in _LARGER and grows):
            return Severity.COMPATIBLE, "stronger"
        if kind in _SMALLER | _LARGER:
            return Severity.BREAKING, "weaker"
    return Severity.BREAKING, "another promise"


def _size(item: Data) -> tuple[str, Any] | None:
    """What a promise is measured in and how much: a duration in seconds, a number, a date; None: not comparable."""
    value, unit = item.get("value"), text(item, "unit").lower()
    if isinstance(value, str):
        try:
            return _sized(float(value), unit)
        except ValueError:
            is_date = value[4:5] == value[7:8] == "-" and value[:4].isdigit() and not unit
            return ("date", value[:10]) if is_date else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _sized(float(value), unit)


def _sized(value: float, unit: str) -> tuple[str, Any]:
    return ("seconds", value * SECONDS[unit]) if unit in SECONDS else (unit, value)


def _terms(before: Any, after: Any) -> Iterator[Change]:
    old: Data = before if isinstance(before, Mapping) else {"purpose": before} if before else {}
    new: Data = after if isinstance(after, Mapping) else {"purpose": after} if after else {}
    for name in dict.fromkeys([*old, *new]):
        if canonical(old.get(name)) != canonical(new.get(name)):
            severity = Severity.COMPATIBLE if name in _TERMS else Severity.NEUTRAL
            words = shown(old.get(name)), shown(new.get(name))
            noun = "terms of use" if name == "usage" else name
            yield Change(
                f"description.{name}", "terms", severity, f"The {noun} changed; read it again.", *words
            )


def _price(before: Any, after: Any) -> Iterator[Change]:
    old: Data = before if isinstance(before, Mapping) else {}
    new: Data = after if isinstance(after, Mapping) else {}
    if canonical(old) == canonical(new):
        return
    words = shown(old) if old else "", shown(new) if new else ""
    was, now = old.get("priceAmount"), new.get("priceAmount")
    units = [(text(item, "priceCurrency"), text(item, "priceUnit")) for item in (old, new)]
    is_lower = not now or (
        isinstance(was, int | float) and isinstance(now, int | float) and now <= was and units[0] == units[1]
    )
    severity = Severity.COMPATIBLE if is_lower else Severity.BREAKING
    yield Change(
        "price",
        "price",
        severity,
        f"The price is {words[1] or 'gone'}; it was {words[0] or 'not stated'}.",
        *words,
    )


def _roles(before: Any, after: Any) -> Iterator[Change]:
    old, new = (by_name(value, lambda item: text(item, "role") or "unnamed") for value in (before, after))
    for name in old:
        if name not in new:
            yield Change(
                f"roles.{name}", "role", Severity.BREAKING, f"The role {name} for access was removed.", name
            )
    for name, role in new.items():
        if name not in old:
            yield Change(
                f"roles.{name}",
                "role",
                Severity.COMPATIBLE,
                f"The role {name} for access was added.",
                "",
                name,
            )
        elif canonical(old[name]) != canonical(role):
            yield from other_members(f"roles.{name}", old[name], role, frozenset({"role"}))
