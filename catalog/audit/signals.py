"""What the outbox announces."""

from django.dispatch import Signal

changes_marked = Signal()  # nothing but the fact: sent in the transaction that left the marks
