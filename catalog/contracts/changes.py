"""Kinds of changes between two contracts, and how they are told."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Data = Mapping[str, Any]


def by_name(value: Any, name_of: Callable[[Data], str]) -> dict[str, Data]:
    """The objects of a list by their names, in order; later ones of a name are told apart by a number in brackets.

    Takes time in proportion to the list, also where thousands of one name stand in it."""
    found: dict[str, Data] = {}
    last: dict[str, int] = {}
    for item in value if isinstance(value, list) else []:
        if isinstance(item, Mapping):
            name = shown = name_of(item)
            while shown in found:
                last[name] = last.get(name, 1) + 1
                shown = f"{name} ({last[name]})"
            found[shown] = item
    return found


class Severity(StrEnum):
    BREAKING = "breaking"  # a reader's query fails or means something else, or a promise is gone
    COMPATIBLE = "compatible"  # more or better than before, or something to read again
    NEUTRAL = "neutral"  # words and bookkeeping


_ORDER = list(Severity)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `path` is the field as people call it (`orders.customer.city`) or the part of the contract;
    `aspect` what about it; `before` and `after` are texts, empty where nothing stood."""

    path: str
    aspect: str
    severity: Severity
    sentence: str
    before: str = ""
    after: str = ""

    def as_dict(self) -> dict[str, str]:
        names = ("path", "aspect", "severity", "sentence", "before", "after")
        return {name: str(getattr(self, name)) for name in names}


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes, worst first, then in the order of the contract."""

    changes: tuple[Change, ...]

    def of(self, severity: Severity) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.severity is severity)

    @property
    def breaking(self) -> tuple[Change, ...]:
        return self.of(Severity.BREAKING)

    @property
    def compatible(self) -> tuple[Change, ...]:
        return self.of(Severity.COMPATIBLE)

    @property
    def neutral(self) -> tuple[Change, ...]:
        return self.of(Severity.NEUTRAL)

    @property
    def is_breaking(self) -> bool:
        return bool(self.breaking)

    @property
    def bump(self) -> str:
        """The part of the version that must rise: major, minor, patch, or "" where nothing changed."""
        if not self.changes:
            return ""
        return {Severity.BREAKING: "major", Severity.COMPATIBLE: "minor", Severity.NEUTRAL: "patch"}[
            self.changes[0].severity
        ]

    def as_dict(self) -> dict[str, Any]:
        return {
            "bump": self.bump,
            "breaking": [change.as_dict() for change in self.breaking],
            "compatible": [change.as_dict() for change in self.compatible],
            "neutral": [change.as_dict() for change in self.neutral],
        }


def worst_first(changes: Iterable[Change]) -> Difference:
    """The changes as a difference: worst first, then in the order in which their paths came."""
    found = list(changes)
    places: dict[str, int] = {}
    for change in found:
        places.setdefault(change.path, len(places))
    return Difference(
        tuple(sorted(found, key=lambda each: (_ORDER.index(each.severity), places[each.path], each.aspect)))
    )


def by_path(changes: Iterable[Change]) -> Iterator[tuple[str, tuple[Change, ...]]]:
    """Changes grouped by their path, in their order."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.path, []).append(change)
    yield from ((path, tuple(group)) for path, group in groups.items())
