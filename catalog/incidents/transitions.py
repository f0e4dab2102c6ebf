"""The life of an incident as a table: what may happen to it in which status, and what it becomes by that. Pure."""

from enum import StrEnum

from catalog.common.errors import Conflict


class Status(StrEnum):
    """Nobody looked at it yet; somebody did; it is over."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Cause(StrEnum):
    """What opens an incident: four things the portal sees by itself, and a person's word."""

    SLO = "slo"
    DRIFT = "drift"
    CHECK = "check"
    UNREACHABLE = "unreachable"
    REPORTED = "reported"


class Happening(StrEnum):
    """An entry of the timeline."""

    OPENED = "opened"
    RECURRED = "recurred"  # the cause was seen again, and says something else than before
    REOPENED = "reopened"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    COMMENTED = "commented"
    RATED = "rated"  # somebody set the severity
    RESOLVED = "resolved"
    NOTED = "noted"  # the post-incident note
    ENDED = "ended"  # the cause ended after a person had resolved it


OPEN, ACKNOWLEDGED, RESOLVED = Status.OPEN, Status.ACKNOWLEDGED, Status.RESOLVED
UNRESOLVED = (OPEN, ACKNOWLEDGED)

#: happening -> the statuses it may happen in -> the status after it
TABLE: dict[Happening, dict[Status, Status]] = {
    Happening.OPENED: {},
    Happening.RECURRED: {OPEN: OPEN, ACKNOWLEDGED: ACKNOWLEDGED},
    Happening.REOPENED: {RESOLVED: OPEN},
    Happening.ACKNOWLEDGED: {OPEN: ACKNOWLEDGED},
    Happening.ASSIGNED: {OPEN: OPEN, ACKNOWLEDGED: ACKNOWLEDGED},
    Happening.COMMENTED: {OPEN: OPEN, ACKNOWLEDGED: ACKNOWLEDGED, RESOLVED: RESOLVED},
    Happening.RATED: {OPEN: OPEN, ACKNOWLEDGED: ACKNOWLEDGED},
    Happening.RESOLVED: {OPEN: RESOLVED, ACKNOWLEDGED: RESOLVED},
    Happening.NOTED: {RESOLVED: RESOLVED},
    Happening.ENDED: {RESOLVED: RESOLVED},
}

_VERBS = {
    Happening.ACKNOWLEDGED: "acknowledged",
    Happening.ASSIGNED: "assigned",
    Happening.RATED: "given another severity",
    Happening.RESOLVED: "resolved",
    Happening.REOPENED: "opened again",
    Happening.NOTED: "given a post-incident note",
}


def may_happen(status: str, happening: Happening) -> bool:
    """Whether `happening` has a place in the life of an incident in `status`."""
    return Status(status) in TABLE[happening]


def status_after(status: str, happening: Happening) -> Status:
    """The status after `happening`; raises Conflict where it cannot happen."""
    after = TABLE[happening].get(Status(status))
    if after is None:
        raise Conflict(
            f"An incident that is {status} cannot be {_VERBS.get(happening, happening.value)}.",
            kept="Nothing was changed.",
            remedy="Look at the incident as it is now.",
        )
    return after
