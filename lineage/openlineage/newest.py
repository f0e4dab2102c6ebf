"""Newest wins, name by name: late, doubled and reordered events say together the same in any order. Pure."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

DELETED = "_deleted"  # by OpenLineage, a facet with this member set takes the facet away


def stamp(at: datetime) -> str:
    """A moment as text that sorts as moments do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def take(kept: dict[str, Any], told_at: dict[str, str], name: str, value: Any, at: str) -> bool:
    """Keep `value` under `name` unless something newer was told; whether it was kept.

    Of two told at the same moment the greater wins, so that the order in which they come says nothing.
    """
    known = told_at.get(name)
    if known is not None and (at < known or (at == known and _text(value) <= _text(kept.get(name)))):
        return False
    kept[name], told_at[name] = value, at
    return True


def take_facets(
    facets: dict[str, Any], told_at: dict[str, str], told: Mapping[str, Any], at: datetime
) -> list[str]:
    """Merge the facets of one event into those kept; the names of those that changed."""
    moment = stamp(at)
    return [name for name in sorted(told) if take(facets, told_at, name, told[name], moment)]


def present(facets: Mapping[str, Any]) -> dict[str, Any]:
    """The facets that were not taken away."""
    return {name: facet for name, facet in facets.items() if not is_deleted(facet)}


def is_deleted(facet: Any) -> bool:
    """Whether its producer took the facet away."""
    return isinstance(facet, dict) and facet.get(DELETED) is True


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
