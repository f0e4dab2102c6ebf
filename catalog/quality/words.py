"""What a check asks, in words. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from catalog.quality.judging import span
from catalog.quality.parameters import Parameters, bound_of, number

_DIMENSIONS = {
    "not_null": "completeness",
    "unique": "uniqueness",
    "accepted_values": "conformity",
    "range": "accuracy",
    "pattern": "conformity",
    "row_count": "completeness",
    "row_count_change": "completeness",
    "freshness": "timeliness",
    "referential": "consistency",
}
_TOOLS = {  # as their makers write them
    "dbt-sources": "dbt (freshness of sources)", "great-expectations": "Great Expectations", "soda": "Soda",
    "odcs": "another engine",
}  # fmt: skip
MOST_SHOWN = 5


def default_dimension(kind: str) -> str:
    """The dimension a kind of check speaks of."""
    return _DIMENSIONS.get(kind, "accuracy")


def default_name(kind: str, element: str, parameters: Parameters) -> str:
    """A short name of a check that has none."""
    fields = ", ".join(parameters.get("fields") or []) or element
    named = {
        "not_null": f"{element} is filled",
        "unique": f"{fields} is unique",
        "accepted_values": f"{element} has accepted values",
        "range": f"{element} is in range",
        "pattern": f"{element} matches its pattern",
        "row_count": "Number of rows",
        "row_count_change": "Change in the number of rows",
        "freshness": f"{element} is fresh" if element else "Data is fresh",
        "referential": f"{element} refers to {parameters.get('table', '')}",
        "custom_sql": "Own query",
    }
    return named.get(kind, "Check")[:200]


def question(kind: str, element: str, parameters: Mapping[str, Any]) -> str:
    """What is asked, as one sentence."""
    if kind == "text":
        return "Described in words; nobody measures it."
    if kind == "external":
        tool = str(parameters.get("tool") or parameters.get("engine") or "another tool")
        return f"Measured by {_TOOLS.get(tool, tool)}."
    if kind == "row_count":
        return f"There are {bound_of(parameters).words} rows."
    if kind == "row_count_change":
        ends = [
            (name, parameters[name]) for name in ("at_least", "at_most") if parameters.get(name) is not None
        ]
        said = " and ".join(f"{name.replace('_', ' ')} {number(value)} %" for name, value in ends)
        return f"The number of rows changes by {said} from one crawl to the next."
    if kind == "freshness":
        newest = f"The newest {element}" if element else "The newest data"
        return f"{newest} is at most {span(float(parameters['max_age_seconds']))} old."
    if kind == "custom_sql":
        return f"The query answers {bound_of(parameters).words}."
    return f"{_RULES[kind](element, parameters)}{_but(parameters)}."


def _listed(values: list[Any]) -> str:
    shown = ", ".join(str(value) for value in values[:MOST_SHOWN])
    return shown + (f" and {len(values) - MOST_SHOWN} more" if len(values) > MOST_SHOWN else "")


def _filled(element: str, parameters: Parameters) -> str:
    also = parameters.get("missing_values") or []
    return f"{element} is filled" + (f" (nor is it {_listed(also)})" if also else "")


def _range(element: str, parameters: Parameters) -> str:
    ends = [(name, parameters.get(name)) for name in ("at_least", "at_most")]
    said = [f"{name.replace('_', ' ')} {value}" for name, value in ends if value not in (None, "")]
    return f"{element} is {' and '.join(said)}"


_RULES: dict[str, Callable[[str, Parameters], str]] = {
    "not_null": _filled,
    "unique": lambda element, given: f"{', '.join(given.get('fields') or [element])} occurs once",
    "accepted_values": lambda element, given: f"{element} is one of {_listed(given['values'])}",
    "range": _range,
    "pattern": lambda element, given: f"{element} matches {given['pattern']}",
    "referential": lambda element, given: f"{element} is found in {given['table']}.{given['field']}",
}


def _but(parameters: Parameters) -> str:
    """What the bound forgives, where it is not plainly nothing."""
    if not parameters.get("bound"):
        return ""
    bound = bound_of(parameters)
    return f"; failing {'rows' if bound.unit == 'rows' else 'share'}: {bound.words}"
