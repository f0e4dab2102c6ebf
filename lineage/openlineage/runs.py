"""Runs as their events say them together, whatever order these come in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from catalog.common import bulk
from lineage.models import Job, Run
from lineage.openlineage.facets import mapping, parent_of, word
from lineage.openlineage.newest import present, stamp, take, take_facets
from lineage.openlineage.reading import moment

State = Run.State
_ENDS = {"COMPLETE": State.COMPLETED, "ABORT": State.ABORTED, "FAIL": State.FAILED}
_RANK = {State.COMPLETED: 1, State.ABORTED: 2, State.FAILED: 3}  # of two ends at one moment the worse counts
_MOST_ERROR = 10_000  # characters
_JOB, _SENDER = "run.job", "run.sent_by"
_COLUMNS = [
    "job_id", "parent_key", "state", "started_at", "ended_at", "nominal_start_at", "nominal_end_at", "error", "facets",
    "told_at", "first_event_at", "last_event_at", "sent_by_id",
]  # fmt: skip


_columns = attrgetter(*_COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSeen:
    """What one event says of its run."""

    key: str
    job: Job
    event_type: str
    event_at: datetime
    facets: Mapping[str, Any] = field(default_factory=dict)
    sender_id: int | None = None


def see_runs(seen: Iterable[RunSeen]) -> dict[str, Run]:
    """The runs of many events, in a fixed number of queries. Call inside a transaction."""
    listed = list(seen)
    runs = _locked(listed)
    for one in listed:
        _take(runs[one.key], one)
    for run in runs.values():
        _derive(run)
    if runs:
        bulk.update(Run, _COLUMNS, [(run.pk, *_columns(run)) for run in runs.values()])
    return runs


def _locked(listed: list[RunSeen]) -> dict[str, Run]:
    firsts: dict[str, RunSeen] = {}
    for one in listed:
        firsts.setdefault(one.key, one)
    found = _read(firsts)
    missing = sorted(firsts.keys() - found.keys())
    if missing:
        begun = [
            Run(
                key=key, job=firsts[key].job, first_event_at=firsts[key].event_at,
                last_event_at=firsts[key].event_at, told_at={_JOB: stamp(firsts[key].event_at)},
            )
            for key in missing
        ]  # fmt: skip
        bulk.upsert(Run, ("key", *_COLUMNS), [(run.key, *_columns(run)) for run in begun], unique=("key",))
        found |= _read(missing)
    return found


def _read(keys: Iterable[str]) -> dict[str, Run]:
    rows = Run.objects.select_for_update(of=("self",)).select_related("job").filter(key__in=list(keys))
    return {run.key: run for run in rows.order_by("pk")}


def _take(run: Run, one: RunSeen) -> None:
    at = one.event_at
    told = {_JOB: [run.job.namespace, run.job.name]}
    if take(told, run.told_at, _JOB, [one.job.namespace, one.job.name], stamp(at)):
        run.job = one.job
    if one.sender_id is not None and take(
        {_SENDER: run.sent_by_id}, run.told_at, _SENDER, one.sender_id, stamp(at)
    ):
        run.sent_by_id = one.sender_id
    run.first_event_at = min(run.first_event_at or at, at)
    run.last_event_at = max(run.last_event_at, at)
    if one.event_type == "START":
        run.started_at = min(run.started_at or at, at)
    end = _ENDS.get(one.event_type)
    if end is not None:
        known = (run.ended_at, _RANK[State(run.state)]) if run.ended_at else None
        if known is None or (at, _RANK[end]) > known:
            run.ended_at, run.state = at, end
    elif run.ended_at is None and one.event_type in ("START", "RUNNING"):
        run.state = State.RUNNING
    take_facets(run.facets, run.told_at, one.facets, at)


def _derive(run: Run) -> None:
    """The columns that repeat what facets say."""
    facets = present(run.facets)
    parent, nominal, error = (
        parent_of(facets),
        mapping(facets, "nominalTime"),
        mapping(facets, "errorMessage"),
    )
    run.parent_key = parent.run_key if parent else ""
    run.nominal_start_at = moment(nominal.get("nominalStartTime"))
    run.nominal_end_at = moment(nominal.get("nominalEndTime"))
    run.error = word(error, "message")[:_MOST_ERROR]
