"""Projection: waiting events become jobs, runs, datasets and edges, in batches, whatever their order and number.

A batch is one transaction: what it changes and the marks that its events are done go together, so that a worker killed
at any moment leaves nothing half done and nothing doubled. A batch that fails is tried event by event; the one that
fails alone is marked failed with a sentence, the others go on.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from lineage.datasets.finding import resolved
from lineage.datasets.naming import DatasetName, fitted
from lineage.datasets.services import add_symlinks, find_or_make_assets
from lineage.edges.believing import Rejected, rejected_by
from lineage.edges.locks import lock_edges
from lineage.models import Job, Source
from lineage.openlineage import checks, linking
from lineage.openlineage.describing import describe_datasets
from lineage.openlineage.jobs import JobKey, see_jobs
from lineage.openlineage.models import LineageEvent
from lineage.openlineage.runs import RunSeen, see_runs
from lineage.openlineage.unpacking import Told, unpack

log = logging.getLogger(__name__)

BATCH = 250
MOST_TRIES = 3  # begun so often and never ended: its worker died over it each time
DIED = "A worker ended each time it began to read this event. It is not tried again by itself."
NOT_BELIEVED = (
    "What it tells of some datasets was left out: their owners do not believe its sender about them."
)
_State = LineageEvent.State


@dataclass(slots=True)
class Item:
    """A waiting event, what it says, and what of it could not be used."""

    row: LineageEvent
    told: Told
    notes: list[str] = field(default_factory=list)


def project_waiting(*, limit: int = BATCH) -> int:
    """Project the oldest events that wait, at most `limit`; how many were dealt with. Safe beside others."""
    rows = _begin(limit)
    _project_rows([row for row in rows if row.tries <= 1])
    for row in rows:
        if row.tries > MOST_TRIES:
            _fail(row, DIED)
        elif row.tries > 1:  # its worker may have died over it: it does not endanger others a second time
            _project_rows([row])
    return len(rows)


def let_wait_again(*, ids: Collection[int]) -> int:
    """Let failed events wait again; how many. The caller has checked who asks."""
    rows = LineageEvent.objects.failed().filter(pk__in=list(ids))
    return rows.update(state=_State.WAITING, problem="", tries=0)


def _begin(limit: int) -> list[LineageEvent]:
    """The oldest waiting events; that they were begun is written down before."""
    rows = list(LineageEvent.objects.waiting().order_by("pk").select_related("sent_by")[:limit])
    LineageEvent.objects.filter(pk__in=[row.pk for row in rows]).update(tries=F("tries") + 1)
    for row in rows:
        row.tries += 1
    return rows


def _project_rows(rows: Sequence[LineageEvent]) -> None:
    """All together, else one by one. While the database is away they wait."""
    items = [item for row in rows if (item := _unpacked(row)) is not None]
    if not items:
        return
    try:
        _project(items)
    except Exception as error:
        if _is_passing(error):
            with suppress(DatabaseError, InterfaceError):
                LineageEvent.objects.filter(pk__in=[row.pk for row in rows]).update(tries=0)
            raise
        if len(items) == 1:
            log.exception("Lineage event %d failed", items[0].row.pk)
            _fail(items[0].row, _sentence(error))
            return
        log.warning("A batch of %d lineage events failed; they are read one by one", len(items))
        for item in items:
            _project_rows([item.row])


def _unpacked(row: LineageEvent) -> Item | None:
    try:
        told = unpack(
            row.document, kind=row.kind, event_type=row.event_type, event_at=row.event_at, run_key=row.run_key
        )
    except Exception as error:  # whatever one event holds must not keep the others waiting
        log.exception("Lineage event %d cannot be read", row.pk)
        _fail(row, _sentence(error))
        return None
    return Item(row, told)


def _is_passing(error: Exception) -> bool:
    """Whether the database was away or busy; a limit that a value exceeds (54…) is the event's own fault."""
    state = str(getattr(error.__cause__, "sqlstate", "") or "")
    return isinstance(error, OperationalError | InterfaceError) and not state.startswith("54")


def _sentence(error: Exception) -> str:
    return f"It could not be read into the lineage: {type(error).__name__}: {error}"[:1_000]


def _fail(row: LineageEvent, sentence: str) -> None:
    LineageEvent.objects.waiting().filter(pk=row.pk).update(
        state=_State.FAILED, problem=sentence.replace("\x00", ""), projected_at=timezone.now()
    )


@transaction.atomic
def _project(items: Sequence[Item]) -> None:
    lock_edges()
    items = _still_waiting(items)
    if not items:
        return
    ids = _assets(items)
    jobs = see_jobs(seen for item in items for seen in (item.told.job, item.told.parent) if seen is not None)
    runs = see_runs(_runs_seen(items, jobs))
    rejected = rejected_by({item.row.sent_by_id for item in items})
    if _learn_names(items, rejected):
        ids = _assets(items)  # two of them may be one by now
    describe_datasets([(item.told, item.row.sent_by_id) for item in items], ids, rejected)
    linking.link(
        [
            (item.told, _job_of(item, jobs), runs.get(item.told.run_key), item.row.sent_by_id)
            for item in items
        ],
        ids,
        rejected,
    )
    for item in items:
        checks.take_checks(item.row, item.told, ids, item.notes, rejected)
        if any((item.row.sent_by_id, ids[name]) in rejected for name in item.told.names):
            item.notes.append(NOT_BELIEVED)
    _mark_done(items, timezone.now())


def _still_waiting(items: Sequence[Item]) -> list[Item]:
    """The events no other worker has dealt with, held until the end of the transaction."""
    held = LineageEvent.objects.waiting().filter(pk__in=[item.row.pk for item in items])
    keys = set(held.select_for_update(skip_locked=True).values_list("pk", flat=True))
    return [item for item in items if item.row.pk in keys]


def _assets(items: Sequence[Item]) -> dict[DatasetName, int]:
    latest = max(item.told.event_at for item in items)
    names = {name for item in items for name in item.told.names}
    return find_or_make_assets(sorted(names, key=_by_name), seen_at=latest) if names else {}


def _learn_names(items: Sequence[Item], rejected: Rejected) -> bool:
    """Learn the other names of datasets that the events tell, from senders who are believed; whether there were any."""
    told = {(item.row.sent_by_id, pair) for item in items for pair in item.told.symlinks}
    if told and rejected:
        known, _ = resolved({fitted(name) for _, pair in told for name in pair})
        told = {
            (sender, pair) for sender, pair in told
            if all((sender, known.get(fitted(name), 0)) not in rejected for name in pair)
        }  # fmt: skip
    if not told:
        return False
    ordered = sorted({pair for _, pair in told}, key=lambda pair: (_by_name(pair[0]), _by_name(pair[1])))
    latest = max(item.told.event_at for item in items)
    add_symlinks(ordered, source=Source.OPENLINEAGE, seen_at=latest)
    return True


def _by_name(name: DatasetName) -> tuple[str, str]:
    return name.namespace, name.name


def _job_of(item: Item, jobs: dict[JobKey, Job]) -> Job | None:
    return jobs[item.told.job.key] if item.told.job else None


def _runs_seen(items: Iterable[Item], jobs: dict[JobKey, Job]) -> Iterable[RunSeen]:
    for item in items:
        job, told = _job_of(item, jobs), item.told
        if job is not None and told.run_key:
            yield RunSeen(
                key=told.run_key, job=job, event_type=told.event_type, event_at=told.event_at,
                facets=told.run_facets, sender_id=item.row.sent_by_id,
            )  # fmt: skip


def _mark_done(items: Sequence[Item], now: datetime) -> None:
    rows = LineageEvent.objects.filter(pk__in=[item.row.pk for item in items])
    rows.update(state=_State.PROJECTED, projected_at=now, problem="")
    for item in items:
        if item.notes:
            rows.filter(pk=item.row.pk).update(problem=" ".join(item.notes)[:4_000])
