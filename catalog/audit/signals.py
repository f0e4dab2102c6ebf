"""What the audit trail and the outbox announce, inside the transaction of the change."""

from django.dispatch import Signal

events_recorded = Signal()  # events: list[AuditEvent]; an error of a receiver undoes the change
changes_marked = Signal()  # nothing but the fact
events_published = (
    Signal()
)  # nothing but the fact: rows of the outbox are committed and wait for their position
events_numbered = Signal()  # nothing but the fact: the feed has grown
