"""The life of a product as a table: which step may follow which, and what each step asks for. Pure."""

import datetime as dt
from dataclasses import dataclass

from catalog.common.errors import Problem

PROPOSED, DRAFT, ACTIVE, DEPRECATED, RETIRED = "proposed", "draft", "active", "deprecated", "retired"

#: step -> steps that may follow. An active product never becomes a draft again: people rely on its address.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    PROPOSED: (DRAFT,),
    DRAFT: (PROPOSED, ACTIVE),
    ACTIVE: (DEPRECATED,),
    DEPRECATED: (ACTIVE, RETIRED),
    RETIRED: (),
}

#: What people press, and what it does.
VERBS: dict[tuple[str, str], str] = {
    (PROPOSED, DRAFT): "Start the draft",
    (DRAFT, PROPOSED): "Back to proposed",
    (DRAFT, ACTIVE): "Publish",
    (ACTIVE, DEPRECATED): "Deprecate",
    (DEPRECATED, ACTIVE): "Withdraw the deprecation",
    (DEPRECATED, RETIRED): "Retire",
}

#: Steps towards these are decided by those who may publish; the others by those who may edit.
DECIDED_BY_PUBLISHERS = frozenset({ACTIVE, DEPRECATED, RETIRED})


@dataclass(frozen=True, slots=True)
class Standing:
    """What the table looks at: the product as it is, and what the person says with the step."""

    lifecycle: str
    has_team: bool
    has_business_owner: bool
    has_technical_owner: bool
    has_purpose: bool
    output_ports: int
    today: dt.date
    has_successor: bool = False
    reason: str = ""
    sunset_on: dt.date | None = None


def next_steps(lifecycle: str) -> tuple[str, ...]:
    """The steps that may follow `lifecycle`."""
    return TRANSITIONS.get(lifecycle, ())


def missing_for(standing: Standing, step: str) -> list[Problem]:
    """Everything that stands in the way of `step`, each with its remedy; empty when it may be taken."""
    if step not in TRANSITIONS:
        return [Problem("lifecycle", "unknown", f"There is no lifecycle step named {step}.")]
    if step not in next_steps(standing.lifecycle):
        following = ", ".join(next_steps(standing.lifecycle)) or "nothing: it is the end"
        return [
            Problem(
                "lifecycle",
                "transition",
                f"A product that is {standing.lifecycle} cannot become {step}; what may follow is {following}.",
            )
        ]
    if step == ACTIVE:
        return _missing_to_publish(standing)
    if step == DEPRECATED:
        return _missing_to_deprecate(standing)
    if step == RETIRED and standing.sunset_on and standing.today < standing.sunset_on and not standing.reason:
        return [
            Problem(
                "reason",
                "early",
                f"Its sunset date is {standing.sunset_on}. Retiring it earlier breaks a promise: say why.",
            )
        ]
    return []


def _missing_to_publish(standing: Standing) -> list[Problem]:
    wanted = (
        (standing.has_team, "team", "Name the accountable team."),
        (standing.has_business_owner, "business_owner", "Name a business owner."),
        (standing.has_technical_owner, "technical_owner", "Name a technical owner."),
        (standing.has_purpose, "purpose", "Say in a sentence what the product is for."),
        (standing.output_ports > 0, "output_ports", "Add an output port: without one nobody can use it."),
    )
    return [Problem(path, "required_to_publish", message) for present, path, message in wanted if not present]


def _missing_to_deprecate(standing: Standing) -> list[Problem]:
    problems = []
    if not standing.has_successor and not standing.reason.strip():
        problems.append(
            Problem(
                "successor",
                "required_to_deprecate",
                "Name the successor, or give a reason for those who use it.",
            )
        )
    if standing.sunset_on is None:
        problems.append(
            Problem("sunset_at", "required_to_deprecate", "Give the day after which it is no longer offered.")
        )
    elif standing.sunset_on < standing.today:
        problems.append(Problem("sunset_at", "past", "The sunset date is in the past; choose a coming day."))
    return problems
