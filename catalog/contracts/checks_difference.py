"""What changed in the quality rules of an object or field: dropped, weaker, stronger, new. Pure."""

import json
from collections.abc import Iterator
from typing import Any

from catalog.contracts.changes import Change, Data, Severity, by_name
from catalog.contracts.parts import text

_WORDS = frozenset(
    {"id", "name", "description", "businessImpact", "tags", "customProperties", "authoritativeDefinitions", "dimension",
     "severity", "scheduler", "schedule", "method"}
)  # fmt: skip
_FLOORS = frozenset({"mustBeGreaterThan", "mustBeGreaterOrEqualTo"})
_CEILINGS = frozenset({"mustBeLessThan", "mustBeLessOrEqualTo"})


def quality_changes(path: str, before: Any, after: Any) -> Iterator[Change]:
    """Changes of a list of quality rules; a rule is known by its id or name, else by what it measures."""
    old, new = by_name(before, _key), by_name(after, _key)
    for key, rule in old.items():
        if key not in new:
            yield Change(
                path,
                f"quality {key}",
                Severity.BREAKING,
                f"The check “{key}” of {path} was dropped.",
                _told(rule),
            )
    for key, rule in new.items():
        if key not in old:
            yield Change(
                path,
                f"quality {key}",
                Severity.COMPATIBLE,
                f"{path} is now checked: “{key}”.",
                "",
                _told(rule),
            )
        elif _told(old[key]) != _told(rule):
            yield _altered(path, key, old[key], rule)


def _key(rule: Data) -> str:
    named = text(rule, "id") or text(rule, "name")
    measured = text(rule, "metric") or text(rule, "rule") or text(rule, "query") or text(rule, "description")
    return named or measured[:120] or text(rule, "type") or "unnamed"


def _told(rule: Data) -> str:
    return json.dumps(rule, ensure_ascii=False, sort_keys=True)


def _altered(path: str, key: str, old: Data, new: Data) -> Change:
    names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
    judged = [name for name in names if name not in _WORDS]
    words = _told(old), _told(new)
    if not judged:
        return Change(
            path,
            f"quality {key}",
            Severity.NEUTRAL,
            f"The check “{key}” of {path} is worded differently.",
            *words,
        )
    if all(_is_stronger(name, old.get(name), new.get(name)) for name in judged):
        sentence = f"The check “{key}” of {path} asks for more ({', '.join(judged)})."
        return Change(path, f"quality {key}", Severity.COMPATIBLE, sentence, *words)
    sentence = f"The check “{key}” of {path} no longer asks for the same ({', '.join(judged)})."
    return Change(path, f"quality {key}", Severity.BREAKING, sentence, *words)


def _is_stronger(name: str, before: Any, after: Any) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (before, after))
    if name in _FLOORS | _CEILINGS and before is None:
        return True
    if not numbers:
        return False
    return (name in _FLOORS and after >= before) or (name in _CEILINGS and after <= before)
