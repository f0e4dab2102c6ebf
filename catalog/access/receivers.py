"""What others do that ends access: a person who is shut out loses their grants with the same stroke. And the bell for
work in stores that should not wait."""

import datetime as dt
from typing import Any

from django.dispatch import receiver

from catalog.access import tasks
from catalog.access.services.leaving import end_access_of
from catalog.access.signals import store_work_due
from catalog.accounts.signals import person_deactivated
from catalog.common.bell import Bell

store_bell = Bell(tasks.ring_for_store_work)


@receiver(person_deactivated, dispatch_uid="catalog.access.end_with_person")
def end_with_person(sender: Any, person_id: int, at: dt.datetime, **_: Any) -> None:
    """Inside the transaction of the deactivation."""
    end_access_of(person_id=person_id, now=at)


@receiver(store_work_due, dispatch_uid="catalog.access.store_work_due")
def ring_for_store_work(**_: Any) -> None:
    store_bell.press()
