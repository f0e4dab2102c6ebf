"""Giving access back: a request that needs nobody's word."""

import datetime as dt

from django.db import transaction

from catalog.access.models import AccessRequest, Agreement
from catalog.access.services.requests import draft_request, submit_request, withdraw_request
from catalog.accounts import kernel
from catalog.accounts.models import User


@transaction.atomic
def release_agreement(
    *,
    actor: User,
    agreement: Agreement,
    reason: str = "",
    ends_on: dt.date | None = None,
    now: dt.datetime | None = None,
) -> AccessRequest:
    """End an agreement from the consumer's side, after the notice its terms give. NotAllowed, Invalid, Conflict.

    A request that still waits (a renewal, a change) is withdrawn with it.
    """
    kernel.require(actor, "agreement.release", agreement, "Only its consumer may give it back.")
    for waiting in agreement.requests.submitted():
        withdraw_request(actor=actor, request=waiting, now=now)
    drafted = draft_request(
        actor=actor,
        port=agreement.port,
        consumer=agreement.consumer,
        kind=AccessRequest.Kind.RELEASE,
        purpose=reason,
        ends_on=ends_on,
    )
    return submit_request(actor=actor, request=drafted, now=now)
