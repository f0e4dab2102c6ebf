"""Ring for a worker when a test was asked for."""

import logging
from typing import Any

from django.dispatch import receiver

from catalog.connections.signals import check_queued
from catalog.connections.tasks import ring

logger = logging.getLogger(__name__)


@receiver(check_queued, dispatch_uid="connections.ring_for_check")
def ring_for_check(check_id: int, **_: Any) -> None:
    """A broker that is away does no harm: beat finds the row."""
    try:
        ring(check_id)
    except Exception:  # whatever the broker's client raises
        logger.warning("No doorbell for test %s; it will be found by the clock.", check_id)
