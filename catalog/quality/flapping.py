"""How a check stands, from its newest results: flapping is suppressed. Pure.

The rule (docs/quality-checks.md): one failed result is enough to fail. Back to passed it takes one passed result, or
three in a row when the check flaps: when it changed sides three times or more within its ten newest results. Two
results in a row that could not be measured make it an error, until it is measured again. Skipped and unknown results
say nothing.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from catalog.quality.outcomes import Outcome, Status

LOOKED_AT = 30  # newest results a standing is made of
WITHIN = 10  # of these, the newest in which changes of side are counted
CHANGES_THAT_FLAP = 3
PASSES_TO_SETTLE = 3
ERRORS_TO_STAND = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """`since`: the result that brought the status; None while unknown."""

    status: Status = Status.UNKNOWN
    since: datetime | None = None
    is_flapping: bool = False


def standing(results: Iterable[tuple[datetime, str]]) -> Standing:
    """Where a check stands after its results (moment, outcome), the oldest first."""
    sides: deque[str] = deque(maxlen=WITHIN)
    side = status = Status.UNKNOWN
    since: datetime | None = None
    passes = errors = 0
    for moment, outcome in results:
        if outcome == Outcome.ERROR:
            errors += 1
            passes = 0
            wanted = Status.ERROR if errors >= ERRORS_TO_STAND else status
        elif outcome in (Outcome.PASSED, Outcome.FAILED):
            errors = 0
            sides.append(outcome)
            passes = passes + 1 if outcome == Outcome.PASSED else 0
            side = wanted = _side(side, outcome, passes, flaps(sides))
        else:
            continue
        if wanted != status:
            status, since = wanted, moment
    return Standing(status, since, flaps(sides))


def _side(side: Status, outcome: str, passes: int, is_flapping: bool) -> Status:
    if outcome == Outcome.FAILED:
        return Status.FAILED
    needed = PASSES_TO_SETTLE if is_flapping and side == Status.FAILED else 1
    return Status.PASSED if passes >= needed else side


def flaps(sides: Iterable[str]) -> bool:
    """Whether the newest outcomes changed sides too often."""
    changes = sum(before != after for before, after in pairwise(sides))
    return changes >= CHANGES_THAT_FLAP
