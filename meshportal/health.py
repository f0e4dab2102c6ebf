"""`/healthz` (the process answers) and `/readyz` (everything it needs does), for load balancers and ./mesh up.

Both are open to everybody, so they name parts and states and never addresses, versions or error texts.
"""

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache as remembered

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache, caches
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.search.selectors import index_state, is_falling_behind
from meshportal import replica, upgrade
from meshportal.cache import PortalCache
from meshportal.celery import HEARTBEAT_KEY

log = logging.getLogger(__name__)

WORKER_SILENCE = timedelta(seconds=90)
MEBIBYTE, LEAST_FREE_MEBIBYTES = 1024 * 1024, 16
JITTER_SECONDS = 5.0  # by which clocks of two hosts may differ


@dataclass(frozen=True)
class Reading:
    """What one part says of itself; `reason` is for people and empty when all is well."""

    ok: bool
    reason: str = ""
    note: str = ""  # a figure worth showing though all is well


class Pulse:
    """Since when the worker is silent, told by this process's steady clock: neither an emptied cache nor a wall
    clock that was set makes a living worker look dead, or a dead one alive."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._seen: datetime | None = None
        self._looked_at = self._alive_at = float("-inf")

    def silence(self, heard: datetime | None) -> timedelta | None:
        """How long ago the worker lived, which left the time `heard` in the cache; None when it was never seen."""
        now, most = time.monotonic(), WORKER_SILENCE.total_seconds()
        if heard is not None:
            age = (timezone.now() - heard).total_seconds()
            if -JITTER_SECONDS <= age <= most:
                self._alive_at = max(self._alive_at, now - age)
            elif heard != self._seen and now - self._looked_at <= most:
                self._alive_at = now  # it was left since the last look, whatever time it says
            self._seen, self._looked_at = heard, now
            if self._alive_at == float("-inf"):
                return abs(timedelta(seconds=age))
        return None if self._alive_at == float("-inf") else timedelta(seconds=now - self._alive_at)


pulse = Pulse()
Probe = Callable[[], Reading]


def database() -> Reading:
    """Whether a query is answered."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Reading(True)


def migrations() -> Reading:
    """Whether the tables are those of this version."""
    if migrated():
        return Reading(True)
    migrated.cache_clear()  # it may be going on just now
    return Reading(False, "The database is not migrated to this version.")


@remembered
def migrated() -> bool:
    """Reading the migrations takes tens of milliseconds, and what is migrated stays so."""
    return not upgrade.examine().pending


def cache_and_broker() -> Reading:
    """Whether Redis or Valkey, which is both, answers."""
    store = caches["default"]
    if isinstance(store, PortalCache) and not store.reachable():
        return Reading(False, "The cache and broker cannot be reached.")
    return Reading(True)


def worker() -> Reading:
    """Whether the worker and its clock were heard of lately."""
    silence = pulse.silence(cache.get(HEARTBEAT_KEY))
    if silence is None:
        return Reading(False, "No worker was heard of yet.")
    if silence > WORKER_SILENCE:
        return Reading(False, f"No worker was heard of for {int(silence.total_seconds())} s.")
    return Reading(True)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def search() -> Reading:
    """Whether searches are answered and changes reach the index; the drift found at the last comparison as a note."""
    state = index_state()
    compared = (
        "not compared yet"
        if state.compared_at is None
        else f"{_counted(state.drift, 'difference')} at the last comparison"
    )
    note = f"{compared}, {_counted(state.marks_waiting, 'change')} waiting"
    if state.problem:
        note = f"{state.sentence} {note[:1].upper()}{note[1:]}"
    if state.in_index is None:
        return Reading(False, "The search index is missing or damaged; it is being built anew.", note)
    if is_falling_behind():
        return Reading(False, "Changes have waited for the search index for more than 5 minutes.", note)
    return Reading(True, note=note)


def disk() -> Reading:
    """Whether the data folder's disk has room: without it nothing can be saved, though pages can be read."""
    free = shutil.disk_usage(settings.DATA_DIR).free // MEBIBYTE
    if free < LEAST_FREE_MEBIBYTES:
        return Reading(
            False,
            f"The disk of the data folder is full: {free} MB are left. Make room; then all goes on by itself.",
        )
    return Reading(True, note=f"{free:,} MB are free.")


PROBES: dict[str, Probe] = {
    "database": database,
    "migrations": migrations,
    "cache": cache_and_broker,
    "worker": worker,
    "search": search,
    "disk": disk,
}


def read_replica() -> Reading:
    """Where reads go. Without its replica the portal is as ready as ever, so this never fails a probe."""
    watch = replica.monitor()
    if watch.is_usable():
        return Reading(True, note="Pages are read from it.")
    return Reading(True, note=f"Not used: {watch.trouble} Every page is read from the primary meanwhile.")


if replica.is_configured():
    PROBES["replica"] = read_replica


def read_all() -> dict[str, Reading]:
    """Every probe's reading; one that fails itself counts as not ready and is logged."""
    readings = {}
    for name, probe in PROBES.items():
        try:
            readings[name] = probe()
        except DatabaseError as error:
            log.warning("Not ready: %s: %s", name, error)
            readings[name] = Reading(False, "The database does not answer.")
        except Exception:
            log.exception("The readiness probe %s failed", name)
            readings[name] = Reading(False, "This could not be found out; the log says why.")
    return readings


@never_cache
@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while this process answers at all."""
    return JsonResponse({"status": "ok"})


@never_cache
@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part is ready, else 503 with the reasons."""
    readings = read_all()
    reasons = {name: reading.reason for name, reading in readings.items() if not reading.ok}
    body = {
        "status": "not ready" if reasons else "ready",
        "checks": {name: reading.ok for name, reading in readings.items()},
        "reasons": reasons,
        "notes": {name: reading.note for name, reading in readings.items() if reading.note},
    }
    return JsonResponse(body, status=503 if reasons else 200)
