"""What the audit trail and the outbox announce, inside the transaction of the change."""

from django.dispatch import Signal

events_recorded = Signal()  # events: list[AuditEvent]
changes_marked = Signal()  # nothing but the fact
