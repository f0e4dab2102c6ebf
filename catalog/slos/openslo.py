"""OpenSLO v1 (https://github.com/OpenSLO/OpenSLO): objectives read leniently from data, and emitted. Pure.

What the portal measures by itself travels in the indicator's `metricSource` of type `mesh-portal`; indicators of other
systems become custom objectives, measured through the API.
"""

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.common.errors import Problem
from catalog.slos.models import LEAST_TARGET, LONGEST_ROLLING, MOST_TARGET, ServiceLevelObjective

VERSION = "openslo/v1"
SOURCE = "mesh-portal"
PORT = "mesh-portal/port"
Data = Mapping[str, Any]
_BOUNDS = {"lte": "at_most", "lt": "at_most", "gte": "at_least", "gt": "at_least"}
_CALENDAR = {"1w": "week", "1M": "month", "1Q": "quarter", "1Y": "year"}
_DURATION = re.compile(r"(\d{1,4})(h|d|w|M|Q|Y)\Z")
_DAYS = {"h": 1 / 24, "d": 1, "w": 7, "M": 30, "Q": 91, "Y": 365}
_KEPT = ("kind", "element", "at_least", "at_most", "unit", "criticality")


@dataclass(frozen=True, slots=True)
class Found:
    """One objective of a document: `key` its identity there, `port` its key ("" where none is named)."""

    key: str
    port: str
    values: dict[str, Any]
    problems: tuple[Problem, ...] = field(default=())

    @property
    def is_refused(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


def parse(documents: Iterable[Any]) -> list[Found]:
    """The objectives of a file's documents; indicators may stand in documents of their own (kind SLI)."""
    listed = [item for item in documents if isinstance(item, Mapping)]
    indicators = {
        _text(_part(item, "metadata"), "name"): item for item in listed if item.get("kind") == "SLI"
    }
    found: list[Found] = []
    for item in listed:
        if item.get("kind") == "SLO":
            found += _objectives(item, indicators)
    return found


def _objectives(item: Data, indicators: Mapping[str, Data]) -> list[Found]:
    metadata, spec = _part(item, "metadata"), _part(item, "spec")
    name = _text(metadata, "name")
    problems: list[Problem] = []
    if item.get("apiVersion") != VERSION:
        problems.append(Problem("$.apiVersion", "version", f"Only {VERSION} is read."))
    if not name:
        problems.append(Problem("$.metadata.name", "required", "An objective needs a name."))
    indicator = _part(spec, "indicator") or indicators.get(_text(spec, "indicatorRef"), {})
    port = _text(_part(metadata, "annotations"), PORT)
    if spec.get("budgetingMethod", "Occurrences") != "Occurrences":
        words = "Time slices are counted as single measurements here."
        problems.append(Problem("$.spec.budgetingMethod", "budgeting-method", words, "warning"))
    shared = {
        "name": _text(metadata, "displayName") or name,
        "description": _text(spec, "description"),
        **_window(spec, problems),
        **_source(indicator),
    }
    wanted = spec.get("objectives")
    if not isinstance(wanted, list) or not wanted:
        problem = Problem("$.spec.objectives", "required", "There is no objective in it.")
        return [Found(name, port, {}, (*problems, problem))]
    return [
        Found(
            name if len(wanted) == 1 else f"{name}#{place}", port, *_objective(each, place, shared, problems)
        )
        for place, each in enumerate(wanted)
    ]


def _objective(
    item: Any, place: int, shared: dict[str, Any], problems: list[Problem]
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    path = f"$.spec.objectives[{place}]"
    if not isinstance(item, Mapping):
        return {}, (*problems, Problem(path, "type", "An objective is a mapping."))
    own = list(problems)
    values = dict(shared)
    target = _number(item.get("target"))
    percent = _number(item.get("targetPercent"))
    if target is None and percent is not None:
        target = round(percent / 100, 9)
    if target is None or not LEAST_TARGET <= target <= 1:
        own.append(Problem(f"{path}.target", "range", f"Use a target from {LEAST_TARGET} to below 1."))
    else:
        values["target"] = min(target, MOST_TARGET)
    bound, value = _BOUNDS.get(str(item.get("op", ""))), _number(item.get("value"))
    if bound and value is not None and values.get("kind") == "custom":
        values[bound] = value
    if _text(item, "displayName") and place:
        values["name"] = _text(item, "displayName")
    return values, tuple(own)


def _window(spec: Data, problems: list[Problem]) -> dict[str, Any]:
    windows = spec.get("timeWindow")
    window = windows[0] if isinstance(windows, list) and windows and isinstance(windows[0], Mapping) else {}
    words = _text(window, "duration") or "28d"
    calendar = _part(window, "calendar")
    if calendar and window.get("isRolling") is not True:
        if words in _CALENDAR:
            return {"window": _CALENDAR[words], "time_zone": _text(calendar, "timeZone") or "UTC"}
        problems.append(
            Problem("$.spec.timeWindow[0].duration", "window", "A calendar window is 1w, 1M, 1Q or 1Y.")
        )
        return {}
    match = _DURATION.match(words)
    days = int(match.group(1)) * _DAYS[match.group(2)] if match else 0
    if not 1 <= days <= LONGEST_ROLLING + 1:
        words = f"A rolling window is from 1 to {LONGEST_ROLLING} days."
        problems.append(Problem("$.spec.timeWindow[0].duration", "window", words))
        return {}
    return {"window": "rolling", "window_days": min(round(days), LONGEST_ROLLING)}


def _source(indicator: Data) -> dict[str, Any]:
    """What the indicator says in the portal's own words; of other systems only that it is custom."""
    metric = _part(_part(indicator, "spec"), "thresholdMetric")
    source = _part(metric, "metricSource")
    if _text(source, "type") != SOURCE:
        return {"kind": "custom"}
    said = _part(source, "spec")
    values = {
        name: said[name]
        for name in _KEPT
        if isinstance(said.get(name), str | int | float) and not isinstance(said.get(name), bool)
    }
    seconds = _number(said.get("expected_every_seconds"))
    if seconds is not None and 0 < seconds < 1e9:
        values["expected_every"] = dt.timedelta(seconds=seconds)
    known = values.get("kind") in ServiceLevelObjective.Kind.values
    return values if known else {**values, "kind": "custom"}


def document_of(slo: ServiceLevelObjective) -> dict[str, Any]:
    """An objective as OpenSLO data; its port needs product and domain loaded."""
    held = {name: getattr(slo, name) for name in _KEPT}
    said: dict[str, Any] = {
        name: str(value) if isinstance(value, str) else value  # a choice is a word to YAML
        for name, value in held.items()
        if value not in ("", None)
    }
    if slo.expected_every is not None:
        said["expected_every_seconds"] = slo.expected_every.total_seconds()
    objective: dict[str, Any] = {"displayName": slo.name, "target": slo.target}
    bound = "at_most" if slo.at_most is not None else "at_least"
    if getattr(slo, bound) is not None:
        objective |= {"op": "lte" if bound == "at_most" else "gte", "value": getattr(slo, bound)}
    name = slo.source_key if slo.source == "openslo" else f"slo-{slo.pk}"
    return {
        "apiVersion": VERSION,
        "kind": "SLO",
        "metadata": {
            "name": name.partition("#")[0],
            "displayName": slo.name,
            "annotations": {PORT: f"{slo.port.product.key}/{slo.port.name}/{slo.port.version}"},
        },
        "spec": {
            "description": slo.description,
            "service": slo.port.product.slug,
            "indicator": {
                "metadata": {"name": f"{name.partition('#')[0]}-indicator"},
                "spec": {"thresholdMetric": {"metricSource": {"type": SOURCE, "spec": said}}},
            },
            "timeWindow": [_window_of(slo)],
            "budgetingMethod": "Occurrences",
            "objectives": [objective],
        },
    }


def _window_of(slo: ServiceLevelObjective) -> dict[str, Any]:
    if slo.window == "rolling":
        return {"duration": f"{slo.window_days}d", "isRolling": True}
    duration = next(words for words, window in _CALENDAR.items() if window == slo.window)
    calendar = {
        "startTime": "2024-01-01 00:00:00",
        "timeZone": slo.time_zone,
    }  # a Monday, first of all periods
    return {"duration": duration, "isRolling": False, "calendar": calendar}


def _part(data: Data, name: str) -> Data:
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(data: Data, name: str) -> str:
    value = data.get(name)
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
