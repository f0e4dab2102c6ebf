"""The operations page: what runs, what waits, what fails, each in a sentence, for those who run the platform."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.access import provisioners
from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.errors import NotAllowed
from catalog.connections.connectors.registry import BrokenPlugin, registry
from catalog.connections.models import Connection
from catalog.crawling.models import CrawlRun
from catalog.search.selectors import IndexState, index_state
from lineage.openlineage.keeping import Backlog, backlog
from meshportal import retention
from meshportal.health import Reading, read_all
from meshportal.journal import Event, latest

SOURCES_SHOWN = 50
LATE = timedelta(minutes=5)  # a due run nobody took for so long means that no worker takes runs

TITLES = {
    "database": "Database",
    "migrations": "Tables",
    "cache": "Cache and broker",
    "worker": "Worker and clock",
    "search": "Search index",
    "disk": "Disk",
    "replica": "Read replica",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the portal as the page shows it."""

    title: str
    is_well: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Crawls:
    """Crawl runs that wait or run, and how the last day's ended."""

    waiting: int
    late: int
    running: int
    oldest_due_at: datetime | None
    succeeded: int
    failed: int


@dataclass(frozen=True, slots=True)
class Kept:
    """How long rows of one kind are kept, and how many went the last time."""

    name: str
    kept: str
    words: str
    gone: int | None


@dataclass(frozen=True, slots=True)
class Overview:
    parts: list[Part]
    index: IndexState
    crawls: Crawls
    lineage: Backlog
    failing: list[Connection]
    failing_total: int
    broken_connectors: tuple[BrokenPlugin, ...]
    broken_provisioners: tuple[BrokenPlugin, ...]
    events: list[Event]
    kept: list[Kept]
    retention_at: datetime | None

    @property
    def is_well(self) -> bool:
        return all(part.is_well for part in self.parts) and not self.crawls.late and self.lineage.is_well


def overview(now: datetime | None = None) -> Overview:
    """Everything the page shows; a fixed number of queries."""
    now = now or timezone.now()
    failing = _failing()
    last = retention.last_applied()
    return Overview(
        parts=[_part(name, reading) for name, reading in read_all().items()],
        index=index_state(),
        crawls=_crawls(now),
        lineage=backlog(now),
        failing=list(failing[:SOURCES_SHOWN]),
        failing_total=failing.count(),
        broken_connectors=registry().broken,
        broken_provisioners=provisioners.found().broken,
        events=latest(Path(settings.DATA_DIR)),
        kept=_kept(last["gone"] if last else {}),
        retention_at=last["at"] if last else None,
    )


def _part(name: str, reading: Reading) -> Part:
    words = reading.reason or reading.note or "Answers."
    return Part(TITLES.get(name, name.title()), reading.ok, words[:1].upper() + words[1:])


def _kept(gone: dict[str, int]) -> list[Kept]:
    return [Kept(rule.name, rule.kept, rule.words, gone.get(rule.name)) for rule in retention.rules()]


def _failing() -> QuerySet[Connection]:
    """Sources whose last crawl failed, the most stubborn first."""
    rows = Connection.objects.filter(failures_in_row__gt=0, is_paused=False)
    return rows.select_related("team").order_by("-failures_in_row", "name")


def _crawls(now: datetime) -> Crawls:
    queued, since = Q(status=CrawlRun.Status.QUEUED), Q(finished_at__gte=now - timedelta(days=1))
    due = queued & Q(due_at__lte=now)
    counts = CrawlRun.objects.aggregate(
        waiting=Count("pk", filter=queued),
        late=Count("pk", filter=queued & Q(due_at__lte=now - LATE)),
        running=Count("pk", filter=Q(status=CrawlRun.Status.RUNNING)),
        oldest_due_at=Min("due_at", filter=due),
        succeeded=Count(
            "pk", filter=since & Q(status__in=(CrawlRun.Status.SUCCEEDED, CrawlRun.Status.PARTIAL))
        ),
        failed=Count("pk", filter=since & Q(status=CrawlRun.Status.FAILED)),
    )
    return Crawls(**counts)


@never_cache
@require_safe
def operations(request: HttpRequest) -> HttpResponse:
    """For platform admins; others learn nothing of hosts and sources here."""
    if not kernel.standing(caller(request)).is_platform_admin:
        raise NotAllowed("The operations page is for platform admins.")
    return render(request, "meshportal/operations.html", {"overview": overview()})
