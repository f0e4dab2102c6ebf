"""What changed in the schema of a contract: objects, fields at any depth, types, keys, values, checks. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.contracts import field_types
from catalog.contracts.changes import Change, Data, Severity
from catalog.contracts.checks_difference import quality_changes
from catalog.contracts.parts import text

_JUDGED = frozenset(
    {"name", "physicalName", "properties", "items", "map", "logicalType", "physicalType", "required", "unique",
     "primaryKey", "primaryKeyPosition", "enum", "logicalTypeOptions", "quality"}
)  # fmt: skip
_LOWER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_UPPER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})


@dataclass(frozen=True, slots=True)
class Place:
    """A schema object or field where it stands: its data, its path for people, the path of what holds it."""

    data: Data
    path: str
    parent: str


@dataclass(slots=True)
class Flat:
    """A schema flattened: objects and fields by path, keys of each object."""

    objects: dict[str, Data] = field(default_factory=dict)
    fields: dict[str, Place] = field(default_factory=dict)
    keys: dict[str, frozenset[str]] = field(default_factory=dict)


def schema_changes(before: Data, after: Data) -> Iterator[Change]:
    """Changes of the member `schema`."""
    old, new = flatten(before), flatten(after)
    for path, item in old.objects.items():
        if path not in new.objects:
            yield Change(
                path, "object", Severity.BREAKING, f"{path} was removed with all its fields.", _kind(item)
            )
    for path, item in new.objects.items():
        if path not in old.objects:
            yield Change(path, "object", Severity.COMPATIBLE, f"{path} was added.", "", _kind(item))
        else:
            yield from _object_changes(path, old, new)
    yield from _field_changes(old, new)


def flatten(data: Data) -> Flat:
    """Objects and all their fields; of doubled paths the first counts."""
    flat = Flat()
    for item in data.get("schema") or []:
        if not isinstance(item, Mapping):
            continue
        path = _name(item)
        if path in flat.objects:
            continue
        flat.objects[path] = item
        stack = [Place(member, f"{path}.{_name(member)}", path) for member in _members(item)]
        keys = []
        for place in _walk(stack):
            flat.fields.setdefault(place.path, place)
            if place.data.get("primaryKey") is True:
                keys.append(place.path)
        flat.keys[path] = frozenset(keys)
    return flat


def _walk(places: list[Place]) -> Iterator[Place]:
    stack = list(reversed(places))
    while stack:
        place = stack.pop()
        yield place
        inner = [
            Place(member, f"{place.path}.{_name(member)}", place.path) for member in _members(place.data)
        ]
        items = place.data.get("items")
        if isinstance(items, Mapping):
            inner.append(Place(items, f"{place.path}[]", place.path))
        values = place.data.get("map")
        for part in ("key", "value"):
            if isinstance(values, Mapping) and isinstance(values.get(part), Mapping):
                inner.append(Place(values[part], f"{place.path}{{{part}}}", place.path))
        stack.extend(reversed(inner))


def _members(data: Data) -> list[Data]:
    found = data.get("properties")
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def _name(data: Data) -> str:
    """What it is called in the store: readers write this name."""
    return text(data, "physicalName") or text(data, "name") or "unnamed"


def _kind(data: Data) -> str:
    return text(data, "logicalType") or text(data, "physicalType") or "no type"


def _object_changes(path: str, old: Flat, new: Flat) -> Iterator[Change]:
    was, now = old.objects[path], new.objects[path]
    before, after = old.keys[path], new.keys[path]
    if before != after:
        words = [", ".join(sorted(key.removeprefix(f"{path}.") for key in keys)) for keys in (before, after)]
        severity = Severity.BREAKING if before else Severity.COMPATIBLE
        sentence = f"The key of {path} is {words[1] or 'gone'}; it was {words[0] or 'not said'}."
        yield Change(path, "key", severity, sentence, *words)
    yield from quality_changes(path, was.get("quality"), now.get("quality"))
    yield from other_members(path, was, now, _JUDGED - {"physicalType"})


def _field_changes(old: Flat, new: Flat) -> Iterator[Change]:
    gone = {
        path: place
        for path, place in old.fields.items()
        if path not in new.fields and _is_outermost(place, old, new)
    }
    come = {
        path: place
        for path, place in new.fields.items()
        if path not in old.fields and _is_outermost(place, new, old)
    }
    renamed = dict(_renamed(gone, come))
    for path, place in gone.items():
        if path in renamed:
            yield Change(
                path, "name", Severity.BREAKING, f"{path} is now called {renamed[path]}.", path, renamed[path]
            )
        else:
            yield Change(path, "field", Severity.BREAKING, f"{path} was removed.", _kind(place.data))
    for path, place in come.items():
        if path not in renamed.values():
            yield Change(path, "field", Severity.COMPATIBLE, f"{path} was added.", "", _kind(place.data))
    for path, place in new.fields.items():
        if path in old.fields:
            yield from _altered(path, old.fields[path].data, place.data)


def _is_outermost(place: Place, there: Flat, other: Flat) -> bool:
    """Whether what holds the field exists on both sides: fields go and come with what holds them."""
    return place.parent in other.fields or place.parent in other.objects


def _renamed(gone: dict[str, Place], come: dict[str, Place]) -> Iterator[tuple[str, str]]:
    """Fields of one parent with the same stable id, or else alike in everything but their name and alone in that."""
    taken: set[str] = set()
    for mark in (_stable_id, _likeness):
        left = {path: place for path, place in gone.items() if path not in taken}
        right = {path: place for path, place in come.items() if path not in taken}
        old, new = _by_mark(left, mark), _by_mark(right, mark)
        for key, paths in old.items():
            if key and len(paths) == 1 and len(new.get(key, [])) == 1:
                yield paths[0], new[key][0]
                taken |= {paths[0], new[key][0]}


def _by_mark(places: dict[str, Place], mark: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path, place in places.items():
        found.setdefault(mark(place), []).append(path)
    return found


def _stable_id(place: Place) -> str:
    own = text(place.data, "id")
    return f"{place.parent} {own}" if own else ""


def _likeness(place: Place) -> str:
    """Everything but the name; only fields with a description of their own are told apart by it."""
    if not text(place.data, "description"):
        return ""
    rest = {name: value for name, value in place.data.items() if name not in ("name", "physicalName", "id")}
    return f"{place.parent} {canonical(rest)}"


def _altered(path: str, old: Data, new: Data) -> Iterator[Change]:
    yield from _type_changes(path, old, new)
    yield from _flag(path, "required", old, new, "never empty", "may be empty")
    yield from _flag(path, "unique", old, new, "unique", "not promised to be unique")
    yield from _enum_changes(path, old.get("enum"), new.get("enum"))
    yield from _option_changes(path, old.get("logicalTypeOptions"), new.get("logicalTypeOptions"))
    yield from quality_changes(path, old.get("quality"), new.get("quality"))
    yield from other_members(path, old, new, _JUDGED)
    if text(old, "name") != text(new, "name"):
        words = text(old, "name"), text(new, "name")
        yield Change(
            path,
            "name",
            Severity.NEUTRAL,
            f"{path} is called {words[1]} in words; it was {words[0]}.",
            *words,
        )


def _type_changes(path: str, old: Data, new: Data) -> Iterator[Change]:
    before, after = text(old, "logicalType"), text(new, "logicalType")
    if before != after:
        severity = Severity.BREAKING if before else Severity.COMPATIBLE
        sentence = f"{path} changed its type from {before or 'none stated'} to {after or 'none stated'}."
        yield Change(path, "type", severity, sentence, before, after)
    before, after = text(old, "physicalType"), text(new, "physicalType")
    if before == after:
        return
    if field_types.same(before, after) and before and after:
        yield Change(
            path, "physical type", Severity.NEUTRAL, f"{path} writes {before} as {after}.", before, after
        )
    elif not before:
        yield Change(
            path, "physical type", Severity.COMPATIBLE, f"{path} is now said to be {after}.", before, after
        )
    elif after and field_types.widens(before, after):
        yield Change(
            path,
            "physical type",
            Severity.COMPATIBLE,
            f"{path} widened from {before} to {after}.",
            before,
            after,
        )
    else:
        verb = "narrowed" if after and field_types.widens(after, before) else "changed"
        sentence = f"{path} {verb} from {before} to {after or 'none stated'}."
        yield Change(path, "physical type", Severity.BREAKING, sentence, before, after)


def _flag(path: str, member: str, old: Data, new: Data, kept: str, lost: str) -> Iterator[Change]:
    before, after = old.get(member) is True, new.get(member) is True
    if before != after:
        severity = Severity.BREAKING if before else Severity.COMPATIBLE
        sentence = f"{path} is now {kept if after else lost}; it was {kept if before else lost}."
        yield Change(path, member, severity, sentence, kept if before else lost, kept if after else lost)


def _enum_changes(path: str, old: Any, new: Any) -> Iterator[Change]:
    before, after = _values(old), _values(new)
    if before == after:
        return
    words = ", ".join(before), ", ".join(after)
    if not before:
        sentence = f"{path} is now one of {words[1]}."
        yield Change(path, "values", Severity.COMPATIBLE, sentence, *words)
        return
    gone = [value for value in before if value not in after]
    come = [value for value in after if value not in before]
    if not after:
        sentence = f"{path} is no longer limited to {words[0]}."
    elif not gone and not come:
        sentence = f"{path} lists its values in another order."
        yield Change(path, "values", Severity.NEUTRAL, sentence, *words)
        return
    else:
        told = [f"no longer {', '.join(gone)}" if gone else "", f"also {', '.join(come)}" if come else ""]
        sentence = f"{path} is {' and '.join(part for part in told if part)}."
    yield Change(path, "values", Severity.BREAKING, sentence, *words)


def _values(enum: Any) -> list[str]:
    items = enum if isinstance(enum, list) else []
    found = [item.get("value") if isinstance(item, Mapping) else item for item in items]
    return list(dict.fromkeys(value if isinstance(value, str) else canonical(value) for value in found))


def _option_changes(path: str, old: Any, new: Any) -> Iterator[Change]:
    was: Data = old if isinstance(old, Mapping) else {}
    now: Data = new if isinstance(new, Mapping) else {}
    for name in dict.fromkeys([*was, *now]):
        if canonical(was.get(name)) != canonical(now.get(name)):
            severity = (
                Severity.COMPATIBLE if _is_tighter(name, was.get(name), now.get(name)) else Severity.BREAKING
            )
            words = shown(was.get(name)), shown(now.get(name))
            sentence = (
                f"{name} of {path} is {words[1] or 'no longer stated'}; it was {words[0] or 'not stated'}."
            )
            yield Change(path, name, severity, sentence, *words)


def _is_tighter(name: str, before: Any, after: Any) -> bool:
    """Whether every value that was promised stays within what was promised before."""
    if before is None:
        return True
    if not isinstance(before, int | float) or not isinstance(after, int | float) or isinstance(before, bool):
        return False
    return (name in _LOWER and after >= before) or (name in _UPPER and after <= before)


def other_members(path: str, old: Data, new: Data, judged: frozenset[str]) -> Iterator[Change]:
    """Members without a judgement of their own: words and bookkeeping."""
    for name in dict.fromkeys([*old, *new]):
        if name not in judged and canonical(old.get(name)) != canonical(new.get(name)):
            words = shown(old.get(name)), shown(new.get(name))
            verb = "was added" if name not in old else "was taken away" if name not in new else "changed"
            yield Change(path, name, Severity.NEUTRAL, f"{name} of {path} {verb}.", *words)


def canonical(value: Any) -> str:
    """A value as text that is equal for equal values."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def shown(value: Any, limit: int = 2_000) -> str:
    """A value as people read it; long ones are cut."""
    words = "" if value is None else value if isinstance(value, str) else canonical(value)
    return words if len(words) <= limit else words[: limit - 1] + "…"
