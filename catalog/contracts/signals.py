"""What contracts announce, after the transaction of the change is kept."""

from django.dispatch import Signal

# port_ids: ports whose data differs from their contract otherwise than before; at: when it was judged
drift_changed = Signal()
port_contract_changed = (
    Signal()
)  # port_ids: offered under another contract or version, or under none any more
