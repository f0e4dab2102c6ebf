"""The worker's side of a run: take it, show signs of life, settle it. Every step is one conditional write.

A run belongs to whoever's claim it carries. A worker that dies stops showing signs of life; after a while the run
goes back to the queue, and what the dead worker might still write is refused because the claim is gone.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from catalog.audit import services as audit
from catalog.common import bulk
from catalog.connections.models import Connection
from catalog.crawling import schedule, services
from catalog.crawling.gathering import Trouble
from catalog.crawling.models import CrawlRun
from catalog.crawling.signals import crawl_finished

Status = CrawlRun.Status
WORKER_LOST = Trouble(
    "worker_lost",
    "The worker stopped while it crawled.",
    "Nothing is lost; it is tried again by itself. If it stays, the source may be too large for the worker's memory.",
)


def claim_run(run_id: int, now: datetime, *, apart: bool = False) -> str:
    """Take a queued run whose time has come; returns the claim, or "" when it is not to be had."""
    return claim_runs([run_id], now, apart=apart).get(run_id, "")


def claim_runs(run_ids: Sequence[int], now: datetime, *, apart: bool = False) -> dict[int, str]:
    """Take those of the queued runs whose time has come and that are to be had; returns their claims by id.

    One run at a time per source: asked in the UPDATE itself, and kept by a unique constraint. A run that was with a
    worker that died is had only by who does it `apart`.
    """
    kept_out = [] if apart else [WORKER_LOST.code]
    claim = str(uuid4())
    busy = CrawlRun.objects.filter(connection=OuterRef("connection"), status=Status.RUNNING)
    try:
        with transaction.atomic():
            taken = (
                CrawlRun.objects.filter(pk__in=run_ids, status=Status.QUEUED, due_at__lte=now)
                .exclude(Exists(busy))
                .exclude(error_code__in=kept_out)
                .update(
                    status=Status.RUNNING,
                    claim=claim,
                    started_at=now,
                    heartbeat_at=timezone.now(),
                    done=0,
                    total=None,
                )
            )
    except IntegrityError:  # two of one source, or somebody took the other a moment ago
        if len(run_ids) == 1:
            return {}
        return {
            pk: claim for run_id in run_ids for pk, claim in claim_runs([run_id], now, apart=apart).items()
        }
    if len(run_ids) == 1:
        return {run_ids[0]: claim} if taken else {}
    ours = CrawlRun.objects.filter(pk__in=run_ids, claim=claim) if taken else CrawlRun.objects.none()
    return dict.fromkeys(ours.values_list("pk", flat=True), claim)


def beat(claims: Mapping[int, tuple[str, int, int | None]]) -> set[int]:
    """Show life and progress of runs (id -> claim, done, total); returns those that are no longer ours."""
    lost = set()
    for run_id, (claim, done, total) in claims.items():
        kept = CrawlRun.objects.filter(pk=run_id, claim=claim, status=Status.RUNNING).update(
            heartbeat_at=timezone.now(), done=done, total=total
        )
        if not kept:
            lost.add(run_id)
    return lost


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended: its status, what was found per outcome, how many assets were read, what went wrong."""

    status: str
    counts: Mapping[str, int] = field(default_factory=dict)
    trouble: Trouble | None = None
    read: int | None = None


def settle(run: CrawlRun, result: Result, *, now: datetime) -> None:
    """Finish one run; see `settle_all`."""
    settle_all([(run, result)], now=now)


def settle_all(results: Sequence[tuple[CrawlRun, Result]], *, now: datetime) -> None:
    """Finish runs held by the caller, keep the state of their sources, queue another attempt where that helps.

    Call inside the transaction that stored the results.
    """
    for run, result in results:
        _finish(run, result, now)
    if len(results) == 1:
        results[0][0].save(update_fields=_SETTLED)
    else:
        bulk.update(CrawlRun, _SETTLED, ((run.pk, *_settled(run)) for run, _ in results))
    _settle_connections(results, now)
    audit.record_all(_told(run, result, _retry(run, result, now)) for run, result in results)
    for run, _ in results:
        announce = partial(
            crawl_finished.send_robust, sender=CrawlRun, run_id=run.pk, connection_id=run.connection_id
        )
        transaction.on_commit(announce)


_SETTLED = ("status", "finished_at", "claim", "counts", "done", "total", "error_code", "error", "remedy")
_settled = attrgetter(*_SETTLED)


def _finish(run: CrawlRun, result: Result, now: datetime) -> None:
    run.status, run.finished_at, run.claim, run.counts = str(result.status), now, "", dict(result.counts)
    if result.read is not None:
        run.done = run.total = result.read
    trouble = result.trouble or Trouble("", "")
    run.error_code, run.error, run.remedy = trouble.code, trouble.message, trouble.remedy


def _retry(run: CrawlRun, result: Result, now: datetime) -> CrawlRun | None:
    trouble = result.trouble
    if trouble is None or (result.status != Status.FAILED and trouble.code == "too_slow"):
        return None
    chance = random.random()  # noqa: S311  # spreads retries, protects nothing
    return services.queue_retry(run=run, error_code=trouble.code, chance=chance, now=now)


def _told(run: CrawlRun, result: Result, retry: CrawlRun | None) -> dict[str, Any]:
    return {
        "actor": run.requested_by,
        "verb": "connection.crawled" if result.status != Status.FAILED else "connection.crawl_failed",
        "obj": run.connection,
        "product_id": run.port.product_id if run.port else None,
        "detail": {
            "run": run.pk,
            "status": result.status,
            "counts": dict(result.counts),
            "error": result.trouble.message if result.trouble else "",
            "retry": retry.pk if retry else None,
        },
    }


def _settle_connections(results: Sequence[tuple[CrawlRun, Result]], now: datetime) -> None:
    """The circuit breaker counts runs that brought nothing; faults of the portal itself do not count."""
    well = []
    for run, result in results:
        trouble = result.trouble
        if trouble is not None and trouble.code in ("internal", "worker_lost"):
            continue
        if result.status != Status.FAILED:
            well.append(run.connection_id)
            continue
        connection = run.connection
        before = schedule.Circuit(connection.failures_in_row, connection.circuit_open_until)
        circuit = schedule.after_failure(before, now)
        Connection.objects.filter(pk=connection.pk).update(
            checked_at=now,
            check_error=trouble.message if trouble else "",
            failures_in_row=circuit.failures_in_row,
            circuit_open_until=circuit.open_until,
        )
    if well:
        fine = schedule.after_success()
        Connection.objects.filter(pk__in=well).update(
            checked_at=now,
            check_error="",
            failures_in_row=fine.failures_in_row,
            circuit_open_until=fine.open_until,
        )


def release_stale(*, now: datetime | None = None) -> list[int]:
    """Free runs whose worker shows no life any more: back to the queue, or failed when that happened too often.

    A sign of life from the future was given before the clock was set back: it is as good as none.
    Returns the ids of the runs that are queued again.
    """
    now = now or timezone.now()
    patience = timedelta(seconds=settings.CRAWL_STALE_SECONDS)
    silent = Q(heartbeat_at__lt=now - patience) | Q(heartbeat_at__gt=now + patience)
    stale = CrawlRun.objects.filter(silent, status=Status.RUNNING)
    return [run.pk for run in stale.select_related("connection", "port") if _release(run, now)]


def _release(run: CrawlRun, now: datetime) -> bool:
    ours = CrawlRun.objects.filter(
        pk=run.pk, status=Status.RUNNING, claim=run.claim, heartbeat_at=run.heartbeat_at
    )
    if run.attempt < schedule.MOST_ATTEMPTS:
        try:
            with transaction.atomic():
                return bool(
                    ours.update(
                        status=Status.QUEUED,
                        claim="",
                        attempt=run.attempt + 1,
                        error_code=WORKER_LOST.code,  # the next attempt is made apart
                        started_at=None,
                        heartbeat_at=None,
                    )
                )
        except IntegrityError:
            pass  # the same crawl is queued already: this one ends here
    with transaction.atomic():
        if ours.update(claim="released"):
            settle(run, Result(Status.FAILED, trouble=WORKER_LOST), now=now)
    return False
