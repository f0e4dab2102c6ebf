"""What notifications announce, after the transaction is kept."""

from django.dispatch import Signal

noticed = Signal()  # nothing but the fact: somebody should look at the rows that wait
