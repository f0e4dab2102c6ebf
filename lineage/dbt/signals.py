"""What imports of dbt announce, after the transaction of the change is kept."""

from django.dispatch import Signal

import_queued = Signal()  # import_id: somebody should look at the queue
