"""The rules under `quality` of a contract as checks of the port that offers the object.

What the portal can measure becomes a check of its kind: the metrics of the standard's library (3.1, and the rules of
3.0 that mean the same) and `sql`. Everything else is kept: `custom` as measured elsewhere, the rest in words.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from catalog.contracts import odcs
from catalog.contracts.parts import text
from catalog.quality import cron
from catalog.quality.declaring import DeclaredCheck
from catalog.quality.models import QualityCheck
from catalog.quality.parameters import is_number, problems
from catalog.quality.words import default_dimension

Data = Mapping[str, Any]
MOST_RULES = 5_000
_OPERATORS = {
    "mustBe": "equal",
    "mustNotBe": "not_equal",
    "mustBeGreaterThan": "more_than",
    "mustBeGreaterOrEqualTo": "at_least",
    "mustBeGreaterThanOrEqualTo": "at_least",
    "mustBeLessThan": "less_than",
    "mustBeLessOrEqualTo": "at_most",
    "mustBeLessThanOrEqualTo": "at_most",
    "mustBeBetween": "between",
    "mustNotBeBetween": "not_between",
}
_METRICS = {
    "nullvalues": "not_null", "nullcheck": "not_null", "missingvalues": "not_null", "invalidvalues": "invalid",
    "duplicatevalues": "unique", "duplicatecount": "unique", "uniquecheck": "unique", "rowcount": "row_count",
    "countcheck": "row_count",
}  # fmt: skip
_DIMENSIONS = {
    "validity": "conformity", "freshness": "timeliness", "currency": "timeliness", "integrity": "consistency",
    "ac": "accuracy", "cp": "completeness", "cf": "conformity", "cs": "consistency", "cv": "coverage",
    "tm": "timeliness", "uq": "uniqueness",
}  # fmt: skip
_SEVERITIES = {
    "critical": "critical", "blocker": "critical", "fatal": "critical", "high": "critical", "warn": "warning",
    "warning": "warning", "medium": "warning", "minor": "warning", "info": "info", "information": "info", "low": "info",
}  # fmt: skip


def checks_of(contract: odcs.Contract, port_name: str) -> list[DeclaredCheck]:
    """The checks of the object a port offers; none where it cannot be told which object that is."""
    item = contract.object_for(port_name)
    if item is None:
        return []
    place = next(at for at, each in enumerate(contract.objects) if each is item)
    found: list[DeclaredCheck] = []
    keys: Counter[str] = Counter()
    for path, element, rule in _rules(contract.schema[place], f"$.schema[{place}]", ""):
        for declared in _declared(rule, element, path):
            keys[declared.key] += 1
            if keys[declared.key] > 1:
                again = f"{declared.key[:290]} #{keys[declared.key]}"
                found.append(replace(declared, key=again))
            else:
                found.append(declared)
            if len(found) >= MOST_RULES:
                return found
    return found


def _rules(item: Any, path: str, element: str) -> Iterator[tuple[str, str, Data]]:
    """(place in the document, field, rule) of an object or property and all below; lists have no value a row."""
    if not isinstance(item, Mapping):
        return
    for at, rule in enumerate(item.get("quality") or []):
        if isinstance(rule, Mapping) and rule:
            yield f"{path}.quality[{at}]", element, rule
    for at, child in enumerate(item.get("properties") or []):
        if isinstance(child, Mapping):
            name = text(child, "physicalName") or text(child, "name")
            yield from _rules(child, f"{path}.properties[{at}]", f"{element}.{name}" if element else name)
    items = item.get("items")
    if isinstance(items, Mapping):
        yield from _rules(items, f"{path}.items", f"{element}[]")


def _declared(rule: Data, element: str, path: str) -> Iterator[DeclaredCheck]:
    """One check, or one for each bound when a rule has several."""
    bounds = list(_bounds(rule))
    kind, parameters = _measured(rule, element)
    given: list[dict[str, Any]] = [parameters]
    if kind not in ("text", "external"):
        given = [{**parameters, "bound": bound} for bound in bounds] or [parameters]
    for number, wanted in enumerate(given):
        suffix = f" ({number + 1})" if number else ""
        yield _check(rule, element, path, kind, wanted, suffix)


def _check(
    rule: Data, element: str, path: str, kind: str, parameters: dict[str, Any], suffix: str
) -> DeclaredCheck:
    description = text(rule, "description")
    if problems(kind, element, parameters):
        kind, parameters = "text", {}
    dimension = text(rule, "dimension").lower()
    dimension = _DIMENSIONS.get(dimension, dimension)
    named = text(rule, "name") or text(rule, "id")
    if not named and kind in ("text", "external"):
        named = description.split(". ")[0][:120] or text(rule, "rule") or text(rule, "metric") or "Rule"
    return DeclaredCheck(
        key=_key(rule, element) + suffix,
        kind=kind,
        name=_clean(named + suffix if named else "", 200),
        description=_clean(description, 5_000),
        element=_clean(element, 500),
        parameters=parameters,
        dimension=dimension if dimension in QualityCheck.Dimension.values else default_dimension(kind),
        severity=_SEVERITIES.get(text(rule, "severity").lower(), "error"),
        schedule=_schedule(rule),
        contract_path=path,
    )


def _schedule(rule: Data) -> str:
    """The line of cron a rule has; of other schedulers nothing is known, and they are left to themselves."""
    line = text(rule, "schedule")
    return line if text(rule, "scheduler").lower() == "cron" and cron.is_readable(line) else ""


def _clean(value: str, longest: int) -> str:
    return value.replace("\0", "")[:longest]


def _key(rule: Data, element: str) -> str:
    """What makes the rule the same in the next version: its own id or name, else what it measures."""
    own = text(rule, "id") or text(rule, "name") or text(rule, "metric") or text(rule, "rule")
    if not own:
        said = text(rule, "query") or text(rule, "implementation") or text(rule, "description")
        own = f"{text(rule, 'type')} {hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()[:12]}"
    return _clean(f"{element}: {own}", 280)


def _measured(rule: Data, element: str) -> tuple[str, dict[str, Any]]:
    """The kind of check and its parameters but for the bound."""
    kind = text(rule, "type").lower()
    if kind == "sql" or (not kind and text(rule, "query")):
        return "custom_sql", {"query": text(rule, "query")}
    if kind == "custom":
        implementation = rule.get("implementation")
        said = implementation if isinstance(implementation, str) else str(implementation or "")
        return "external", {"engine": text(rule, "engine"), "implementation": _clean(said, 10_000)}
    metric = (text(rule, "metric") or text(rule, "rule")).lower()
    arguments = rule.get("arguments") if isinstance(rule.get("arguments"), Mapping) else {}
    return _of_library(metric, arguments, element) if kind in ("", "library") else ("text", {})


def _of_library(metric: str, arguments: Any, element: str) -> tuple[str, dict[str, Any]]:
    kind = _METRICS.get(metric, "text")
    if kind == "not_null" and metric == "missingvalues":
        values = _listed(arguments.get("missingValues"))
        return kind, {"missing_values": [value for value in values if value is not None]}
    if kind == "invalid":
        if arguments.get("pattern"):
            return "pattern", {"pattern": arguments["pattern"]}
        values = _listed(arguments.get("validValues"))
        return ("accepted_values", {"values": values}) if values else ("text", {})
    if kind == "unique" and not element:
        fields = _listed(arguments.get("properties"))
        return kind, {"fields": [str(field).rpartition(".")[2] for field in fields]}
    return kind, {}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []


def _bounds(rule: Data) -> Iterator[dict[str, Any]]:
    unit = "percent" if text(rule, "unit").lower() in ("percent", "%") else "rows"
    for name, operator in _OPERATORS.items():
        if name not in rule:
            continue
        given = rule[name]
        values = [_numeric(value) for value in (given if isinstance(given, list) else [given])]
        bound: dict[str, Any] = {"operator": operator, "values": values}
        yield bound | ({"unit": unit} if unit == "percent" else {})


def _numeric(value: Any) -> Any:
    """Numbers that documents write as texts are numbers."""
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value
        return number if is_number(number) else value
    return value
