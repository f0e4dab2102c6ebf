"""Projection: waiting events become jobs, runs, datasets and edges, in batches, whatever their order and number.

A batch is one transaction: what it changes and the marks that its events are done go together, so that a worker killed
at any moment leaves nothing half done and nothing doubled. A batch that fails is tried event by event; the one that
fails alone is marked failed with a sentence, the others go on.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from lineage.datasets.naming import DatasetName
from lineage.datasets.services import add_symlinks, find_or_make_assets
from lineage.edges.locks import lock_edges
from lineage.models import Run, Source
from lineage.openlineage import checks, linking
from lineage.openlineage.describing import describe_datasets
from lineage.openlineage.jobs import JobKey, see_jobs
from lineage.openlineage.models import LineageEvent
from lineage.openlineage.runs import RunSeen, see_runs
from lineage.openlineage.unpacking import Told, unpack

log = logging.getLogger(__name__)

BATCH = 100
MOST_TRIES = 3  # begun so often and never ended: its worker died over it each time
State = LineageEvent.State


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A waiting event and what it says."""

    row: LineageEvent
    told: Told


def project_waiting(*, limit: int = BATCH) -> int:
    """Project the oldest events that wait, at most `limit`; how many were dealt with. Safe beside others."""
    rows = list(_claim(limit))
    fresh = [row for row in rows if row.tries <= 1]
    done = _project_rows(fresh)
    for row in rows:
        if row.tries > MOST_TRIES:
            _fail([row], "A worker ended each time it began to project this event. It is not tried again by itself.")
            done += 1
        elif row.tries > 1:
            done += _project_rows([row])
    return done


def project_again(*, events: Iterable[int]) -> int:
    """Let failed events wait again; how many. The caller has checked who asks."""
    return LineageEvent.objects.failed().filter(pk__in=list(events)).update(state=State.WAITING, problem="", tries=0)


def _claim(limit: int) -> Sequence[LineageEvent]:
    """The oldest waiting events, with a note that they were begun."""
    with transaction.atomic():
        rows = list(LineageEvent.objects.waiting().order_by("pk").select_related("sent_by")[:limit])
        if rows:
            begun = [row.pk for row in rows]
            LineageEvent.objects.filter(pk__in=begun).update(tries=_tries())
    for row in rows:
        row.tries += 1
    return rows


def _tries():  # type: ignore[no-untyped-def]  # a combined expression has no public type
    from django.db.models import F
    from django.db.models.functions import Least

    return Least(F("tries") + 1, MOST_TRIES + 1)


def _project_rows(rows: Sequence[LineageEvent]) -> int:
    """All together, else one by one. What a database that is away leaves undone waits."""
    read = [found for row in rows if (found := _unpacked(row)) is not None]
    failed = len(rows) - len(read)
    if not read:
        return failed
    try:
        _project(read)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # whatever one event holds must not keep the others waiting
        log.exception("A batch of %d lineage events failed; they are projected one by one", len(read))
        if len(read) == 1:
            return failed + _fail_with_reason(read[0])
        return failed + sum(_project_rows([item.row]) for item in read)
    checks.take_checks(read)
    return failed + len(read)
