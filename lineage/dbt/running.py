"""Doing an import, in a worker: claim, read, plan, write all of it or nothing, tell what came of it."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.accounts.models import User
from catalog.common.errors import PortalError
from lineage.dbt.anchoring import find_anchor
from lineage.dbt.artifacts import Artifacts, read_artifacts
from lineage.dbt.files import stored_files
from lineage.dbt.models import DbtImport, DbtImportPiece
from lineage.dbt.plan import make_plan
from lineage.dbt.results import take_all_results
from lineage.dbt.storing import known_columns, store_plan

logger = logging.getLogger(__name__)
Status = DbtImport.Status
STALE_AFTER = timedelta(minutes=10)  # without a sign of life
MOST_ATTEMPTS = 3
MOST_PROBLEMS = 500  # kept of one import
_EVERY = 1.0  # seconds between signs of progress
LOST = "The worker stopped while it read the files."


def run_import(*, import_id: int) -> bool:
    """Do a queued import. A second message for the same one does nothing; returns whether it was done."""
    claim = str(uuid4())
    now = timezone.now()
    taken = DbtImport.objects.filter(pk=import_id, status=Status.QUEUED).update(
        status=Status.RUNNING, claim=claim, started_at=now, heartbeat_at=now, attempt=F("attempt") + 1,
        step="Reading the files", done=0, total=None,
    )  # fmt: skip
    if not taken:
        return False
    job = DbtImport.objects.select_related("team", "requested_by", "connection").get(pk=import_id)
    try:
        _do(job)
    except _Lost:
        return False
    except PortalError as error:
        _fail(job, error.message, error.remedy, [problem.as_dict() for problem in error.problems])
    except Exception:
        logger.exception("The import %s of dbt failed", job.pk)
        _fail(job, "The portal failed to import this.", "Tell an administrator; the log says more.", [])
    return True


class _Lost(Exception):
    """Another worker has it now."""


def _do(job: DbtImport) -> None:
    artifacts = read_artifacts(stored_files(job))
    anchor = find_anchor(job, artifacts.manifest)
    plan = make_plan(artifacts, anchor.namespace, known_columns, _Progress(job))
    _say(job, "Writing")
    now = timezone.now()
    with transaction.atomic():
        _hold(job)
        stored = store_plan(job=job, plan=plan, anchor=anchor, now=now)
        problems = [*anchor.told, *(problem.as_dict() for problem in plan.problems), *stored.problems]
        results, unplaced = _results(job.requested_by, artifacts, now)
        _finish(job, {**stored.counts, "results": results}, [*problems, *unplaced], now)


def _results(actor: User | None, artifacts: Artifacts, now: datetime) -> tuple[int, list[dict[str, str]]]:
    return take_all_results(actor, artifacts, now)


def _hold(job: DbtImport) -> None:
    """The row, locked and still ours."""
    if (
        not DbtImport.objects.select_for_update()
        .filter(pk=job.pk, claim=job.claim, status=Status.RUNNING)
        .exists()
    ):
        raise _Lost


def _finish(job: DbtImport, counts: dict[str, int], problems: list[dict[str, str]], now: datetime) -> None:
    left = len(problems) - MOST_PROBLEMS
    told = problems[:MOST_PROBLEMS]
    if left > 0:
        told.append({"path": "", "message": f"And {left:,} more like these.", "severity": "info"})
    DbtImport.objects.filter(pk=job.pk).update(
        status=Status.SUCCEEDED, claim="", finished_at=timezone.now(), heartbeat_at=now, step="", counts=counts,
        problems=told, error="", remedy="", project=job.project,
    )  # fmt: skip
    DbtImportPiece.objects.filter(job=job).delete()


def _fail(job: DbtImport, error: str, remedy: str, problems: list[dict[str, str]]) -> None:
    """Say so; nothing else was changed."""
    with transaction.atomic():
        ours = DbtImport.objects.filter(pk=job.pk, claim=job.claim, status=Status.RUNNING).update(
            status=Status.FAILED, claim="", finished_at=timezone.now(), step="", error=error, remedy=remedy,
            problems=problems[:MOST_PROBLEMS],
        )  # fmt: skip
        if ours:
            DbtImportPiece.objects.filter(job=job).delete()


class _Progress:
    """Shows how far the reading is, at most once in `_EVERY` seconds; it is the sign of life as well."""

    def __init__(self, job: DbtImport) -> None:
        self._job = job
        self._last = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= _EVERY or done == total:
            self._last = now
            _say(self._job, "Reading SQL", done, total)


def _say(job: DbtImport, step: str, done: int | None = None, total: int | None = None) -> None:
    said: dict[str, Any] = {"step": step, "heartbeat_at": timezone.now()}
    if total is not None:
        said |= {"done": done, "total": total}
    if not DbtImport.objects.filter(pk=job.pk, claim=job.claim, status=Status.RUNNING).update(**said):
        raise _Lost


def waiting_imports() -> list[int]:
    """Ids of imports nobody has begun; a doorbell may have been lost."""
    waiting = DbtImport.objects.filter(status=Status.QUEUED).order_by("queued_at")
    return list(waiting.values_list("pk", flat=True)[:100])


def release_stale(*, now: datetime | None = None) -> int:
    """Queue imports anew whose worker died, a few times; returns how many were queued."""
    now = now or timezone.now()
    stale = DbtImport.objects.filter(status=Status.RUNNING, heartbeat_at__lt=now - STALE_AFTER)
    stale.filter(attempt__gte=MOST_ATTEMPTS).update(
        status=Status.FAILED, claim="", finished_at=now, error=LOST, step="",
        remedy="Nothing was changed. If it stays, the files may be too large for the worker's memory.",
    )  # fmt: skip
    return stale.update(status=Status.QUEUED, claim="", step="")
