"""Last use of what is granted: reported by a system of the owner, or read from the store where it can be known."""

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import Conflict, Problem
from catalog.common.validation import invalid

AHEAD = dt.timedelta(minutes=5)  # clocks differ
REPORTED = "reported"


@transaction.atomic
def report_use(
    *, actor: User, agreement: Agreement, used_at: dt.datetime, now: dt.datetime | None = None
) -> Agreement:
    """Say when the access was last used. An older moment than the one known changes nothing, so any order will do.

    Raises NotAllowed, Invalid for a moment in the future or before anything was agreed, Conflict where nothing was.
    """
    now = now or timezone.now()
    kernel.require(
        actor, "agreement.provision", agreement, "Only those who answer for the product may say so."
    )
    if used_at > now + AHEAD:
        raise invalid([Problem("used_at", "range", "This moment has not come yet.")])
    if agreement.asked_at is None or agreement.starts_at is None:
        raise Conflict("Nothing was agreed, so nothing can have been used.", kept="Nothing was changed.")
    if used_at < agreement.asked_at:
        raise invalid([Problem("used_at", "range", "It was asked for after that moment.")])
    note_use(agreement, used_at, REPORTED)
    agreement.refresh_from_db(fields=["last_used_at", "last_used_source"])
    return agreement


def note_use(agreement: Agreement, used_at: dt.datetime, source: str) -> None:
    """Write down a use that is newer than the one known; `source` says who knows of it. No revision: nothing that was
    agreed or granted changes."""
    older = Q(last_used_at=None) | Q(last_used_at__lt=used_at)
    Agreement.objects.filter(older, pk=agreement.pk).update(last_used_at=used_at, last_used_source=source)


def note_count(agreement: Agreement, uses: int | None, source: str, now: dt.datetime) -> None:
    """What the store counted when it was looked at. More than at the look before means that it was used in between;
    the portal says the moment of the look, which is up to an hour too late. A count that fell was begun anew."""
    if uses is None:
        return
    if agreement.uses_seen is not None and uses > agreement.uses_seen:
        note_use(agreement, now, source)
    if uses != agreement.uses_seen:
        Agreement.objects.filter(pk=agreement.pk).update(uses_seen=uses)
