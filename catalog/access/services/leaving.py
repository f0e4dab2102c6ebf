"""Whoever is shut out of the portal keeps no access to data: their own agreements end, their requests are withdrawn."""

import datetime as dt

from django.db import transaction

from catalog.access import signals
from catalog.access.models import AccessRequest, Agreement
from catalog.access.services.agreeing import close
from catalog.access.services.writing import announce, locked, save, state_of
from catalog.access.states import DecisionState
from catalog.audit import services as audit

REASON = "The person's account was deactivated."


@transaction.atomic
def end_access_of(*, person_id: int, now: dt.datetime) -> int:
    """End every agreement of the person that stands, at once, and withdraw what still waits; how many ended.

    Agreements of teams and products stay: others use them. Done twice it changes nothing. Removing the grants from
    the stores is the provisioners' next work, as after any end.
    """
    waiting = AccessRequest.objects.submitted().filter(agreement__user=person_id)
    for request in waiting.select_related("agreement"):
        _withdraw(request, now)
    ended = 0
    mine = Agreement.objects.standing(now).filter(user=person_id)
    for pk in mine.order_by("pk").values_list("pk", flat=True):
        agreement = locked(pk)
        before = state_of(agreement)
        agreement.ends_at = now
        agreement.cut_short = Agreement.CutShort.REVOKED
        agreement.cut_short_reason = REASON
        close(agreement, now)
        save(agreement, actor=None, verb="revoked", before=before, reason=REASON)
        announce(signals.store_work_due, agreement_id=pk)
        ended += 1
    return ended


def _withdraw(request: AccessRequest, now: dt.datetime) -> None:
    request.decision = DecisionState.WITHDRAWN.value
    request.decided_at = now
    request.save(update_fields=["decision", "decided_at", "updated_at"])
    request.stages.filter(closed_at=None).update(closed_at=now)
    audit.record(
        actor=None,
        verb="agreement.request_withdrawn",
        obj=request.agreement,
        detail={"request": request.pk, "reason": REASON},
    )
    announce(
        signals.access_decided,
        request_id=request.pk,
        agreement_id=request.agreement_id,
        decision=DecisionState.WITHDRAWN.value,
    )
