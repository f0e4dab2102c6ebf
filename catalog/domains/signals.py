"""What domains announce. Sent inside the transaction of the change, so that receivers can leave index marks in it."""

from django.dispatch import Signal

domain_changed = Signal()  # domain
