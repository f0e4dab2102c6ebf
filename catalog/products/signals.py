"""What products announce, after the transaction of the change is kept. Receivers get ids, never stale objects."""

from django.dispatch import Signal

products_changed = (
    Signal()
)  # product_ids: changed themselves; port_ids: ports that changed, alone or with the product
ports_claimed = Signal()  # connection_id, actor_id (None: the portal itself)
lifecycle_changed = Signal()  # product_id, before, after
