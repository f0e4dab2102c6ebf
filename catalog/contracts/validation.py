"""Validation by the schema of the document's own version: every finding with path, rule, severity and remedy.

A member the standard does not know is a warning (it is kept); everything else that is wrong is an error.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from jsonschema import Draft201909Validator
from jsonschema.exceptions import ValidationError

from catalog.common.errors import Problem
from catalog.common.paths import child_path, json_path, parent_path
from catalog.contracts import detect, odcs_schema, odps_schema

MAX_PROBLEMS = 100  # a document with more is answered with the first hundred
_SCHEMAS = {detect.ODCS: odcs_schema, detect.ODPS: odps_schema}
_UNKNOWN_MEMBER = frozenset({"additionalProperties", "unevaluatedProperties"})
_FREE_TEXTS = frozenset({"name", "description", "businessName", "physicalName", "physicalType"})
_WORTHWHILE = 50  # fields spared
_TYPES = {
    "string": "text", "array": "a list", "object": "a map", "integer": "a whole number", "number": "a number",
    "boolean": "true or false", "null": "empty",
}  # fmt: skip


def validate(data: dict[str, Any], identity: detect.Identity) -> list[Problem]:
    """Problems of `data` by the schema of its own version; the version itself must be a known one."""
    versions = detect.versions_of(identity.kind)
    if identity.version not in versions:
        return [_unknown_version(identity, versions)]
    problems = _problems(data, identity.kind, identity.version)
    newest = versions[-1]
    if identity.version != newest and _errors(problems):
        later = {problem.path for problem in _errors(_problems(data, identity.kind, newest))}
        hint = f" A later version allows it: write apiVersion: {newest}."
        problems = [
            problem
            if problem.severity != "error" or problem.path in later
            else Problem(problem.path, problem.rule, problem.message + hint)
            for problem in problems
        ]
    return problems[:MAX_PROBLEMS]


def _unknown_version(identity: detect.Identity, versions: tuple[str, ...]) -> Problem:
    known = ", ".join(versions)
    if not identity.version:
        return Problem("$.apiVersion", "required", f"apiVersion is missing. Write one of {known}.")
    return Problem(
        "$.apiVersion", "version", f"The version {identity.version} is not known here. Known are {known}."
    )


@cache
def _validator(kind: str, version: str) -> Draft201909Validator:
    return Draft201909Validator(_SCHEMAS[kind].schema_of(version))


def _errors(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity == "error"]


def _problems(data: dict[str, Any], kind: str, version: str) -> list[Problem]:
    """All findings. A wide table is judged by one field of each shape first: where these are right, all are."""
    shorter = _by_shape(data) if kind == detect.ODCS else None
    if shorter is not None and not next(_validator(kind, version).iter_errors(shorter), None):
        return []
    return _all_problems(data, kind, version)


def _by_shape(data: dict[str, Any]) -> dict[str, Any] | None:
    """The document with one field of each shape in every object; None where that would spare little.

    Fields have one shape when they differ only in members whose schema takes any text, so that all are right or wrong.
    """
    objects = data.get("schema")
    if not isinstance(objects, list):
        return None
    made, spared = [], 0
    for item in objects:
        fields = item.get("properties") if isinstance(item, dict) else None
        if not isinstance(fields, list):
            made.append(item)
            continue
        shapes = {_shape(field): field for field in fields}
        spared += len(fields) - len(shapes)
        made.append({**item, "properties": list(shapes.values())})
    return {**data, "schema": made} if spared > _WORTHWHILE else None


def _shape(field: Any) -> str:
    if isinstance(field, dict):
        field = {
            name: "" if name in _FREE_TEXTS and isinstance(value, str) else value
            for name, value in field.items()
        }
    return json.dumps(field, sort_keys=True)


def _all_problems(data: dict[str, Any], kind: str, version: str) -> list[Problem]:
    found: dict[tuple[str, str, str], Problem] = {}
    for error in _leaves(_validator(kind, version).iter_errors(data)):
        for problem in _explain(error):
            found.setdefault((problem.path, problem.rule, problem.message), problem)
    wrong = [problem.path for problem in found.values() if problem.severity == "error"]
    kept = [problem for problem in found.values() if not _is_echo(problem, wrong)]
    return sorted(kept, key=lambda problem: (problem.severity != "error", problem.path, problem.rule))


def _is_echo(problem: Problem, wrong: list[str]) -> bool:
    """Whether the finding only repeats another: a failing rule leaves the members it judges "unevaluated", and
    alternatives that both fit are no news where a member is missing."""
    if problem.rule == "unknown-member":
        return any(_is_within(path, parent_path(problem.path)) for path in wrong)
    return problem.rule == "oneOf" and any(
        path != problem.path and _is_within(path, problem.path) for path in wrong
    )


def _is_within(path: str, parent: str) -> bool:
    return path == parent or path.startswith((parent + ".", parent + "["))


def _leaves(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """The errors people can act on: of alternatives, those of the branch that fits best."""
    for error in errors:
        if error.validator in ("anyOf", "oneOf") and error.context:
            yield from _leaves(_best_branch(error))
        else:
            yield error


def _best_branch(error: ValidationError) -> list[ValidationError]:
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or []:
        branches.setdefault(inner.schema_path[0], []).append(inner)

    def misfit(branch: list[ValidationError]) -> tuple[bool, bool, bool, int]:
        wrong_type = any(inner.validator == "type" and not inner.path for inner in branch)
        other_form = any(inner.validator == "required" and not inner.path for inner in branch)
        severe = any(inner.validator not in _UNKNOWN_MEMBER for inner in branch)
        return wrong_type, other_form, severe, len(branch)

    return min(branches.values(), key=misfit)


def _explain(error: ValidationError) -> Iterator[Problem]:
    path = json_path(error.absolute_path)
    rule = str(error.validator)
    if rule in _UNKNOWN_MEMBER:
        for name in _unknown_members(error):
            yield Problem(
                child_path(path, name),
                "unknown-member",
                f"The standard has no member {name!r} here. It is kept; customProperties is the place for your own.",
                "warning",
            )
        return
    where = child_path(path, _missing(error)) if rule == "required" else path
    yield Problem(where, rule, _words(error))


def _words(error: ValidationError) -> str:
    """What is wrong and how to mend it, for people who do not read JSON Schema."""
    expected: Any = error.validator_value
    value = _shown(error.instance)
    match error.validator:
        case "required":
            return f"{_missing(error)} is missing. Add it."
        case "type":
            return f"{value} is not {_type_words(expected)}."
        case "enum":
            return f"{value} is not one of {', '.join(str(item) for item in expected)}."
        case "pattern":
            return f"{value} does not match the pattern {expected}."
        case "minItems":
            return f"The list needs at least {expected} of them."
        case "maxItems":
            return f"The list may have at most {expected} of them."
        case "uniqueItems":
            return "The list holds an entry twice. Keep one."
        case "not":
            return f"This may not stand here: {value}."
        case "oneOf":
            return "This fits more than one of the allowed forms; keep the members of one."
        case _:
            return error.message[:300]


def _missing(error: ValidationError) -> str:
    """The member a `required` error is about: jsonschema names it in the message only."""
    required: Any = error.validator_value
    return next((name for name in required if error.message.startswith(repr(name))), str(required[0]))


def _unknown_members(error: ValidationError) -> list[str]:
    """The members an error of additional or unevaluated properties is about."""
    if not isinstance(error.instance, dict):
        return []
    named = [name for name in error.instance if repr(name) in error.message]
    return named or list(error.instance)


def _type_words(expected: Any) -> str:
    names = [expected] if isinstance(expected, str) else list(expected)
    return " or ".join(_TYPES.get(name, name) for name in names)


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else text[:77] + "…"
