"""What products announce, after the transaction of the change is kept. Receivers get ids, never stale objects."""

from django.dispatch import Signal

product_changed = Signal()  # product_id
port_changed = Signal()  # port_id, product_id
ports_claimed = Signal()  # connection_id, actor_id (None: the portal itself)
lifecycle_changed = Signal()  # product_id, before, after
