"""What the parameters of each kind of check may be. Pure.

`bound` says how many rows may fail (or how many rows, or what value, there must be):
`{"operator": "at_most", "values": [5], "unit": "rows" | "percent"}`. Without one no row may fail.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.common.errors import Problem

Parameters = Mapping[str, Any]
OPERATORS = {
    "equal": "exactly",
    "not_equal": "not",
    "more_than": "more than",
    "at_least": "at least",
    "less_than": "less than",
    "at_most": "at most",
    "between": "between",
    "not_between": "not between",
}
UNITS = ("rows", "percent")
LONGEST_QUERY, LONGEST_PATTERN, MOST_VALUES, LONGEST_VALUE = 10_000, 500, 1_000, 500
MOST_FIELDS = 20
LONGEST = 50_000  # characters of all parameters together
_MOST = 10**18


@dataclass(frozen=True, slots=True)
class Bound:
    """The numbers a measured value is held against; both ends of a span are included."""

    operator: str = "equal"
    values: tuple[float, ...] = (0.0,)
    unit: str = "rows"

    def holds(self, value: float) -> bool:
        first, last = self.values[0], self.values[-1]
        return {
            "equal": value == first,
            "not_equal": value != first,
            "more_than": value > first,
            "at_least": value >= first,
            "less_than": value < first,
            "at_most": value <= first,
            "between": first <= value <= last,
            "not_between": not first <= value <= last,
        }[self.operator]

    @property
    def words(self) -> str:
        """As `at most 5 %`."""
        shown = [number(value) + (" %" if self.unit == "percent" else "") for value in self.values]
        return f"{OPERATORS[self.operator]} {' and '.join(shown)}"


NO_ROW = Bound()


def bound_of(parameters: Parameters) -> Bound:
    """The bound that is given, else that no row may fail. The parameters must be sound."""
    given = parameters.get("bound")
    if not given:
        return NO_ROW
    return Bound(
        given["operator"], tuple(float(value) for value in given["values"]), given.get("unit", "rows")
    )


def number(value: float) -> str:
    """`1,234.5`, without a fraction where there is none."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.6g}"


def problems(kind: str, element: str, parameters: Any) -> list[Problem]:
    """What is wrong with the parameters of a check of this kind; paths are members of `parameters`."""
    if not isinstance(parameters, dict):
        return [Problem("parameters", "type", "Parameters are an object.")]
    written = json.dumps(parameters)
    if len(written) > LONGEST or "\\u0000" in written:
        return [Problem("parameters", "length", f"At most {LONGEST:,} characters, none of them zero.")]
    if kind in ("external", "text"):
        return []
    known, needs_element, judge = _KINDS[kind]
    found = [
        Problem(f"parameters.{name}", "unknown", f"A check of this kind has no parameter {name}.")
        for name in sorted(parameters.keys() - known)
    ]
    if needs_element and not element:
        found.append(Problem("element", "required", "Say which field it is about."))
    found += judge(parameters)
    if "bound" in known and parameters.get("bound") is not None:
        found += _bound(parameters["bound"], with_percent=kind in _COUNTING)
    if kind == "unique" and not element and not parameters.get("fields"):
        found.append(Problem("element", "required", "Say which field, or which fields together, are unique."))
    return found


def _nothing(_: Parameters) -> Iterator[Problem]:
    return iter(())


def _missing(parameters: Parameters) -> Iterator[Problem]:
    yield from _scalars(parameters, "missing_values", is_needed=False)


def _fields(parameters: Parameters) -> Iterator[Problem]:
    fields = parameters.get("fields", [])
    if not isinstance(fields, list) or len(fields) > MOST_FIELDS or not all(map(_is_name, fields)):
        yield Problem("parameters.fields", "type", f"Name up to {MOST_FIELDS} fields.")


def _values(parameters: Parameters) -> Iterator[Problem]:
    yield from _scalars(parameters, "values", is_needed=True)


def _scalars(parameters: Parameters, name: str, *, is_needed: bool) -> Iterator[Problem]:
    values = parameters.get(name, [])
    if not isinstance(values, list) or len(values) > MOST_VALUES or not all(map(_is_scalar, values)):
        words = f"Give up to {MOST_VALUES:,} texts, numbers or truth values."
        yield Problem(f"parameters.{name}", "type", words)
    elif is_needed and not values:
        yield Problem(f"parameters.{name}", "required", "Give at least one value.")


def _range(parameters: Parameters) -> Iterator[Problem]:
    ends = {name: parameters.get(name) for name in ("at_least", "at_most")}
    given = {name: value for name, value in ends.items() if value not in (None, "")}
    if not given:
        yield Problem("parameters.at_least", "required", "Give the least or the most it may be.")
    for name, value in given.items():
        if not (is_number(value) or (isinstance(value, str) and len(value) <= 40)):
            yield Problem(f"parameters.{name}", "type", "Give a number, or a date such as 2026-01-31.")
    if len(given) == 2:
        least, most = given["at_least"], given["at_most"]
        if is_number(least) != is_number(most):
            yield Problem("parameters.at_most", "type", "Both ends are numbers, or both are dates.")
        elif (is_number(least) and least > most) or (isinstance(least, str) and least > most):
            yield Problem("parameters.at_most", "order", "The most is less than the least.")


def _pattern(parameters: Parameters) -> Iterator[Problem]:
    pattern = parameters.get("pattern")
    if not isinstance(pattern, str) or not pattern:
        yield Problem("parameters.pattern", "required", "Give a regular expression.")
    elif len(pattern) > LONGEST_PATTERN or "\0" in pattern:
        yield Problem("parameters.pattern", "length", f"At most {LONGEST_PATTERN} characters.")


def _count(parameters: Parameters) -> Iterator[Problem]:
    if parameters.get("bound") is None:
        yield Problem("parameters.bound", "required", "Say how many rows there must be.")


def _change(parameters: Parameters) -> Iterator[Problem]:
    given = [value for name in ("at_least", "at_most") if (value := parameters.get(name)) is not None]
    if not given:
        yield Problem("parameters.at_least", "required", "Say by how many percent it may shrink or grow.")
    elif not all(map(is_number, given)):
        yield Problem("parameters.at_least", "type", "Give percent as numbers, such as -20 and 50.")
    elif len(given) == 2 and given[0] > given[1]:
        yield Problem("parameters.at_most", "order", "The most is less than the least.")


def _freshness(parameters: Parameters) -> Iterator[Problem]:
    seconds = parameters.get("max_age_seconds")
    if seconds is None or not is_number(seconds) or not 0 < seconds <= 3_650 * 86_400:
        yield Problem("parameters.max_age_seconds", "required", "Give the greatest age, up to ten years.")


def _reference(parameters: Parameters) -> Iterator[Problem]:
    for name, words in (("table", "Name the table it refers to."), ("field", "Name the field it refers to.")):
        if not _is_name(parameters.get(name)):
            yield Problem(f"parameters.{name}", "required", words)


def _query(parameters: Parameters) -> Iterator[Problem]:
    query = parameters.get("query")
    if not isinstance(query, str) or not query.strip():
        yield Problem("parameters.query", "required", "Write a query that gives one number.")
    elif len(query) > LONGEST_QUERY or "\0" in query:
        yield Problem("parameters.query", "length", f"At most {LONGEST_QUERY:,} characters.")
    if parameters.get("bound") is None:
        yield Problem("parameters.bound", "required", "Say what the number must be.")


def _bound(given: Any, *, with_percent: bool) -> Iterator[Problem]:
    path = "parameters.bound"
    if not isinstance(given, dict) or given.keys() - {"operator", "values", "unit"}:
        yield Problem(path, "type", "A bound has an operator, values and maybe a unit.")
        return
    operator, values, unit = given.get("operator"), given.get("values"), given.get("unit", "rows")
    if not isinstance(operator, str) or operator not in OPERATORS:
        yield Problem(f"{path}.operator", "choice", f"The operator is one of {', '.join(OPERATORS)}.")
        return
    wanted = 2 if operator.endswith("between") else 1
    if not isinstance(values, list) or len(values) != wanted or not all(map(is_number, values)):
        yield Problem(f"{path}.values", "type", f"Give {'two numbers' if wanted == 2 else 'one number'}.")
    elif wanted == 2 and values[0] > values[1]:
        yield Problem(f"{path}.values", "order", "The second number is less than the first.")
    if unit not in (UNITS if with_percent else UNITS[:1]):
        words = "The unit is rows or percent." if with_percent else "The unit can only be rows."
        yield Problem(f"{path}.unit", "choice", words)


def is_number(value: Any) -> bool:
    """Whether it is a number one can compare with; a truth value is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < _MOST


def _is_scalar(value: Any) -> bool:
    return (
        isinstance(value, bool)
        or is_number(value)
        or (isinstance(value, str) and len(value) <= LONGEST_VALUE)
    )


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 500 and "\0" not in value


_Judge = Callable[[Parameters], Iterator[Problem]]
_COUNTING = frozenset({"not_null", "unique", "accepted_values", "range", "pattern", "referential"})
_KINDS: dict[str, tuple[frozenset[str], bool, _Judge]] = {
    "not_null": (frozenset({"bound", "missing_values"}), True, _missing),
    "unique": (frozenset({"bound", "fields"}), False, _fields),
    "accepted_values": (frozenset({"bound", "values"}), True, _values),
    "range": (frozenset({"bound", "at_least", "at_most"}), True, _range),
    "pattern": (frozenset({"bound", "pattern"}), True, _pattern),
    "row_count": (frozenset({"bound"}), False, _count),
    "row_count_change": (frozenset({"at_least", "at_most"}), False, _change),
    "freshness": (frozenset({"max_age_seconds"}), False, _freshness),
    "referential": (frozenset({"bound", "table", "field"}), True, _reference),
    "custom_sql": (frozenset({"bound", "query"}), False, _query),
}
