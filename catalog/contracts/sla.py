"""From the `slaProperties` of a data contract (ODCS) to objectives that are measured. Pure.

The standard says what is promised and not which share of measurements must keep it: availability brings its target in
its value, everything else gets DEFAULT_TARGET, which owners set by hand. Properties nobody can measure from outside
(retention, support, time to repair) stay in the document only.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.contracts.parts import text

DEFAULT_TARGET = 0.95
_MOST_TARGET = 0.99999  # a target of 100 % leaves no budget at all
_SECONDS = {
    "s": 1, "sec": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "minute": 60, "minutes": 60, "h": 3_600,
    "hr": 3_600, "hour": 3_600, "hours": 3_600, "d": 86_400, "day": 86_400, "days": 86_400, "w": 604_800,
    "week": 604_800, "weeks": 604_800,
}  # fmt: skip
_KINDS = {
    "freshness": "freshness", "latency": "freshness", "ly": "freshness", "availability": "availability",
    "av": "availability", "completeness": "completeness", "volume": "volume", "rowcount": "volume",
    "quality": "quality", "responsetime": "latency",
}  # fmt: skip
_MILLISECONDS = {"ms": 1, "millisecond": 1, "milliseconds": 1}


@dataclass(frozen=True, slots=True)
class Promised:
    """One objective: `key` is its identity in the document, `values` the fields of the objective."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)


def promises_of(items: Iterable[Any], objects: Iterable[str], own: str) -> list[Promised]:
    """The measurable promises for a port that offers the object `own` of the contract's `objects`.

    A property whose element belongs to another object is about another port.
    """
    names = {name.casefold() for name in objects}
    found: dict[str, Promised] = {}
    for item in items:
        if not isinstance(item, Mapping):
            continue
        for element in _elements(text(item, "element"), names, own.casefold()):
            values = _values(item, element)
            key = f"{values.get('kind', '')}:{element}"[:300]
            if values and key not in found:
                found[key] = Promised(key, values)
    return list(found.values())


def _elements(element: str, names: set[str], own: str) -> Iterator[str]:
    """The fields of the own object an element names; "" for the object itself; nothing for others."""
    if not element:
        yield ""
    for part in element.split(","):
        head, _, rest = part.strip().partition(".")
        if not head:
            continue
        if head.casefold() not in names:
            yield part.strip()
        elif not own or head.casefold() == own:
            yield rest


def _values(item: Mapping[str, Any], element: str) -> dict[str, Any]:
    kind = _KINDS.get(text(item, "property").casefold())
    value, upper = _number(item.get("value")), _number(item.get("valueExt"))
    if kind is None or value is None or value <= 0:
        return {}
    values: dict[str, Any] = {
        "kind": kind,
        "target": DEFAULT_TARGET,
        "description": text(item, "description"),
    }
    if kind == "availability":
        share = _share(value, text(item, "unit"))
        return {**values, "target": min(share, _MOST_TARGET)} if share >= 0.5 else {}
    if kind == "freshness":
        seconds = _SECONDS.get(text(item, "unit").casefold() or "d")
        return {**values, "at_most": value * seconds} if seconds else {}
    if kind == "latency":
        unit = text(item, "unit").casefold() or "ms"
        each = _MILLISECONDS.get(unit) or 1_000 * _SECONDS.get(unit, 0)
        return {**values, "at_most": value * each} if each else {}
    if kind == "completeness":
        share = _share(value, text(item, "unit"))
        return {**values, "at_least": share, "element": element[:500]} if share <= 1 else {}
    if kind == "quality":
        return {**values, "at_least": value} if value <= 100 else {}
    return {**values, "at_least": value, "at_most": upper if upper is not None and upper >= value else None}


def _share(value: float, unit: str) -> float:
    """99.5 and 0.995 with the unit of a share both are 0.995."""
    is_share = value <= 1 and unit.casefold() not in ("%", "percent")
    return value if is_share else round(value / 100, 9)


def _number(value: Any) -> float | None:
    try:
        number = float(str(value).strip().removesuffix("%"))
    except ValueError:
        return None
    return number if math.isfinite(number) and not isinstance(value, bool) else None
