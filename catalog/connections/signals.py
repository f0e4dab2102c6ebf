"""Events of connections; sent on commit."""

from django.dispatch import Signal

check_queued = Signal()  # check_id
