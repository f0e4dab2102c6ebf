"""The basket: collecting ports, and asking for all of them at once. Nothing of it is anybody else's business, so the
audit trail knows only of the requests that come of it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from catalog.access.basket import BasketItem
from catalog.access.deciders import Consumer
from catalog.access.models import AccessRequest
from catalog.access.services.requests import Wishes, draft_request, submit_request
from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import Conflict, PortalError
from catalog.products.models import OutputPort

MOST_ITEMS = 20


@transaction.atomic
def put_in_basket(*, actor: User, port: OutputPort) -> BasketItem:
    """Collect a port; twice is once. Raises NotAllowed, Conflict when the basket is full."""
    kernel.require(actor, "access.request", port, "You may not ask for access to this port.")
    User.objects.select_for_update(of=("self",)).get(
        pk=actor.pk
    )  # two clicks at once count one after the other
    found = BasketItem.objects.filter(user=actor, port=port).first()
    if found is not None:
        return found
    if BasketItem.objects.filter(user=actor).count() >= MOST_ITEMS:
        raise Conflict(
            f"The basket is full: it holds {MOST_ITEMS} ports.",
            kept="What is in it stays in it.",
            remedy="Ask for these first, or take some out.",
        )
    return BasketItem.objects.create(user=actor, port=port)


@transaction.atomic
def take_out_of_basket(*, actor: User, port_ids: Sequence[int]) -> int:
    """Take ports out of one's own basket; how many were in it."""
    return BasketItem.objects.filter(user=actor, port__in=port_ids).delete()[0]


@dataclass(frozen=True, slots=True)
class Part:
    """What is particular to one port of the basket. `wishes` go over those shared."""

    port: OutputPort
    wishes: Wishes
    accepted_digest: str = ""


@dataclass(slots=True)
class Outcome:
    """What came of asking for all: the requests that were sent, and why others were not."""

    sent: list[AccessRequest] = field(default_factory=list)
    refused: dict[int, PortalError] = field(default_factory=dict)  # by port


def ask_for_all(
    *, actor: User, consumer: Consumer, shared: Wishes, parts: Sequence[Part], now: dt.datetime | None = None
) -> Outcome:
    """One request for each port, sent by itself: what cannot be asked for keeps nothing from the others and stays in
    the basket."""
    outcome = Outcome()
    for part in parts:
        wishes: Wishes = {**shared, **part.wishes}
        try:
            with transaction.atomic():
                made = draft_request(actor=actor, port=part.port, consumer=consumer, **wishes)
                submit_request(actor=actor, request=made, accepted_digest=part.accepted_digest, now=now)
                take_out_of_basket(actor=actor, port_ids=[part.port.pk])
        except PortalError as error:
            outcome.refused[part.port.pk] = error
        else:
            outcome.sent.append(made)
    return outcome
