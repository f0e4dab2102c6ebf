"""What the readers of other tools' results have in common: what they give, and words read leniently. Pure."""

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.common.errors import Problem

Data = Mapping[str, Any]
PASSED, FAILED, ERROR, SKIPPED, UNKNOWN = "passed", "failed", "error", "skipped", "unknown"
WARNING = "warning"
_OUTCOMES = {
    "pass": PASSED, "passed": PASSED, "success": PASSED, "succeeded": PASSED, "true": PASSED, "ok": PASSED,
    "fail": FAILED, "failed": FAILED, "failure": FAILED, "false": FAILED, "warn": FAILED, "warning": FAILED,
    "error": ERROR, "errored": ERROR, "runtime error": ERROR,
    "skipped": SKIPPED, "skip": SKIPPED, "excluded": SKIPPED, "not_evaluated": SKIPPED, "no-op": SKIPPED,
}  # fmt: skip
_DIMENSIONS = {
    "accuracy": "accuracy", "completeness": "completeness", "conformity": "conformity", "validity": "conformity",
    "consistency": "consistency", "coverage": "coverage", "timeliness": "timeliness", "freshness": "timeliness",
    "uniqueness": "uniqueness",
}  # fmt: skip
_SEVERITIES = frozenset({"info", WARNING, "error", "critical"})
_MOST_EXTRA = 30  # members of a result the portal has no place for, kept with its check
_LONGEST_EXTRA = 500
_LARGEST = 2**53  # up to which a number of any JSON writer is exact


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a tool says it looked at: a contract and perhaps the port, or a table by what it knows of its name."""

    contract: str = ""
    contract_version: str = ""
    product: str = ""
    port: str = ""
    database: str = ""
    schema: str = ""
    table: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One result of one check of another tool. `key` is the check's identity in that tool, on its dataset.

    `rule` is the contract's own name of the rule that was checked. `severity` is empty where the tool does not say it;
    `extra` are members of the check the portal has no place for.
    """

    key: str
    name: str
    outcome: str
    path: str
    dataset: Dataset
    measured_at: dt.datetime | None
    element: str = ""
    dimension: str = ""
    severity: str = ""
    failed_rows: int | None = None
    total_rows: int | None = None
    value: float | None = None
    message: str = ""
    rule: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One file of results as read: `tool` is its format's name, `run` the tool's own identifier of the run."""

    tool: str
    version: str = ""
    run: str = ""
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()


def outcome_of(value: Any) -> str:
    """The portal's word for a tool's; a word nobody knows is unknown."""
    if isinstance(value, bool):
        return PASSED if value else FAILED
    return _OUTCOMES.get(text(value).lower(), UNKNOWN)


def warned(value: Any) -> str:
    """The severity that a tool's outcome says: a warning is a failure of less weight."""
    return WARNING if text(value).lower() in ("warn", "warning") else ""


def severity_of(value: Any) -> str:
    word = {"warn": WARNING}.get(text(value).lower(), text(value).lower())
    return word if word in _SEVERITIES else ""


def dimension_of(value: Any, *hints: str) -> str:
    """One of the seven dimensions: as said, else as words of the check hint at it; "" when nothing does."""
    said = _DIMENSIONS.get(text(value).lower(), "")
    if said:
        return said
    words = " ".join(hints).lower()
    for dimension, signs in (
        ("uniqueness", ("unique", "duplicate", "distinct")),
        ("completeness", ("null", "missing", "required", "row_count", "rowcount", "present")),
        ("timeliness", ("fresh", "latency", "recent")),
        ("consistency", ("relationship", "reference", "foreign")),
        ("accuracy", ("between", "min", "max", "mean", "avg", "range")),
        (
            "conformity",
            (
                "accepted",
                "in_set",
                "regex",
                "pattern",
                "type",
                "schema",
                "invalid",
                "columns_to",
                "to_exist",
                "format",
            ),
        ),
    ):
        if any(sign in words for sign in signs):
            return dimension
    return ""


def text(value: Any) -> str:
    """Text or a number as text any database can hold; everything else is an empty string."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\0", "").encode("utf-8", "replace").decode().strip()


def member(data: Any, *names: str) -> Any:
    """The first of these members that says something; None of what is no object."""
    if not isinstance(data, Mapping):
        return None
    return next((data[name] for name in names if data.get(name) not in (None, "")), None)


def mapping(data: Any, name: str) -> Data:
    """A member that is an object, else an empty one."""
    value = data.get(name) if isinstance(data, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def items(data: Any, name: str) -> list[Any]:
    """A member that is a list, else an empty one."""
    value = data.get(name) if isinstance(data, Mapping) else None
    return value if isinstance(value, list) else []


def count(value: Any) -> int | None:
    """A number of rows; anything else is none."""
    found = number(value)
    return int(found) if found is not None and found >= 0 and found == int(found) else None


def number(value: Any) -> float | None:
    """A finite number that is exact as a float; anything else is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= _LARGEST and math.isfinite(value) else None


def moment(value: Any) -> dt.datetime | None:
    """A moment in ISO 8601; without an offset it is UTC, as these tools write it."""
    said = text(value)
    try:
        found = dt.datetime.fromisoformat(said) if len(said) >= len("20200101T0000") else None
        if found is None:
            return None
        return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def first_moment(*values: Any) -> dt.datetime | None:
    """The first value that is a moment."""
    return next((found for value in values if (found := moment(value))), None)


def extra(data: Data, known: Iterable[str]) -> dict[str, Any]:
    """The short members of a check that have no place elsewhere; long and nested ones stay with their tool."""
    left = {name: value for name, value in data.items() if name not in set(known)}
    short = {
        text(name)[:80]: text(value) if isinstance(value, str) else value
        for name, value in left.items()
        if (isinstance(value, str) and len(value) <= _LONGEST_EXTRA)
        or isinstance(value, bool)
        or number(value) is not None
    }
    return dict(sorted(short.items())[:_MOST_EXTRA])


def parts_of(relation: Any) -> tuple[str, str, str]:
    """Database, schema and table of a relation's name, quoted in any way; what it does not say is empty."""
    names = [part.strip("\"'`[] ") for part in text(relation).split(".")]
    padded = ["", "", "", *names][-3:]
    return padded[0], padded[1], padded[2]


def wrong(path: str, message: str, rule: str = "type", severity: str = "warning") -> Problem:
    """A place that could not be read; the rest is."""
    return Problem(path, rule, message, severity)
