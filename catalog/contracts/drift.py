"""What a crawl observed against what the contract in force promises: drift by field, with its severity. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.contracts import field_types
from catalog.schemas.conformance import Comparison, Verdict
from catalog.schemas.diff import Severity
from catalog.schemas.shape import FieldShape

_ORDER = list(Severity)


@dataclass(frozen=True, slots=True)
class Drift:
    """One field where the two sides differ; `promised` and `observed` are texts, empty where nothing stands."""

    path: str
    severity: Severity
    sentence: str
    promised: str = ""
    observed: str = ""


def drift(comparisons: Iterable[Comparison]) -> tuple[Drift, ...]:
    """Fields that drifted, worst first, then in the observed order.

    A broken promise is breaking; what the schema of the store cannot promise for the data (it may be empty, it is not
    unique, its type in the store is another) is risky; a field nobody promised is harmless.
    """
    found = [item for comparison in comparisons for item in _of(comparison)]
    return tuple(sorted(found, key=lambda item: _ORDER.index(item.severity)))


def _of(comparison: Comparison) -> Iterable[Drift]:
    promise, seen = comparison.declared, comparison.observed
    words = _words(promise), _words(seen)
    if comparison.verdict is Verdict.EXTRA:
        yield Drift(
            comparison.path, Severity.HARMLESS, f"{comparison.path} is there and nobody promised it.", *words
        )
    elif comparison.verdict is Verdict.BROKEN:
        yield Drift(comparison.path, Severity.BREAKING, " ".join(comparison.breaches), *words)
    elif promise is not None and seen is not None:
        risks = list(_risks(promise, seen))
        if risks:
            yield Drift(comparison.path, Severity.RISKY, " ".join(risks), *words)


def _risks(promise: FieldShape, seen: FieldShape) -> Iterable[str]:
    if promise.is_nullable is False and seen.is_nullable is True:
        yield f"{seen.path} is promised never to be empty; the store lets it be."
    if promise.is_unique and seen.is_unique is False and not seen.key_position:
        yield f"{seen.path} is promised to be unique; the store does not see to it."
    wanted, given = promise.physical_type, seen.physical_type
    if (
        wanted and given and not field_types.widens(given, wanted)
    ):  # what is stored must fit what was promised
        yield f"{seen.path} is stored as {given}; {wanted} is promised."


def _words(field: FieldShape | None) -> str:
    if field is None:
        return ""
    parts = [field.physical_type or field.logical_type]
    if field.is_nullable is False:
        parts.append("never empty")
    if field.is_unique:
        parts.append("unique")
    if field.key_position:
        parts.append(f"key {field.key_position}")
    return ", ".join(parts)
