"""What webhooks announce."""

from django.dispatch import Signal

deliveries_due = Signal()  # nothing but the fact: somebody should look at the rows that wait
