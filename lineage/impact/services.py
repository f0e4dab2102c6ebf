"""Proposals of classifications: kept true by a task, decided by owners."""

from django.db import transaction
from django.utils import timezone

from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.common.errors import Conflict, NotAllowed
from catalog.schemas.services import annotate_field
from lineage.impact.propagating import Reason, reasons
from lineage.models import ClassificationProposal

_AT_ONCE = 500
State = ClassificationProposal.State


def refresh_proposals() -> int:
    """Propose what follows from lineage now, and let lapse what no longer does; returns how many rows changed.

    What was dismissed stays dismissed unless its reason is another one now; what was accepted and taken back later is
    not proposed again for the same reason either. Safe to repeat."""
    wanted = {(reason.column_id, reason.classification_id): reason for reason in reasons()}
    with transaction.atomic():
        rows = ClassificationProposal.objects.select_for_update().order_by("pk")
        known = {(row.column_id, row.classification_id): row for row in rows.iterator(chunk_size=2_000)}
        made = [_new(reason) for key, reason in wanted.items() if key not in known]
        ClassificationProposal.objects.bulk_create(made, batch_size=_AT_ONCE)
        changed = [row for key, row in known.items() if _is_moved(row, wanted.get(key))]
        names = ["because", "steps", "basis", "state", "note", "decided_by", "decided_at", "updated_at"]
        ClassificationProposal.objects.bulk_update(changed, names, batch_size=_AT_ONCE)
    return len(made) + len(changed)


def _new(reason: Reason) -> ClassificationProposal:
    return ClassificationProposal(
        column_id=reason.column_id,
        classification_id=reason.classification_id,
        because_id=reason.because_id,
        steps=reason.steps,
        basis=reason.basis,
    )


def _is_moved(row: ClassificationProposal, reason: Reason | None) -> bool:
    """Bring one row up to date; whether anything of it changed."""
    row.updated_at = timezone.now()
    if reason is None:
        if row.state != State.PROPOSED:
            return False
        row.state = State.LAPSED
        return True
    if row.basis == reason.basis:
        if row.state != State.LAPSED:
            return False
    else:
        row.because_id, row.steps, row.basis = reason.because_id, reason.steps, reason.basis
        row.note, row.decided_by, row.decided_at = "", None, None
    row.state = State.PROPOSED
    return True


@transaction.atomic
def accept_proposal(
    *, actor: User, proposal: ClassificationProposal, note: str = ""
) -> ClassificationProposal:
    """Classify the column as proposed, through the service of fields, which checks that `actor` may.

    Raises NotAllowed, Conflict where it is decided already, NotFound where the schema has no such field any more."""
    row = _to_decide(actor, proposal)
    annotate_field(
        actor=actor, asset=row.column.asset, path=row.column.path, classification=row.classification
    )
    return _decided(actor, row, State.ACCEPTED, note)


@transaction.atomic
def dismiss_proposal(*, actor: User, proposal: ClassificationProposal, note: str) -> ClassificationProposal:
    """Leave the column as it is; it is not proposed again unless its reason changes. Raises as `accept_proposal`."""
    return _decided(actor, _to_decide(actor, proposal), State.DISMISSED, note)


def _to_decide(actor: User, proposal: ClassificationProposal) -> ClassificationProposal:
    """The row, locked."""
    if not ClassificationProposal.objects.visible_to(actor).filter(pk=proposal.pk).exists():
        raise NotAllowed(
            "You may not decide about this column.",
            kept="Nothing was changed.",
            remedy="Ask the people in charge of the product.",
        )
    rows = ClassificationProposal.objects.select_for_update(of=("self",))
    row = rows.select_related("column__asset", "classification").get(pk=proposal.pk)
    if row.state != State.PROPOSED:
        raise Conflict(
            f"This was decided already: {row.get_state_display().lower()}.",
            kept="Nothing was changed.",
            remedy="Change the classification on the schema page of the product.",
        )
    return row


def _decided(actor: User, row: ClassificationProposal, state: str, note: str) -> ClassificationProposal:
    row.state, row.note = state, note.strip()
    row.decided_by, row.decided_at = actor, timezone.now()
    row.full_clean(exclude=["column", "because"])
    row.save()
    products = sorted(set(row.column.asset.output_ports.values_list("product_id", flat=True)))
    for product_id in products:
        audit.record(
            actor=actor,
            verb=f"classification_proposal.{state}",
            obj=row,
            product_id=product_id,
            name=f"{row.classification} for {row.column.path}",
            detail={"note": row.note} if row.note else None,
        )
    return row
