"""What the audit package does on its own announcements: ring for the worker that numbers events."""

from typing import Any

from django.dispatch import receiver

from catalog.audit import tasks
from catalog.audit.signals import events_published
from catalog.common.bell import Bell

number_bell = Bell(tasks.ring_for_numbers)


@receiver(events_published, dispatch_uid="catalog.audit.events_published")
def ring_for_numbers(**_: Any) -> None:
    number_bell.press()
