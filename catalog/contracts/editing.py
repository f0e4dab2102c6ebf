"""The common parts of a contract as rows of a form, and back: only what was typed changes. Pure."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from catalog.contracts.lists import set_member
from catalog.contracts.parts import text

Data = dict[str, Any]

PAGE = 50  # fields on one page of the form
BLANK_ROWS = 3
TERMS = ("purpose", "usage", "limitations")
TYPES = ("string", "integer", "number", "boolean", "date", "time", "timestamp", "array", "object")
FIELD_MEMBERS = ("name", "logicalType", "physicalType", "description", "classification")
LEVEL_MEMBERS = ("property", "value", "unit", "element")
CHECK_MEMBERS = ("name", "metric", "operator", "value")
OPERATORS = (
    "mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `key` is the beginning of its inputs' names, `values` by member, `flags` ticked or not."""

    key: str
    values: dict[str, str]
    flags: dict[str, bool]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form for one object of the contract: `objects` are the names to choose from, fields of one page."""

    objects: tuple[str, ...]
    at: int
    page: int
    pages: int
    head: dict[str, str]
    terms: dict[str, str]
    fields: tuple[Row, ...]
    levels: tuple[Row, ...]
    checks: tuple[Row, ...]


def sheet(data: Data, at: int = 0, page: int = 1) -> Sheet:
    """The rows of a contract: head, terms, fields of object `at`, service levels, quality checks of the object."""
    objects = _maps(data.get("schema"))
    at = min(max(at, 0), max(len(objects) - 1, 0))
    item = objects[at] if objects else {}
    fields = _maps(item.get("properties"))
    pages = max(1, -(-len(fields) // PAGE))
    page = min(max(page, 1), pages)
    first = (page - 1) * PAGE
    words = data["description"] if isinstance(data.get("description"), dict) else {}
    rows = [_field_row(number, fields[number]) for number in range(first, min(first + PAGE, len(fields)))]
    if page == pages:
        rows += [_field_row(len(fields) + extra, {}) for extra in range(BLANK_ROWS)]
    levels, checks = _maps(data.get("slaProperties")), _maps(item.get("quality"))
    return Sheet(
        tuple(text(each, "name") for each in objects), at, page, pages,
        {name: text(data, name) for name in ("name", "version", "status")},
        {name: text(words, name) for name in TERMS}, tuple(rows),
        tuple(_level_row(number, item) for number, item in enumerate([*levels, *[{}] * BLANK_ROWS])),
        tuple(_check_row(number, item) for number, item in enumerate([*checks, {}, {}])),
    )  # fmt: skip


def _maps(value: Any) -> list[Data]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _field_row(number: int, field: Data) -> Row:
    flags = {name: field.get(name) is True for name in ("required", "unique", "primaryKey")}
    return Row(f"field-{number}", {name: text(field, name) for name in FIELD_MEMBERS}, flags)


def _level_row(number: int, level: Data) -> Row:
    return Row(f"level-{number}", {name: text(level, name) for name in LEVEL_MEMBERS}, {})


def _check_row(number: int, check: Data) -> Row:
    operator = next((name for name in OPERATORS if name in check), "")
    values = {
        "name": text(check, "name") or text(check, "id"),
        "metric": text(check, "metric") or text(check, "rule"),
    }
    return Row(f"check-{number}", {**values, "operator": operator, "value": text(check, operator)}, {})


def with_form(data: Data, posted: Mapping[str, str]) -> Data:
    """The contract with what was typed. Rows whose first value was emptied go; members the form has none for stay."""
    made = deepcopy(data)
    for name in ("name", "version", "status"):
        _put(made, name, posted.get(name))
    _write_terms(made, posted)
    objects = _maps(made.get("schema"))
    at = posted.get("object", "0")
    item = objects[int(at)] if at.isdigit() and len(at) < 6 and int(at) < len(objects) else None
    if item is not None:
        _write_rows(item, "properties", "field", posted, _written_field)
        _write_rows(item, "quality", "check", posted, _written_check)
    _write_rows(made, "slaProperties", "level", posted, _written_level)
    return made


def _put(data: Data, name: str, typed: str | None) -> None:
    """Write a typed text over what it was shown as; untouched numbers stay numbers."""
    if typed is not None and typed.strip() != text(data, name):
        set_member(data, name, typed.strip())


def _write_terms(data: Data, posted: Mapping[str, str]) -> None:
    was = data.get("description")
    words = dict(was) if isinstance(was, dict) else {}
    for name in TERMS:
        typed = posted.get(name)
        _put(words, name, typed.replace("\r\n", "\n") if typed is not None else None)
    if words != (was if isinstance(was, dict) else {}):
        set_member(data, "description", words)


def _write_rows(data: Data, member: str, prefix: str, posted: Mapping[str, str], write: Any) -> None:
    entries = list(data.get(member) or [])
    first = {"field": "name", "level": "property", "check": "metric"}[prefix]
    made: list[Any] = []
    blanks = 0
    for number in range(len(entries) + BLANK_ROWS):
        entry = entries[number] if number < len(entries) else {}
        key = f"{prefix}-{number}"
        typed = posted.get(f"{key}-{first}")
        blanks += typed is None and number >= len(entries)
        if typed is None or not isinstance(entry, dict):
            made += [entry] if entry else []
        elif typed.strip():
            made.append(write(entry, key, posted))
        elif prefix == "check" and entry and not (text(entry, "metric") or text(entry, "rule")):
            made.append(entry)  # a check by SQL or in words: the form shows only its name
    if made != entries:
        set_member(data, member, made)


def _written_field(entry: Data, key: str, posted: Mapping[str, str]) -> Data:
    made = dict(entry)
    for name in FIELD_MEMBERS:
        _put(made, name, posted.get(f"{key}-{name}"))
    for name in ("required", "unique", "primaryKey"):
        ticked = posted.get(f"{key}-{name}") == "on"
        if ticked != (made.get(name) is True):
            made[name] = ticked
    if made.get("primaryKey") is False:
        made.pop("primaryKeyPosition", None)
    return made


def _written_level(entry: Data, key: str, posted: Mapping[str, str]) -> Data:
    made = dict(entry)
    for name in LEVEL_MEMBERS:
        typed = posted.get(f"{key}-{name}")
        if name == "value" and typed is not None and typed.strip() != text(made, name):
            made["value"] = number_of(typed)
        else:
            _put(made, name, typed)
    return made


def _written_check(entry: Data, key: str, posted: Mapping[str, str]) -> Data:
    made = dict(entry)
    member = "rule" if "rule" in made and "metric" not in made else "metric"
    _put(made, member, posted.get(f"{key}-metric"))
    _put(made, "name", posted.get(f"{key}-name"))
    was = next((name for name in OPERATORS if name in made), "")
    operator, value = posted.get(f"{key}-operator", was), posted.get(f"{key}-value", "")
    if operator in OPERATORS and (operator != was or value.strip() != text(made, was)):
        made.pop(was, None)
        made[operator] = number_of(value)
    return made


def number_of(words: str) -> Any:
    """What was typed, as a number where it is one."""
    plain = words.strip()
    try:
        return int(plain)
    except ValueError:
        try:
            number = float(plain)
        except ValueError:
            return plain
        return number if number == number and abs(number) != float("inf") else plain
