"""Reading of sensitive things, in the audit trail: at most one event per person, thing and day (UTC)."""

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from catalog.audit.models import AuditEvent, ReadMark

if TYPE_CHECKING:
    from catalog.accounts.models import User


def record_read(
    *, actor: "User", what: str, object_id: int, name: str, detail: dict[str, Any] | None = None
) -> bool:
    """Note that `actor` read `what` of an object (`values` of a port); the event's verb is `<what>.read`.

    The first of a day leaves the event and says True. The event belongs to no product: who reads what is for auditors
    alone. Nothing changed, so nobody is told and nothing remembered is forgotten.
    """
    mark: dict[str, Any] = {
        "person": actor.pk,
        "what": what,
        "object_id": object_id,
        "day": timezone.now().date(),
    }
    if ReadMark.objects.filter(**mark).exists():
        return False
    with transaction.atomic():
        _, is_new = ReadMark.objects.get_or_create(**mark)
        if is_new:
            AuditEvent(
                actor=actor, actor_name=str(actor), actor_number=actor.pk, verb=f"{what}.read", object_kind=what,
                object_id=object_id, object_name=name[:300], detail=detail or {},
            ).save(force_insert=True)  # fmt: skip
    return is_new
