"""How likely something broken upstream is the cause of an incident. Pure.

    score = (weight of the worst fault + 0.1 for each further one, at most 0.3) * 0.8 ** (steps - 1)

A fault weighs what its sign weighs (an incident by its severity), halved where it began more than an hour after the
incident (a cause comes before its effect), halved where it is on another port than the one the data comes through, and
halved where lineage of columns is known and no column of it feeds the failing one. The figures are a convention: near
beats far unless the far one is clearly worse (a weight of 1 two steps up equals one of 0.8 next door).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Sign(StrEnum):
    INCIDENT = "incident"
    UNREACHABLE = "unreachable"
    SLO = "slo"
    LATE = "late"
    DRIFT = "drift"
    CHECK = "check"


WEIGHTS = {
    Sign.UNREACHABLE: 1.0, Sign.LATE: 0.8, Sign.SLO: 0.8, Sign.DRIFT: 0.7, Sign.CHECK: 0.6, Sign.INCIDENT: 0.7,
}  # fmt: skip
SEVERITIES = {"low": 0.5, "medium": 0.7, "high": 0.9, "critical": 1.0}
FURTHER, MOST_FURTHER = 0.1, 0.3
FADES = 0.8  # a step
UNLIKELY = 0.5
GRACE = dt.timedelta(
    hours=1
)  # things are noticed late: what broke a little later may have been broken before


@dataclass(frozen=True, slots=True)
class Fault:
    """Something broken: what tells it, in a sentence, since when (None: not known), where to look."""

    sign: Sign
    words: str
    since: dt.datetime | None = None
    severity: str = ""  # of an incident
    is_on_way: bool = True
    url: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A score from 0 to 1.3, and the sentences that explain it."""

    score: float
    reasons: tuple[str, ...]


def weight(fault: Fault, opened_at: dt.datetime) -> float:
    """What one fault counts for next door."""
    found = SEVERITIES.get(fault.severity, WEIGHTS[fault.sign])
    if fault.since is not None and fault.since > opened_at + GRACE:
        found *= UNLIKELY
    return found if fault.is_on_way else found * UNLIKELY


def judge(
    faults: Sequence[Fault], steps: int, opened_at: dt.datetime, feeds_column: bool | None = None
) -> Judged:
    """The likelihood that one product with `faults`, `steps` upstream, is the cause.

    `feeds_column`: whether one of its columns feeds the failing one; None where that is not known or not the question.
    """
    if not faults:
        return Judged(0.0, ())
    weights = sorted((weight(fault, opened_at) for fault in faults), reverse=True)
    score = weights[0] + min(FURTHER * (len(weights) - 1), MOST_FURTHER)
    score *= FADES ** max(steps - 1, 0)
    reasons = [fault.words for fault in sorted(faults, key=lambda each: -weight(each, opened_at))]
    reasons.append("It is read directly." if steps <= 1 else f"It lies {steps} steps upstream.")
    if any(fault.since is not None and fault.since > opened_at + GRACE for fault in faults):
        reasons.append("Some of it began after the incident, so it is less likely.")
    if any(not fault.is_on_way for fault in faults):
        reasons.append("Some of it is on a port that the data does not come through, so it is less likely.")
    if feeds_column is False:
        score *= UNLIKELY
        reasons.append("None of its columns is known to feed the failing one, so it is less likely.")
    elif feeds_column:
        reasons.append("One of its columns feeds the failing one.")
    return Judged(round(score, 4), tuple(reasons))


def ranked(items: Iterable[tuple[Judged, int, str]]) -> list[int]:
    """Places of the items (judgement, steps, name), the likeliest first; the nearer of equals, then by name."""
    listed = list(items)
    return sorted(range(len(listed)), key=lambda n: (-listed[n][0].score, listed[n][1], listed[n][2], n))
