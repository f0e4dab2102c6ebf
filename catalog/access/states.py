"""The states of access, as tables: what was decided, what is provided in the store, what holds in time. Pure.

The three are never mixed. A decision is about a request; validity is derived from dates whenever it is read and is
stored nowhere; provisioning is what the portal knows of the store itself.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

EXPIRING = dt.timedelta(days=30)  # an end this near is shown
REMINDERS = (30, 14, 3)  # days before the end


class Refused(ValueError):
    """An event that means nothing in this state."""


class DecisionState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"


class Deed(StrEnum):
    """What people do with a request."""

    SUBMIT = "submit"
    APPROVE = "approve"
    DENY = "deny"
    WITHDRAW = "withdraw"


DECISIONS: dict[tuple[DecisionState, Deed], DecisionState] = {
    (DecisionState.DRAFT, Deed.SUBMIT): DecisionState.SUBMITTED,
    (DecisionState.SUBMITTED, Deed.APPROVE): DecisionState.APPROVED,
    (DecisionState.SUBMITTED, Deed.DENY): DecisionState.DENIED,
    (DecisionState.SUBMITTED, Deed.WITHDRAW): DecisionState.WITHDRAWN,
}


def decide(state: DecisionState, deed: Deed) -> DecisionState:
    """The state after `deed`. Raises Refused where the table has no line: a decision is made once."""
    try:
        return DECISIONS[state, deed]
    except KeyError:
        raise Refused(f"A request that is {state} cannot be changed by {deed}.") from None


class Provisioning(StrEnum):
    NONE = ""  # nothing was agreed yet
    NOT_NEEDED = "not_needed"
    WAITING = "waiting"
    IN_PROGRESS = "in_progress"
    GRANTED = "granted"
    FAILED = "failed"
    REMOVING = "removing"
    REMOVED = "removed"


#: States in which something may be in the store. The others promise that the portal put nothing there.
MAY_BE_THERE = frozenset(
    {Provisioning.IN_PROGRESS, Provisioning.GRANTED, Provisioning.FAILED, Provisioning.REMOVING}
)


class Event(StrEnum):
    """What happens to the access in the store."""

    PLAN = "plan"  # it is agreed, and the store has to be changed for it
    WAIVE = "waive"  # it is agreed, and the store asks nobody
    START = "start"  # somebody, or a provisioner, began
    SUCCEED = "succeed"  # it is there, seen
    FAIL = "fail"  # it could not be given, or was looked for and is not there
    END = "end"  # it is no longer agreed
    REMOVED = "removed"  # it is gone, seen


P, E = Provisioning, Event
PROVISIONING: dict[tuple[Provisioning, Event], Provisioning] = {
    (P.NONE, E.PLAN): P.WAITING,
    (P.NOT_NEEDED, E.PLAN): P.WAITING,
    (P.WAITING, E.PLAN): P.WAITING,
    (P.REMOVED, E.PLAN): P.WAITING,
    # What is in the store already has to be brought in line: that is work, and it is not waiting with nothing there.
    (P.IN_PROGRESS, E.PLAN): P.IN_PROGRESS,
    (P.GRANTED, E.PLAN): P.IN_PROGRESS,
    (P.FAILED, E.PLAN): P.IN_PROGRESS,
    (P.REMOVING, E.PLAN): P.IN_PROGRESS,
    # Only where nothing can be there may the store be left alone.
    (P.NONE, E.WAIVE): P.NOT_NEEDED,
    (P.NOT_NEEDED, E.WAIVE): P.NOT_NEEDED,
    (P.WAITING, E.WAIVE): P.NOT_NEEDED,
    (P.REMOVED, E.WAIVE): P.NOT_NEEDED,
    (P.WAITING, E.START): P.IN_PROGRESS,
    (P.IN_PROGRESS, E.START): P.IN_PROGRESS,
    (P.FAILED, E.START): P.IN_PROGRESS,
    (P.WAITING, E.SUCCEED): P.GRANTED,  # by hand, in one step
    (P.IN_PROGRESS, E.SUCCEED): P.GRANTED,
    (P.FAILED, E.SUCCEED): P.GRANTED,
    (P.GRANTED, E.SUCCEED): P.GRANTED,  # looked at again
    (P.WAITING, E.FAIL): P.FAILED,
    (P.IN_PROGRESS, E.FAIL): P.FAILED,
    (P.FAILED, E.FAIL): P.FAILED,
    (P.GRANTED, E.FAIL): P.FAILED,
    (P.REMOVING, E.FAIL): P.REMOVING,  # it may still be there, so it is still to be removed
    (P.NONE, E.END): P.NONE,
    (P.NOT_NEEDED, E.END): P.NOT_NEEDED,
    (P.WAITING, E.END): P.REMOVED,
    (P.REMOVED, E.END): P.REMOVED,
    (P.IN_PROGRESS, E.END): P.REMOVING,
    (P.GRANTED, E.END): P.REMOVING,
    (P.FAILED, E.END): P.REMOVING,
    (P.REMOVING, E.END): P.REMOVING,
    (P.REMOVING, E.REMOVED): P.REMOVED,
    (P.REMOVED, E.REMOVED): P.REMOVED,
}


def provision(state: Provisioning, event: Event) -> Provisioning:
    """The state after `event`. Raises Refused where the table has no line."""
    try:
        return PROVISIONING[state, event]
    except KeyError:
        raise Refused(f"Access that is {state or 'not agreed'} cannot be changed by {event}.") from None


class Validity(StrEnum):
    NONE = ""  # nothing was agreed yet
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    REVOKED = "revoked"


IN_FORCE = frozenset({Validity.ACTIVE, Validity.EXPIRING})
ENDED = frozenset({Validity.EXPIRED, Validity.REVOKED})


def validity_of(
    starts_at: dt.datetime | None,
    ends_at: dt.datetime | None,
    is_cut_short: bool,
    now: dt.datetime,
    *,
    is_closed: bool = False,
) -> Validity:
    """What holds at `now`: from `starts_at` on, before `ends_at` (None: without end).

    `is_cut_short`: the end is that of a revocation or a release, not the one that was agreed. `is_closed`: its end was
    acted on, so it has ended, even where the clock was set back since.
    """
    if starts_at is None:
        return Validity.NONE
    if is_closed or (ends_at is not None and now >= ends_at):
        return Validity.REVOKED if is_cut_short else Validity.EXPIRED
    if now < starts_at:
        return Validity.SCHEDULED
    if ends_at is not None and ends_at - now <= EXPIRING:
        return Validity.EXPIRING
    return Validity.ACTIVE


@dataclass(frozen=True, slots=True)
class Verdict:
    """One mark for an agreement: `meaning` is good, warning, bad or unknown; `is_usable`: one can read now."""

    meaning: str
    word: str
    is_usable: bool = False


_ON_THE_WAY = {
    P.WAITING: Verdict("warning", "agreed, not granted yet"),
    P.IN_PROGRESS: Verdict("warning", "being granted"),
    P.FAILED: Verdict("bad", "granting failed"),
    P.REMOVING: Verdict("bad", "being removed"),
    P.REMOVED: Verdict("bad", "agreed, but removed"),
    P.NONE: Verdict("unknown", "unknown"),
}


def verdict(validity: Validity, provisioning: Provisioning) -> Verdict:
    """The honest sum of the states. Green only where it is in force and really there, or nothing has to be there."""
    if validity == Validity.NONE:
        return Verdict("unknown", "no access")
    if validity in ENDED:
        if provisioning in MAY_BE_THERE:
            return Verdict("bad", f"{validity}, not removed yet")
        return Verdict("unknown", str(validity))
    if validity == Validity.SCHEDULED:
        if provisioning in MAY_BE_THERE - {P.FAILED}:
            return Verdict("warning", "scheduled, already in the store")
        return Verdict("unknown", "scheduled")
    if provisioning in (P.GRANTED, P.NOT_NEEDED):
        words = "granted" if provisioning == P.GRANTED else "open to you"
        if validity == Validity.EXPIRING:
            return Verdict("warning", f"{words}, ends soon", is_usable=True)
        return Verdict("good", words, is_usable=True)
    return _ON_THE_WAY[provisioning]
