"""Reading runs and the health of sources, as somebody may see them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.connections.models import Connection
from catalog.connections.selectors import title_of
from catalog.crawling.models import CrawlRun
from catalog.crawling.permissions import visible_runs
from catalog.products.models import DataProduct, OutputPort

STRIP_DAYS = 30
ACTIVE = (CrawlRun.Status.QUEUED, CrawlRun.Status.RUNNING)
FAILING = (CrawlRun.Status.FAILED, CrawlRun.Status.PARTIAL)


def runs_for(user: User) -> QuerySet[CrawlRun]:
    """Runs `user` may see, newest first, with what a row shows."""
    return (
        CrawlRun.objects.filter(visible_runs(user))
        .select_related("connection__team", "port__product__domain", "requested_by")
        .prefetch_related("port__product__stewardships")
        .order_by("-queued_at", "-pk")
    )


def runs_of_product(user: User, product: DataProduct) -> QuerySet[CrawlRun]:
    """Runs that read a port of the product: of the port itself, or of the whole connection it is in."""
    connections = product.output_ports.exclude(connection=None).values("connection")
    return runs_for(user).filter(Q(port__product=product) | Q(port=None, connection__in=connections))


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a source: the worst that happened, in words too."""

    day: date
    meaning: str  # good, warning, bad, unknown
    sentence: str


@dataclass(frozen=True, slots=True)
class Source:
    """A connection with its last thirty days, oldest first."""

    connection: Connection
    days: Sequence[Day]
    last: CrawlRun | None
    may_crawl: bool

    @property
    def kind(self) -> str:
        """What kind of store it is, in words."""
        return title_of(self.connection.kind)

    @property
    def is_resting(self) -> bool:
        """Left alone by the circuit breaker."""
        until = self.connection.circuit_open_until
        return until is not None and until > timezone.now()

    @property
    def twin(self) -> str:
        """The strip in words."""
        counts = {meaning: sum(day.meaning == meaning for day in self.days) for meaning in _WORDS}
        said = [f"{count} {_WORDS[meaning]}" for meaning, count in counts.items() if count]
        return f"The last {len(self.days)} days: {', '.join(said)}."


_WORDS = {"good": "without trouble", "warning": "in part", "bad": "failed", "unknown": "without a crawl"}
_RANK = {CrawlRun.Status.FAILED: "bad", CrawlRun.Status.PARTIAL: "warning", CrawlRun.Status.SUCCEEDED: "good"}
_ORDER = ("bad", "warning", "good", "unknown")


def connections_for(user: User) -> QuerySet[Connection]:
    """Connections `user` may see, those in trouble first."""
    return (
        Connection.objects.visible_to(user).select_related("team").order_by("-failures_in_row", "name", "pk")
    )


def sources_of(user: User, connections: Iterable[Connection], now: datetime | None = None) -> list[Source]:
    """The health of some connections; two queries, however many."""
    moment = now or timezone.now()
    listed = list(connections)
    ids = [connection.pk for connection in listed]
    since = moment - timedelta(days=STRIP_DAYS - 1)
    recent = CrawlRun.objects.filter(
        connection__in=ids, finished_at__date__gte=since.date(), status__in=list(_RANK)
    )
    found: dict[tuple[int, date], dict[str, int]] = {}
    for connection_id, status, finished_at in recent.values_list("connection_id", "status", "finished_at"):
        if finished_at is None:
            continue
        day = found.setdefault((connection_id, finished_at.date()), {})
        meaning = _RANK[CrawlRun.Status(status)]
        day[meaning] = day.get(meaning, 0) + 1
    newer = CrawlRun.objects.filter(connection=OuterRef("connection"), pk__gt=OuterRef("pk"))
    last = {
        run.connection_id: run for run in CrawlRun.objects.filter(connection__in=ids).exclude(Exists(newer))
    }
    return [
        Source(
            connection,
            [_day(found.get((connection.pk, day), {}), day) for day in _days(moment.date())],
            last.get(connection.pk),
            kernel.can(user, "connection.crawl", connection),
        )
        for connection in listed
    ]


def _days(today: date) -> list[date]:
    return [today - timedelta(days=back) for back in range(STRIP_DAYS - 1, -1, -1)]


def _day(counts: dict[str, int], day: date) -> Day:
    worst = next((meaning for meaning in _ORDER if counts.get(meaning)), "unknown")
    said = ", ".join(f"{counts[meaning]} {_WORDS[meaning]}" for meaning in _ORDER if counts.get(meaning))
    return Day(day, worst, f"{day:%d %b}: {said or 'no crawl'}")


def may_act_on(user: User, run: CrawlRun) -> bool:
    """Whether `user` may stop or repeat the run."""
    if run.port is not None:
        return kernel.can(user, "port.crawl", run.port)
    return kernel.can(user, "connection.crawl", run.connection)


def latest_run(user: User, port: OutputPort) -> CrawlRun | None:
    """The last run `user` may see that read the port, or is about to."""
    if port.connection_id is None:
        return None
    return runs_for(user).filter(Q(port=port) | Q(port=None, connection=port.connection_id)).first()
