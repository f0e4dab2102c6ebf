"""What notifications do when something happens: ring for a worker when a notice was left."""

import logging
from typing import Any

from django.dispatch import receiver

from catalog.notifications import tasks
from catalog.notifications.models import Notice
from catalog.notifications.signals import noticed

logger = logging.getLogger(__name__)


@receiver(noticed, sender=Notice, dispatch_uid="catalog.notifications.noticed")
def ring_for_worker(**_: Any) -> None:
    try:
        tasks.ring()
    except Exception as error:  # whatever the broker's client raises while it is away
        logger.warning("No worker could be rung for a notice (%s); the clock will", type(error).__name__)
