"""That edges changed: told by whoever writes them, asked by whoever answers from a snapshot of them."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Max
from django.utils import timezone

from lineage.models import GraphChange

_KEPT = dt.timedelta(days=1)
_LATE = 2_000  # numbers that a transaction still open may hold below the newest one


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the trail of changes stands: its newest number, and how many there are above `floor`.

    A transaction that began earlier may commit a smaller number later; it does not raise `newest`, but the count."""

    floor: int = 0
    newest: int = 0
    count: int = 0


def note_graph_changed() -> None:
    """Edges began or ended. Call it inside the transaction that writes them; one insert, no lock."""
    GraphChange.objects.bulk_create([GraphChange(at=timezone.now())])


def mark_now() -> Mark:
    """The mark to keep with a snapshot that is about to be read from the database."""
    newest = GraphChange.objects.aggregate(newest=Max("pk"))["newest"] or 0
    return mark_above(max(newest - _LATE, 0))


def mark_above(floor: int) -> Mark:
    """The mark as it stands, counted above `floor`; equal to the one kept when no edge changed since. One query."""
    found = GraphChange.objects.filter(pk__gt=floor).aggregate(newest=Max("pk"), count=Count("pk"))
    return Mark(floor, found["newest"] or 0, found["count"])


def thin_out(before: Mark) -> int:
    """Drop what no snapshot can ask for any more: older than a day and below the floor of the newest snapshot."""
    old = GraphChange.objects.filter(pk__lte=before.floor, at__lt=timezone.now() - _KEPT)
    return old.delete()[0]
