"""Asking for crawls and stopping them; everything people and beat do to runs. Workers' side: `claims`, `runner`."""

from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import AssetReading
from catalog.audit import services as audit
from catalog.common.errors import Conflict, Invalid
from catalog.connections.models import Connection, Schedule
from catalog.crawling import schedule
from catalog.crawling.models import CrawlRun
from catalog.crawling.signals import crawl_queued
from catalog.products.models import DataProduct, OutputPort
from catalog.quality.models import QualityScore

Status = CrawlRun.Status
Trigger = CrawlRun.Trigger
FINISHED = (Status.SUCCEEDED, Status.PARTIAL, Status.FAILED, Status.CANCELLED)
CLOCK_JITTER = timedelta(seconds=60)  # by which the clocks of hosts may differ
FULL_HISTORY = timedelta(days=30)


def request_crawl(
    *,
    actor: User | None,
    connection: Connection | None = None,
    port: OutputPort | None = None,
    now: datetime | None = None,
) -> CrawlRun:
    """Queue a crawl of a whole connection, or of one port's data, and ring for a worker.

    Asking again while one is queued gives that run. A person is let through where the circuit breaker would make the
    schedule wait. Raises NotAllowed, Conflict (paused) or Invalid (the port has no connection).
    """
    now = now or timezone.now()
    if port is not None:
        kernel.require(actor, "port.crawl", port, "You may not crawl this port.")
        connection = port.connection
    elif connection is not None:
        kernel.require(actor, "connection.crawl", connection, "You may not crawl this connection.")
    if connection is None:
        raise Invalid(
            "There is nothing to crawl: the port has no connection.",
            remedy="Choose the connection its data is reached through, then ask again.",
        )
    if connection.is_paused:
        raise Conflict(
            f"Crawling of {connection} is paused.", remedy="Somebody of its team can resume it on its page."
        )
    with transaction.atomic():
        run = _queue(connection, port, Trigger.MANUAL, actor, now, now)
        if run is None:
            return CrawlRun.objects.get(connection=connection, port=port, status=Status.QUEUED)
        audit.record(
            actor=actor,
            verb="connection.crawl_requested",
            obj=connection,
            product_id=port.product_id if port else None,
            detail={"run": run.pk, "port": str(port) if port else ""},
        )
    return run


def _queue(
    connection: Connection,
    port: OutputPort | None,
    trigger: str,
    actor: User | None,
    now: datetime,
    due_at: datetime,
    attempt: int = 1,
) -> CrawlRun | None:
    """A queued run, announced on commit; None when one of the same scope is queued already."""
    try:
        with transaction.atomic():
            run = CrawlRun.objects.create(
                connection=connection,
                port=port,
                trigger=trigger,
                requested_by=actor,
                queued_at=now,
                due_at=due_at,
                attempt=attempt,
            )
    except IntegrityError:
        return None
    if due_at <= now:
        transaction.on_commit(partial(crawl_queued.send_robust, sender=CrawlRun, run_id=run.pk))
    return run


def request_product_crawl(
    *, actor: User | None, product: DataProduct, now: datetime | None = None
) -> list[CrawlRun]:
    """Queue a crawl of every port of a product that has a connection which is not paused.

    Raises NotAllowed, or Invalid when no port can be crawled.
    """
    kernel.require(actor, "product.edit", product, "You may not crawl this product.")
    ports = product.output_ports.select_related("product__domain", "connection").exclude(connection=None)
    runs = [
        request_crawl(actor=actor, port=port, now=now)
        for port in ports.exclude(connection__is_paused=True).order_by("name", "pk")
    ]
    if not runs:
        raise Invalid(
            "There is nothing to crawl: no port of the product has a connection that is not paused.",
            remedy="Give its ports the connection their data is reached through, then ask again.",
        )
    return runs


def retry_crawl(*, actor: User | None, run: CrawlRun) -> CrawlRun:
    """Ask anew for what a finished run was to do. Raises as `request_crawl`, and Conflict while it is not finished."""
    if run.status not in FINISHED:
        raise Conflict("This crawl is not finished yet.", remedy="Wait for it, or cancel it first.")
    if run.port is not None:
        return request_crawl(actor=actor, port=run.port)
    return request_crawl(actor=actor, connection=run.connection)


@transaction.atomic
def cancel_crawl(*, actor: User | None, run: CrawlRun, now: datetime | None = None) -> CrawlRun:
    """Stop a queued or running crawl; a worker that works on it notices within seconds and stores nothing.

    Raises NotAllowed, or Conflict when it is finished.
    """
    if run.port is not None:
        kernel.require(actor, "port.crawl", run.port, "You may not stop this crawl.")
    else:
        kernel.require(actor, "connection.crawl", run.connection, "You may not stop this crawl.")
    stopped = CrawlRun.objects.filter(pk=run.pk, status__in=(Status.QUEUED, Status.RUNNING)).update(
        status=Status.CANCELLED, claim="", finished_at=now or timezone.now()
    )
    if not stopped:
        raise Conflict("This crawl is finished; there is nothing to stop.")
    run.refresh_from_db()
    audit.record(
        actor=actor,
        verb="connection.crawl_cancelled",
        obj=run.connection,
        product_id=run.port.product_id if run.port else None,
        detail={"run": run.pk},
    )
    return run


def queue_due(*, now: datetime | None = None) -> list[int]:
    """Queue a run for every connection whose time has come; returns the runs' ids.

    All is derived from rows: whoever calls this, however late or twice, each connection gets one run. A connection
    that was never crawled is due at once; one whose circuit is open waits.
    """
    now = now or timezone.now()
    pending = CrawlRun.objects.filter(
        connection=OuterRef("pk"), port=None, status__in=(Status.QUEUED, Status.RUNNING)
    )
    due = (
        Connection.objects.filter(_is_due(now), is_paused=False)
        .exclude(schedule=Schedule.MANUAL)
        .exclude(circuit_open_until__gt=now, circuit_open_until__lte=now + schedule.LONGEST_PAUSE)
        .exclude(Exists(pending))
        .order_by(F("next_crawl_at").asc(nulls_first=True), "pk")
    )
    return [run.pk for connection in due if (run := _queue_scheduled(connection, now)) is not None]


def _is_due(now: datetime) -> Q:
    """Never crawled, or its time has come, or is farther away than its interval: the clock was set back since."""
    due = Q(next_crawl_at=None) | Q(next_crawl_at__lte=now)
    for choice in Schedule:
        if choice.interval is not None:
            due |= Q(schedule=choice, next_crawl_at__gt=now + choice.interval)
    return due


def bring_back_from_the_future(*, now: datetime | None = None) -> int:
    """Runs queued at a time that is still to come were queued before the clock was set back: they are due now."""
    now = now or timezone.now()
    late = CrawlRun.objects.filter(status=Status.QUEUED, queued_at__gt=now + CLOCK_JITTER)
    return late.update(queued_at=now, due_at=now)


def _queue_scheduled(connection: Connection, now: datetime) -> CrawlRun | None:
    with transaction.atomic():
        was_due = connection.next_crawl_at
        moved = Connection.objects.filter(pk=connection.pk, next_crawl_at=was_due).update(
            next_crawl_at=schedule.next_due(connection.schedule, was_due, now)
        )
        return _queue(connection, None, Trigger.SCHEDULE, None, now, now) if moved else None


def due_runs(*, now: datetime | None = None, limit: int = 1_000) -> list[int]:
    """Ids of queued runs whose time has come and whose source nobody crawls at the moment, the oldest first."""
    busy = CrawlRun.objects.filter(connection=OuterRef("connection"), status=Status.RUNNING)
    runs = CrawlRun.objects.filter(status=Status.QUEUED, due_at__lte=now or timezone.now()).exclude(
        Exists(busy)
    )
    return list(runs.order_by("due_at", "pk").values_list("pk", flat=True)[:limit])


def queue_retry(*, run: CrawlRun, error_code: str, chance: float, now: datetime) -> CrawlRun | None:
    """Queue another attempt after a failure, when trying again soon makes sense; call within the transaction."""
    delay = schedule.retry_delay(error_code, run.attempt, chance)
    if delay is None:
        return None
    return _queue(
        run.connection, run.port, Trigger.RETRY, run.requested_by, now, now + delay, run.attempt + 1
    )


def old_runs(before: datetime) -> QuerySet[CrawlRun]:
    """Runs that ended before, without each connection's last."""
    newer = CrawlRun.objects.filter(connection=OuterRef("connection"), pk__gt=OuterRef("pk"), port=None)
    return CrawlRun.objects.filter(Exists(newer), finished_at__lt=before, status__in=FINISHED)


def thin_history(*, now: datetime | None = None) -> int:
    """Keep every reading and score of the last 30 days and the last of each day before; returns how many went."""
    before = (now or timezone.now()) - FULL_HISTORY
    return _thin(AssetReading, "asset", "read_at", before) + _thin(QualityScore, "port", "scored_at", before)


def _thin(model: type[AssetReading] | type[QualityScore], owner: str, moment: str, before: datetime) -> int:
    old = model._default_manager.filter(**{f"{moment}__lt": before}).order_by()
    kept = old.annotate(day=TruncDate(moment)).values(owner, "day").annotate(last=Max("pk")).values("last")
    gone = 0
    while ids := list(old.exclude(pk__in=kept).values_list("pk", flat=True)[:5_000]):
        gone += model._default_manager.filter(pk__in=ids).delete()[0]
    return gone
