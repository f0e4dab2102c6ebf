"""The three states of access as the stepper shows them: decision, validity, provisioning. Pure."""

import datetime as dt
from dataclasses import dataclass, replace

from catalog.access.models import AccessRequest, Agreement
from catalog.access.states import Provisioning, Validity

DECISIONS = {
    "draft": ("unknown", "draft"),
    "submitted": ("warning", "waiting for a decision"),
    "approved": ("unknown", "approved"),  # a decision gives nobody access: it is never green
    "denied": ("bad", "denied"),
    "withdrawn": ("unknown", "withdrawn"),
}
VALIDITIES = {
    Validity.NONE: ("unknown", "nothing agreed yet"),
    Validity.SCHEDULED: ("unknown", "scheduled"),
    Validity.ACTIVE: ("good", "active"),
    Validity.EXPIRING: ("warning", "ends soon"),
    Validity.EXPIRED: ("unknown", "expired"),
    Validity.REVOKED: ("unknown", "revoked"),
}
PROVISIONINGS = {
    Provisioning.NONE: ("unknown", "nothing to grant yet"),
    Provisioning.NOT_NEEDED: ("good", "not needed"),
    Provisioning.WAITING: ("warning", "waiting to be granted"),
    Provisioning.IN_PROGRESS: ("warning", "being granted"),
    Provisioning.GRANTED: ("good", "granted"),
    Provisioning.FAILED: ("bad", "failed"),
    Provisioning.REMOVING: ("warning", "being removed"),
    Provisioning.REMOVED: ("unknown", "removed"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One of the three rows. `at` is when it became so, `until` when it ends; `verified_at` when it was seen."""

    title: str
    meaning: str
    word: str
    at: dt.datetime | None = None
    until: dt.datetime | None = None
    note: str = ""
    verified_at: dt.datetime | None = None


def steps_of(
    agreement: Agreement, request: AccessRequest | None, now: dt.datetime
) -> tuple[Step, Step, Step]:
    """The rows of an agreement, its decision being that of `request` (the newest that concerns the reader)."""
    validity, provisioning = _validity(agreement, now), _provisioning(agreement, now)
    if not agreement.verdict(now).is_usable:
        validity, provisioning = _not_green(validity), _not_green(provisioning)
    return _decision(request), validity, provisioning


def _not_green(step: Step) -> Step:
    """The step where nobody can read: it says the same word, and is not green."""
    return replace(step, meaning="unknown") if step.meaning == "good" else step


def _decision(request: AccessRequest | None) -> Step:
    if request is None:
        return Step("Decision", "unknown", "nothing asked")
    meaning, word = DECISIONS[request.decision]
    at = request.decided_at or request.submitted_at or request.created_at
    return Step("Decision", meaning, word, at, note=request.route and f"By {request.route}.")


def _validity(agreement: Agreement, now: dt.datetime) -> Step:
    found = agreement.validity(now)
    meaning, word = VALIDITIES[found]
    if agreement.cut_short == Agreement.CutShort.RELEASED and found == Validity.REVOKED:
        word = "given back"
    note = agreement.cut_short_reason if agreement.cut_short else ""
    return Step("Validity", meaning, word, agreement.starts_at, agreement.ends_at, note)


def _provisioning(agreement: Agreement, now: dt.datetime) -> Step:
    state = Provisioning(agreement.provisioning)
    meaning, word = PROVISIONINGS[state]
    if agreement.is_over(now) and state == Provisioning.GRANTED:
        meaning, word = "bad", "still granted"
    return Step(
        "Provisioning", meaning, word, agreement.provisioning_at, note=agreement.provisioning_note,
        verified_at=agreement.verified_at,
    )  # fmt: skip
