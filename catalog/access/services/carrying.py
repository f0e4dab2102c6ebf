"""A port that is granted in another way from now on: what becomes of the agreements there are."""

import datetime as dt

from catalog.access.models import Agreement
from catalog.access.provisioners import ByHand, Provisioner
from catalog.access.services.writing import locked, save, state_of
from catalog.access.states import MAY_BE_THERE, Event, Provisioning, provision
from catalog.accounts.models import User
from catalog.common.errors import Problem
from catalog.common.validation import invalid
from catalog.products.models import OutputPort


def carry_over(
    *, actor: User | None, port: OutputPort, before: Provisioner, after: Provisioner, now: dt.datetime
) -> None:
    """Bring the agreements of a port in line with the provisioner its terms name now, inside their transaction.

    What nobody had to grant is to be granted where that is needed now, and what only waited is open where it is not.
    Raises Invalid while something may be in the store that nobody would take away any more; what was granted by hand
    is taken over by whatever looks into the store itself.
    """
    rows = list(
        Agreement.objects.select_for_update(of=("self",))
        .filter(port=port)
        .order_by("pk")
        .only("pk", "provisioning", "starts_at", "ends_at", "closed_at")
    )
    there = [row for row in rows if Provisioning(row.provisioning) in MAY_BE_THERE]
    if there and not (isinstance(before, ByHand) and after.needs_work):
        raise invalid([Problem("provisioner", "in_use", _words(len(there)))])
    event, state = (
        (Event.PLAN, Provisioning.NOT_NEEDED) if after.needs_work else (Event.WAIVE, Provisioning.WAITING)
    )
    for row in rows:
        if row.provisioning == state and row.starts_at is not None and not row.is_over(now):
            _replan(actor, row.pk, event, now)


def _words(count: int) -> str:
    agreements = "1 agreement" if count == 1 else f"{count} agreements"
    return (
        f"Access by {agreements} may be in the store, and nobody would remove it there any more. Nothing was saved. "
        "End those agreements and have them removed first, or publish a new version of the port with other terms."
    )


def _replan(actor: User | None, pk: int, event: Event, now: dt.datetime) -> None:
    agreement = locked(pk)
    before = state_of(agreement)
    agreement.provisioning = provision(Provisioning(agreement.provisioning), event).value
    agreement.provisioning_at, agreement.provisioning_note = now, ""
    agreement.verified_at = agreement.late_told_at = None
    agreement.lacking_since = now if event == Event.PLAN else None
    save(agreement, actor=actor, verb=_VERBS[event], before=before)


_VERBS = {Event.PLAN: "granting_planned", Event.WAIVE: "granting_waived"}
