"""What objectives announce; after the transaction of the change is kept, unless said otherwise."""

from django.dispatch import Signal

slos_evaluated = Signal()  # port_ids: ports of which an objective stands differently, or was measured anew
slos_turned = Signal()  # turns: list[evaluating.Turn], at; inside the transaction of the evaluation
slos_changed = Signal()  # port_ids: an objective of theirs was made, edited, ended or deleted
