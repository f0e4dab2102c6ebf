"""What others do that ends access: a person who is shut out loses their grants with the same stroke."""

import datetime as dt
from typing import Any

from django.dispatch import receiver

from catalog.access.services.leaving import end_access_of
from catalog.accounts.signals import person_deactivated


@receiver(person_deactivated, dispatch_uid="catalog.access.end_with_person")
def end_with_person(sender: Any, person_id: int, at: dt.datetime, **_: Any) -> None:
    """Inside the transaction of the deactivation."""
    end_access_of(person_id=person_id, now=at)
