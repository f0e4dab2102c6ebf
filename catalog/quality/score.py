"""The quality score: 0-100 over what was measured, every point explained (docs/quality-score.md).

A dimension is measured (a value from 0, nothing kept, to 1, all kept) or unknown (None). Unknown dimensions leave the
denominator; below two measured ones there is no score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

FORMULA = "2"  # changes with every change of weights or measures; stored beside each score
LEAST_MEASURED = 2
LATE_UNTIL_NOTHING = 2  # a promise's length of lateness, twice over, costs all points
CHECKS_WEIGHT = 10  # of each dimension that checks speak of
UNIQUE_ENOUGH = 0.98  # an estimate of distinct values errs by about two percent


@dataclass(frozen=True, slots=True)
class RequiredField:
    """A field that must never be empty, with its share of empty values (0..1; None: not measured)."""

    path: str
    null_share: float | None


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """How far a key is known to be unique.

    `is_enforced`: the store itself refuses doubles. Otherwise `distinct` (maybe an estimate) of `filled` rows.
    """

    path: str
    is_enforced: bool = False
    distinct: int | None = None
    filled: int | None = None
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """A check by its dimension; `weight` by its severity, `passed` None without a recent answer."""

    name: str
    dimension: str
    weight: int
    passed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is known of a port at one time; None and empty mean "not measured".

    `reached` of `tried` are the readings of the last seven days; `declared`, `broken` count fields.
    """

    read_at: datetime | None = None
    fresh_at: datetime | None = None
    freshness_promise: timedelta | None = None
    declared: int = 0
    broken: int | None = None
    required: Sequence[RequiredField] = ()
    key: KeyFacts | None = None
    reached: int = 0
    tried: int = 0
    checks: Sequence[CheckFacts] = ()


@dataclass(frozen=True, slots=True)
class Dimension:
    """One measured or unknown dimension; `points` of `out_of` are what it gives the score (0 when unknown)."""

    name: str
    label: str
    value: float | None
    weight: int
    explanation: str
    points: float = 0.0
    out_of: float = 0.0

    def as_dict(self) -> dict[str, str | float | None]:
        return {
            "name": self.name,
            "label": self.label,
            "value": None if self.value is None else round(self.value, 4),
            "weight": self.weight,
            "explanation": self.explanation,
            "points": round(self.points, 1),
            "out_of": round(self.out_of, 1),
        }


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is 0-100 or None below two measured dimensions."""

    value: float | None
    dimensions: tuple[Dimension, ...]
    formula: str = FORMULA


def score(measured: Measured) -> Score:
    """Judge the five dimensions and those of checks.

    value = 100 · Σ weight·value / Σ weight, both sums over the measured ones.
    """
    found = (
        _freshness(measured),
        _conformance(measured),
        _completeness(measured),
        _reachability(measured),
        _uniqueness(measured),
        *_checked(measured.checks),
    )
    known = [(item.weight, item.value) for item in found if item.value is not None]
    if len(known) < LEAST_MEASURED:
        return Score(None, found)
    total = sum(weight for weight, _ in known)
    value = 100 * sum(weight * share for weight, share in known) / total
    return Score(round(value, 1), tuple(_with_points(item, total) for item in found))


def _with_points(item: Dimension, total: int) -> Dimension:
    if item.value is None:
        return item
    out_of = 100 * item.weight / total
    return Dimension(
        item.name, item.label, item.value, item.weight, item.explanation, out_of * item.value, out_of
    )


def _freshness(measured: Measured) -> Dimension:
    value: float | None = None
    if measured.freshness_promise is None:
        text = "No freshness is promised, so there is nothing to hold the data against."
    elif measured.fresh_at is None or measured.read_at is None:
        text = "The age of the newest data could not be measured."
    else:
        promise = max(measured.freshness_promise, timedelta(seconds=1))
        late = (measured.read_at - measured.fresh_at - promise) / promise
        value = min(1.0, max(0.0, 1 - late / LATE_UNTIL_NOTHING))
        age = _span(max(measured.read_at - measured.fresh_at, timedelta()))
        text = f"The newest data was {age} old when read; at most {_span(promise)} is promised."
        if 0 < value < 1:
            text += " Every promised span of lateness costs half of the points."
    return Dimension("freshness", "Freshness", value, 30, text)


def _conformance(measured: Measured) -> Dimension:
    value: float | None = None
    if not measured.declared:
        text = "No schema is declared, so there is no promise to compare with."
    elif measured.broken is None:
        text = "A schema is declared; none was observed yet."
    else:
        kept = max(0, measured.declared - measured.broken)
        value = kept / measured.declared
        text = f"{kept} of {_count(measured.declared, 'declared field')} found as promised."
    return Dimension("conformance", "Conformance to the declared schema", value, 30, text)


def _completeness(measured: Measured) -> Dimension:
    known = [(item.path, item.null_share) for item in measured.required if item.null_share is not None]
    value: float | None = None
    if not measured.required:
        text = "No field is required, so none can be empty against a promise."
    elif not known:
        text = f"{_count(len(measured.required), 'required field')}, none of them profiled yet."
    else:
        value = 1 - sum(share for _, share in known) / len(known)
        worst_path, worst_share = max(known, key=lambda item: item[1])
        text = f"{_count(len(known), 'required field')} looked at: {_percent(1 - value)} of their values are empty."
        if worst_share > 0:
            text += f" Worst is {worst_path} with {_percent(worst_share)}."
        if len(known) < len(measured.required):
            text += f" {len(measured.required) - len(known)} more not profiled."
    return Dimension("completeness", "Required fields are filled", value, 15, text)


def _reachability(measured: Measured) -> Dimension:
    if not measured.tried:
        return Dimension("reachability", "Reachability", None, 15, "It was not read in the last seven days.")
    value = min(measured.reached, measured.tried) / measured.tried
    text = f"Reached in {measured.reached} of {_count(measured.tried, 'reading')} of the last seven days."
    return Dimension("reachability", "Reachability", value, 15, text)


def _uniqueness(measured: Measured) -> Dimension:
    key = measured.key
    value: float | None = None
    if key is None:
        text = "No key is declared or observed."
    elif key.is_enforced:
        value, text = 1.0, f"The store itself keeps {key.path} unique."
    elif key.distinct is None or not key.filled:
        text = f"The distinct values of {key.path} were not measured."
    else:
        share = min(1.0, key.distinct / key.filled)
        about = "about " if key.is_estimate else ""
        value = 1.0 if key.is_estimate and share >= UNIQUE_ENOUGH else share
        text = f"{key.path} has {about}{key.distinct:,} distinct values in {key.filled:,} rows."
    return Dimension("uniqueness", "The key is unique", value, 10, text)


def _checked(checks: Sequence[CheckFacts]) -> list[Dimension]:
    """One dimension for each that checks speak of; a check counts by its severity."""
    found = []
    for name in sorted({check.dimension for check in checks}):
        asked = [check for check in checks if check.dimension == name]
        known = [check for check in asked if check.passed is not None]
        value: float | None = None
        if not known:
            text = f"{_count(len(asked), 'check')}, none measured recently."
        else:
            kept = [check for check in known if check.passed]
            value = sum(check.weight for check in kept) / sum(check.weight for check in known)
            text = f"{len(kept)} of {_count(len(known), 'check')} passed."
            if failed := [check.name for check in known if not check.passed]:
                text += f" Failed: {', '.join(failed[:3])}" + (" and others." if len(failed) > 3 else ".")
            if len(known) < len(asked):
                text += f" {len(asked) - len(known)} more not measured recently."
        found.append(Dimension(f"checks_{name}", f"Checks: {name}", value, CHECKS_WEIGHT, text))
    return found


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _percent(share: float) -> str:
    """Never 0 % for something and never 100 % for less than all."""
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0.999 < share < 1:
        return "over 99.9 %"
    return f"{100 * share:.1f} %".replace(".0 %", " %")


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    for size, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {noun}{'' if seconds == size else 's'}"
    return f"{seconds:.0f} second{'' if seconds == 1 else 's'}"
