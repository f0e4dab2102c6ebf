"""Handing over in bulk what a person held."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from catalog.accounts import holdings
from catalog.accounts.kernel import require
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.common.errors import Invalid, Problem


@dataclass(frozen=True, slots=True)
class Step:
    """What will happen to one holding; `merged` when the receiver holds the same already."""

    holding: holdings.Holding
    merged: bool


def plan_handover(*, actor: User, person: User, receiver: User, keys: Collection[str]) -> list[Step]:
    """What `hand_over` would do with the same arguments; writes nothing, raises the same errors."""
    require(actor, "person.administer", None, "Only platform administrators may hand over.")
    _check(person, receiver)
    wanted = set(keys)
    merged = set().union(*(provider.already_held(wanted, receiver) for provider in holdings.providers()))
    found = [
        holding
        for held in holdings.held_by(person, actor).values()
        for holding in held
        if holding.key in wanted
    ]
    missing = wanted - {holding.key for holding in found}
    if missing or not found:
        message = "Some of it is no longer held." if missing else "Choose what to hand over."
        raise Invalid(message, "Nothing was changed.", "", [Problem("keys", "choice", message)])
    return [Step(holding, holding.key in merged) for holding in found]


@transaction.atomic
def hand_over(*, actor: User, person: User, receiver: User, keys: Collection[str]) -> int:
    """Give what `keys` name (see `holdings.Holding.key`) from `person` to `receiver`, all or nothing; how many.

    Raises NotAllowed, or Invalid when the receiver is the same person or deactivated, or a key is not held.
    """
    steps = plan_handover(actor=actor, person=person, receiver=receiver, keys=keys)
    for provider in holdings.providers():
        mine = [step.holding.key for step in steps if step.holding.kind == provider.kind]
        if mine:
            provider.hand_over(actor=actor, keys=mine, person=person, receiver=receiver)
    audit.record(
        actor=actor,
        verb="person.handed_over",
        obj=person,
        detail={"receiver": receiver.username, "count": len(steps)},
    )
    return len(steps)


def _check(person: User, receiver: User) -> None:
    problem = ""
    if receiver.pk == person.pk:
        problem = "Choose somebody else."
    elif not receiver.is_active:
        problem = f"{receiver} is deactivated."
    if problem:
        raise Invalid(problem, "Nothing was changed.", "", [Problem("receiver", "choice", problem)])
