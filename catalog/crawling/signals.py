"""What crawling announces, after the transaction of the change is kept."""

from django.dispatch import Signal

crawl_queued = Signal()  # run_id: somebody should look at the queue
crawl_finished = Signal()  # run_id, connection_id
