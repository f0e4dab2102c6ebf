"""Whether what was observed keeps what was declared, field by field."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from catalog.schemas import types
from catalog.schemas.shape import FieldShape, by_path


class Verdict(StrEnum):
    KEPT = "kept"
    BROKEN = "broken"
    EXTRA = "extra"  # observed, never promised: no breach
    UNKNOWN = "unknown"  # the promise says nothing that could be judged


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field of either side; `breaches` says in sentences what was promised and not found."""

    path: str
    declared: FieldShape | None
    observed: FieldShape | None
    verdict: Verdict
    breaches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conformance:
    """All fields in the observed order, declared ones that are missing where the declaration has them."""

    comparisons: tuple[Comparison, ...]

    @property
    def declared_count(self) -> int:
        return sum(item.declared is not None for item in self.comparisons)

    @property
    def broken(self) -> tuple[Comparison, ...]:
        return tuple(item for item in self.comparisons if item.verdict is Verdict.BROKEN)

    @property
    def share(self) -> float | None:
        """Share of the declared fields found as promised, 0..1; None when nothing was declared."""
        count = self.declared_count
        return (count - len(self.broken)) / count if count else None


def compare(declared: Iterable[FieldShape], observed: Iterable[FieldShape]) -> Conformance:
    """Match by path, exactly or (where that is unambiguous) whatever the capitals, and judge each declared field.

    A declared field is kept when it exists, its type satisfies the declared one, and it is in the key where the
    declaration says so and the source knows keys. What either side leaves open breaks nothing. Whether a required
    field is ever empty is not judged from the schema (files call every column optional) but measured in the data.
    """
    promised, seen = by_path(declared), by_path(observed)
    partner = _partners(promised, seen)
    knows_keys = any(field.key_position for field in seen.values())
    matched = {path: name for name, path in partner.items()}  # observed path -> declared path
    missing: dict[str, list[Comparison]] = {}  # by the declared field before it that is there
    anchor = ""
    for path, promise in promised.items():
        if path in partner:
            anchor = path
        else:
            missing.setdefault(anchor, []).append(_missing(promise))
    rows = missing.pop("", [])
    for path, field in seen.items():
        name = matched.get(path)
        rows.append(_extra(field) if name is None else _judge(promised[name], field, knows_keys))
        rows += missing.pop(name or "", [])
    return Conformance(tuple(rows))


def unread(declared: Iterable[FieldShape]) -> Conformance:
    """Declared fields of data nobody has read yet: there is nothing to judge them by, so nothing is missing."""
    return Conformance(
        tuple(Comparison(field.path, field, None, Verdict.UNKNOWN) for field in by_path(declared).values())
    )


def _partners(promised: dict[str, FieldShape], seen: dict[str, FieldShape]) -> dict[str, str]:
    """Declared path -> observed path."""
    found = {path: path for path in promised if path in seen}
    taken = set(found.values())
    folded: dict[str, list[str]] = {}
    for path in seen:
        if path not in taken:
            folded.setdefault(path.casefold(), []).append(path)
    wanted: dict[str, list[str]] = {}
    for path in promised:
        if path not in found:
            wanted.setdefault(path.casefold(), []).append(path)
    for key, names in wanted.items():
        if len(names) == 1 and len(folded.get(key, ())) == 1:
            found[names[0]] = folded[key][0]
    return found


def _extra(field: FieldShape) -> Comparison:
    return Comparison(field.path, None, field, Verdict.EXTRA)


def _missing(field: FieldShape) -> Comparison:
    return Comparison(field.path, field, None, Verdict.BROKEN, (f"{field.path} is promised and not there.",))


def _judge(declared: FieldShape, observed: FieldShape, knows_keys: bool) -> Comparison:
    breaches = []
    fits = types.satisfies(observed.logical_type, declared.logical_type)
    if fits is False:
        breaches.append(f"{observed.path} is {observed.logical_type}; {declared.logical_type} is promised.")
    if declared.key_position and knows_keys and not observed.key_position:
        breaches.append(f"{observed.path} is not in the primary key; it is promised to be.")
    if breaches:
        return Comparison(observed.path, declared, observed, Verdict.BROKEN, tuple(breaches))
    judged = fits or (declared.key_position and knows_keys)
    return Comparison(observed.path, declared, observed, Verdict.KEPT if judged else Verdict.UNKNOWN)
