"""Which events and runs are kept no longer, and how events that wait or failed are told to those who run the portal."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, Min, OuterRef, QuerySet
from django.utils import timezone

from lineage.models import Run
from lineage.openlineage.models import LineageEvent

LATE = timedelta(minutes=5)  # an event that waits for so long means that no worker reads any
_MOST_COUNTED = 100_000


def old_events(before: datetime) -> QuerySet[LineageEvent]:
    """Events received before that moment; those that still wait stay."""
    return LineageEvent.objects.filter(received_at__lt=before).exclude(state=LineageEvent.State.WAITING)


def old_runs(before: datetime) -> QuerySet[Run]:
    """Runs of which nothing was heard since, but never the last of its job."""
    newer = Run.objects.filter(job=OuterRef("job"), last_event_at__gt=OuterRef("last_event_at")).order_by()
    return Run.objects.filter(Exists(newer), last_event_at__lt=before)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Events that wait or failed, and since when the oldest waits."""

    waiting: int
    failed: int
    oldest_at: datetime | None
    is_late: bool

    @property
    def is_well(self) -> bool:
        return not self.is_late and not self.failed

    @property
    def sentence(self) -> str:
        """What there is to say of them."""
        said = []
        if self.waiting:
            said.append(f"{self.waiting:,} lineage {_events(self.waiting)} to be read.")
        if self.is_late:
            said.append("The oldest waits for more than 5 minutes: no worker reads them.")
        if self.failed:
            failed = "event" if self.failed == 1 else "events"
            said.append(
                f"{self.failed:,} {failed} could not be read; see why, mend it and let them be read again."
            )
        return " ".join(said) or "Every lineage event that came was read."


def backlog(now: datetime | None = None) -> Backlog:
    """Two counts and a minimum over small indexes."""
    now = now or timezone.now()
    waiting = LineageEvent.objects.waiting().order_by()
    oldest = waiting.aggregate(at=Min("received_at"))["at"]
    return Backlog(
        waiting=waiting[:_MOST_COUNTED].count(),
        failed=LineageEvent.objects.failed().order_by()[:_MOST_COUNTED].count(),
        oldest_at=oldest,
        is_late=oldest is not None and oldest < now - LATE,
    )


def _events(number: int) -> str:
    return "event waits" if number == 1 else "events wait"
