"""Bringing an older version of an objective back, as a new change: nothing of the history is rewritten."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.slos import services
from catalog.slos.models import ServiceLevelObjective

#: What is brought back: everything people say of it. Whether it is promised at all is a step of its own.
RESTORED = tuple(name for name in services.FIELDS if name != "ended_at")


def history_of(slo: ServiceLevelObjective) -> QuerySet[Any]:
    """Every version, newest first, with its author."""
    rows: QuerySet[Any] = slo.history.select_related("history_user").order_by("-history_id")
    return rows


@transaction.atomic
def restore_slo(
    *,
    actor: User | None,
    slo: ServiceLevelObjective,
    history_id: int,
    expected_revision: int | None = None,
) -> ServiceLevelObjective:
    """Promise what an older version promised; measurements stay and are judged by its bounds again.

    Raises NotFound for a version of something else, and what `edit_slo` raises (the kind of what was measured stays).
    """
    kernel.require(actor, "slo.edit", slo)
    record = slo.history.filter(history_id=history_id).first()
    if record is None:
        raise NotFound("There is no such version of this objective.")
    fields: Any = {name: getattr(record, name) for name in RESTORED}
    reason = f"Restored the version of {record.history_date:%Y-%m-%d %H:%M} UTC"
    return services.edit_slo(
        actor=actor, slo=slo, expected_revision=expected_revision, reason=reason, **fields
    )
