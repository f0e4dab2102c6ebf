"""Crawls in a process of their own, for sources over which a worker died: whatever their connector does, hangs, leaks,
crashes, ends that process and no other. It is killed when its time is over, and has a limit of memory.

A source comes here when a run of it was found without its worker, or ended its own process the last time; it leaves
with its first run that ends in an orderly way.
"""

import logging
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Collection, Iterable
from contextlib import suppress
from threading import BoundedSemaphore

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from catalog.crawling import claims, services, storing
from catalog.crawling.gathering import Trouble
from catalog.crawling.models import CrawlRun

logger = logging.getLogger(__name__)

CODES = ("worker_lost", "crashed", "out_of_memory")
AT_ONCE = BoundedSemaphore(2)  # of one worker: the others of its threads stay free
MEBIBYTE = 1024 * 1024
STORING_MEBIBYTES = 256


def suspects(run_ids: Collection[int]) -> set[int]:
    """Those of the runs that must be done apart."""
    last = CrawlRun.objects.filter(connection=OuterRef("connection"), status__in=services.FINISHED)
    before = Subquery(last.order_by("-finished_at", "-pk").values("error_code")[:1])
    runs = CrawlRun.objects.filter(pk__in=run_ids).annotate(before=before)
    return set(runs.filter(Q(error_code__in=CODES) | Q(before__in=CODES)).values_list("pk", flat=True))


def run(run_id: int) -> bool:
    """Do one queued run in a process of its own; False when it was not to be had, or too many are done already."""
    if not AT_ONCE.acquire(blocking=False):
        return False  # the clock asks again
    try:
        claim = claims.claim_run(run_id, timezone.now(), apart=True)
        if claim:
            _settle(run_id, claim, _done(run_id, claim))
        return bool(claim)
    finally:
        AT_ONCE.release()


def _done(run_id: int, claim: str) -> int | None:
    """How the process ended: its status, negative for a signal; None when its time was over."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "crawl_apart", str(run_id), claim]
    with subprocess.Popen(  # noqa: S603  # our own command, numbers and ids of ours
        command, stdin=subprocess.DEVNULL, start_new_session=True
    ) as child:
        try:
            return child.wait(settings.CRAWL_SECONDS + settings.CRAWL_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)  # and what it may have started


def _settle(run_id: int, claim: str, status: int | None) -> None:
    """Finish the run where its process did not."""
    if status is None:
        what = "The connector did not stop when its time was over; its process was ended."
    elif status < 0:
        what = f"The connector ended the process that ran it ({signal.Signals(-status).name})."
    else:
        what = f"The connector ended the process that ran it (status {status})."
    trouble = Trouble("crashed", what, "Tell who wrote the connector. Meanwhile it harms no other source.")
    with transaction.atomic():
        for run in storing.held_runs({run_id: claim}).values():
            logger.error("Crawl %s: %s", run_id, what)
            claims.settle(run, claims.Result(CrawlRun.Status.FAILED, trouble=trouble), now=timezone.now())


def limit_memory() -> None:
    """Give this process no more memory than a crawl may use: what asks for more gets a MemoryError."""
    most = settings.CRAWL_APART_MEBIBYTES * MEBIBYTE
    resource.setrlimit(resource.RLIMIT_DATA, (most, most + STORING_MEBIBYTES * MEBIBYTE))


def leave_room() -> None:
    """The source was asked: what became of it can be stored even when it left nothing."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def without_suspects(run_ids: Iterable[int]) -> list[int]:
    """The runs that may share a process with others."""
    listed = list(run_ids)
    apart = suspects(listed)
    return [run_id for run_id in listed if run_id not in apart]
