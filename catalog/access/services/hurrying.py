"""Doing now what the workers would do later: somebody has mended the store, and need not wait for the next try."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from catalog.access import signals
from catalog.access.models import Agreement
from catalog.access.provisioners import Automatic, Ordered, provisioner_of
from catalog.access.services.agreeing import close
from catalog.access.services.writing import announce, locked, save, state_of
from catalog.access.states import Event, Provisioning, provision
from catalog.access.terms import terms_of
from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import Conflict

TO_GRANT = frozenset({Provisioning.WAITING, Provisioning.IN_PROGRESS, Provisioning.FAILED})


def can_be_done_now(agreement: Agreement, now: dt.datetime) -> bool:
    """Whether the portal itself, or a system it tells, has something to do in the store for it."""
    if not isinstance(provisioner_of(terms_of(agreement.port)), Automatic | Ordered):
        return False
    state = Provisioning(agreement.provisioning)
    if agreement.is_over(now):
        return state in TO_GRANT | {Provisioning.GRANTED, Provisioning.REMOVING}
    return agreement.is_in_force(now) and state in TO_GRANT


@transaction.atomic
def do_now(*, actor: User, agreement: Agreement, now: dt.datetime | None = None) -> Agreement:
    """Let a worker grant or remove it at once, whatever failed a moment ago; an order to another system is sent again.

    Raises NotAllowed, Conflict where the portal has nothing to do in the store.
    """
    now = now or timezone.now()
    kernel.require(
        actor, "agreement.provision", agreement, "Only those who answer for the product may say so."
    )
    fresh = locked(agreement.pk)
    if not can_be_done_now(fresh, now):
        raise Conflict(
            "The portal has nothing to do in the store for this agreement now.",
            kept="Nothing was changed.",
            remedy="What is granted by hand is done in the store, and marked here.",
        )
    before = state_of(fresh)
    if fresh.is_over(now):
        close(fresh, now)
    if fresh.provisioning == Provisioning.FAILED:
        fresh.provisioning = provision(Provisioning.FAILED, Event.PLAN).value
        fresh.provisioning_at = now
    fresh.provisioning_note = ""  # what bears no note is due at once
    fresh.ordered_at = None  # and so is an order that was not sent
    save(fresh, actor=actor, verb="hurried", before=before)
    announce(signals.store_work_due, agreement_id=fresh.pk)
    return fresh
