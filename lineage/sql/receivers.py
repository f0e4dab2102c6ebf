"""After a crawl, new SQL of views is read at once rather than at the next tick."""

import logging
from typing import Any

from django.dispatch import receiver

from catalog.crawling.signals import crawl_finished
from lineage.sql import definitions, tasks

logger = logging.getLogger(__name__)


@receiver(crawl_finished, dispatch_uid="lineage.sql.crawl_finished")
def read_new_views(connection_id: int, **_: Any) -> None:
    if not definitions.waiting().filter(asset__connection=connection_id).exists():
        return
    try:
        tasks.ring()
    except Exception as error:  # whatever the broker's client raises while it is away
        logger.warning("No worker could be rung for new views (%s); beat will", type(error).__name__)
