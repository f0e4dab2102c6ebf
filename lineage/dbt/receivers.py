"""Ring for a worker when an import is queued. Without a broker none is lost: beat rings for every waiting one."""

import logging
from typing import Any

from django.dispatch import receiver

from lineage.dbt import tasks
from lineage.dbt.signals import import_queued

logger = logging.getLogger(__name__)


@receiver(import_queued, dispatch_uid="lineage.dbt.import_queued")
def ring_for_worker(import_id: int, **_: Any) -> None:
    try:
        tasks.ring(import_id)
    except Exception as error:  # whatever the broker's client raises while it is away
        logger.warning(
            "No worker could be rung for import %s (%s); beat will", import_id, type(error).__name__
        )
