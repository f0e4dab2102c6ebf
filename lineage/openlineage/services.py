"""What people do with events."""

from django.db import transaction

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.common.errors import Conflict
from lineage.openlineage.models import LineageEvent
from lineage.openlineage.projecting import let_wait_again


@transaction.atomic
def project_again(*, actor: User | None, event: LineageEvent) -> None:
    """Let a failed event be read once more. Raises NotAllowed, or Conflict when it has not failed."""
    kernel.require(actor, "lineage.project_again", message="You may not have events read again.")
    if not let_wait_again(ids=[event.pk]):
        raise Conflict("This event has not failed.", kept="Nothing was changed.")
    audit.record(actor=actor, verb="lineage_event.project_again", obj=event)
