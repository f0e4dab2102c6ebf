"""From the `slaProperties` of a data contract (ODCS) to objectives that are measured, and back. Pure.

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


def property_of(values: Mapping[str, Any], own: str = "") -> dict[str, Any] | None:
    """An objective as a property, of the object `own` where it is about a field; None for kinds the standard has no
    word for (schema stability, measurements of one's own).

    The share of measurements that must keep it has no place there, but for availability, whose value it is.
    """
    kind, least, most = values["kind"], values.get("at_least"), values.get("at_most")
    said: dict[str, Any]
    if kind == "availability":
        said = {"property": "availability", "value": round(values["target"] * 100, 7), "unit": "%"}
    elif kind == "freshness" and most is not None:
        unit, each = next(
            (unit, each)
            for unit, each in (("d", 86_400), ("h", 3_600), ("s", 1))
            if most % each == 0 or each == 1
        )
        said = {"property": "freshness", "value": most / each, "unit": unit}
    elif kind == "latency" and most is not None:
        said = {"property": "responseTime", "value": most, "unit": "ms"}
    elif kind == "completeness" and least is not None:
        said = {"property": "completeness", "value": round(least * 100, 7), "unit": "%"}
    elif kind in ("quality", "volume") and least is not None:
        said = {"property": kind, "value": least}
        said |= {"valueExt": most} if kind == "volume" and most is not None else {}
    else:
        return None
    if element := values.get("element"):
        said["element"] = f"{own}.{element}" if own else element
    if values.get("description"):
        said["description"] = values["description"]
    return {
        name: int(each) if isinstance(each, float) and each.is_integer() else each
        for name, each in said.items()
    }


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
