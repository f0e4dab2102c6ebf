"""What objectives announce, after the transaction of the change is kept."""

from django.dispatch import Signal

slos_evaluated = Signal()  # port_ids: ports of which an objective stands differently, or was measured anew
slo_changed = Signal()  # slo_id, port_id: made, edited, ended or deleted
