"""What every write to access does besides writing: the lock, the audit event, the signals on commit."""

from functools import partial

from django.db import transaction
from django.dispatch import Signal

from catalog.access import signals
from catalog.access.models import Agreement
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.audit.changes import difference, snapshot

AGREED = ("mode", "columns", "principal", "starts_at", "ends_at", "cut_short", "provisioning", "verified_at")
JOINS = (
    "port__product__domain__team",
    "port__product__team",
    "user",
    "team",
    "product__domain",
    "product__team",
)


def locked(pk: int) -> Agreement:
    """The agreement with its row locked: whoever changes it or one of its requests begins here."""
    rows = Agreement.objects.select_related(*JOINS).select_for_update(of=("self",))
    found: Agreement = rows.get(pk=pk)
    return found


def state_of(agreement: Agreement) -> dict[str, object]:
    """What of an agreement an audit event tells."""
    return snapshot(agreement, AGREED)


def save(
    agreement: Agreement, *, actor: User | None, verb: str, before: dict[str, object], **detail: object
) -> None:
    """Save with the next revision, leave an audit event, tell on commit.

    The event belongs to the agreement, not to the product: who has access is not told to everybody who sees it.
    """
    agreement.revision += 1
    agreement.save()
    audit.record(
        actor=actor,
        verb=f"agreement.{verb}",
        obj=agreement,
        changes=difference(before, state_of(agreement)),
        detail={name: value for name, value in detail.items() if value not in (None, "")},
    )
    announce(signals.agreement_changed, agreement_id=agreement.pk, port_id=agreement.port_id)


def announce(signal: Signal, **ids: object) -> None:
    """Send on commit; a receiver that fails does not undo what was done."""
    transaction.on_commit(partial(signal.send_robust, sender=Agreement, **ids))
