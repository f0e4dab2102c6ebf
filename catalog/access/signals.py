"""What access announces, after the transaction of the change is kept. Receivers get ids, never stale objects."""

from django.dispatch import Signal

access_requested = Signal()  # request_id, agreement_id: submitted, waiting for a decision
access_decided = Signal()  # request_id, agreement_id, decision ("approved", "denied", "withdrawn")
access_escalated = Signal()  # request_id, stage_id: too long without a decision
access_granted = Signal()  # agreement_id: it is there, seen
access_ending = Signal()  # agreement_id, days: the end comes within so many days; sent inside the transaction
access_ended = Signal()  # agreement_id, reason ("expired", "revoked", "released")
store_work_due = Signal()  # agreement_id: something in a store should not wait for the clock
agreement_changed = Signal()  # agreement_id, port_id: any of its states changed
