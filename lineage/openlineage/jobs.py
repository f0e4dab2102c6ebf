"""Jobs as they are seen in events and artifacts: got or made, the newest word on each matter wins."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import transaction

from catalog.common import bulk
from lineage.models import Job
from lineage.openlineage.names import fitting
from lineage.openlineage.newest import stamp, take, take_facets

JobKey = tuple[str, str]  # namespace, name
_SHORT = 100  # characters of integration and kind
_SAID = {"integration": "job.integration", "kind": "job.kind", "description": "job.description"}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSeen:
    """What one document says of one job. Empty words say nothing."""

    namespace: str
    name: str
    seen_at: datetime
    integration: str = ""
    kind: str = ""
    description: str = ""
    facets: Mapping[str, Any] = field(default_factory=dict)
    parent: JobKey | None = None

    @property
    def key(self) -> JobKey:
        return fitting(self.namespace), fitting(self.name)


def see_job(
    *,
    namespace: str,
    name: str,
    seen_at: datetime,
    integration: str = "",
    kind: str = "",
    description: str = "",
    facets: Mapping[str, Any] | None = None,
) -> Job:
    """The job of this name, made if it is new; what was told later than `seen_at` stays."""
    seen = JobSeen(
        namespace=namespace, name=name, seen_at=seen_at, integration=integration, kind=kind,
        description=description, facets=facets or {},
    )  # fmt: skip
    return see_jobs([seen])[seen.key]


@transaction.atomic
def see_jobs(seen: Iterable[JobSeen]) -> dict[JobKey, Job]:
    """The jobs of many sightings, in a fixed number of queries; the order of the sightings does not matter."""
    listed = list(seen)
    firsts: dict[JobKey, datetime] = {}
    for one in listed:
        for key in (one.key, _parent_key(one)):
            if key:
                firsts[key] = min(one.seen_at, firsts.get(key, one.seen_at))
    jobs = _locked(firsts)
    before = {key: _state(job) for key, job in jobs.items()}
    for one in listed:
        _take(jobs, one)
    changed = [job for key, job in jobs.items() if _state(job) != before[key]]
    if changed:
        bulk.update(Job, _COLUMNS, [(job.pk, *_columns(job)) for job in changed])
    return jobs


_COLUMNS = [
    "parent_id", "integration", "kind", "description", "facets", "told_at", "first_seen_at", "last_seen_at",
    "removed_at",
]  # fmt: skip


_columns = attrgetter(*_COLUMNS)


def _locked(firsts: Mapping[JobKey, datetime]) -> dict[JobKey, Job]:
    """The rows of these jobs, locked in the order of their keys; missing ones are made."""
    found = _read(firsts)
    missing = sorted(firsts.keys() - found.keys())
    if missing:
        made = [
            Job(namespace=key[0], name=key[1], first_seen_at=firsts[key], last_seen_at=firsts[key])
            for key in missing
        ]
        Job.objects.bulk_create(made, ignore_conflicts=True)
        found = _read(firsts)
    return found


def _read(keys: Iterable[JobKey]) -> dict[JobKey, Job]:
    wanted = set(keys)
    rows = (
        Job.objects.select_for_update(of=("self",))
        .select_related("parent")
        .filter(namespace__in={key[0] for key in wanted}, name__in={key[1] for key in wanted})
    )
    return {key: job for job in rows.order_by("pk") if (key := (job.namespace, job.name)) in wanted}


def _parent_key(one: JobSeen) -> JobKey | None:
    key = (fitting(one.parent[0]), fitting(one.parent[1])) if one.parent else None
    return None if key == one.key else key


def _take(jobs: Mapping[JobKey, Job], one: JobSeen) -> None:
    job, at = jobs[one.key], stamp(one.seen_at)
    said = {
        "integration": one.integration[:_SHORT], "kind": one.kind[:_SHORT], "description": one.description
    }  # fmt: skip
    for name, words in said.items():
        kept = {_SAID[name]: getattr(job, name)}
        if words and take(kept, job.told_at, _SAID[name], words, at):
            setattr(job, name, words)
    take_facets(job.facets, job.told_at, one.facets, one.seen_at)
    parent = _parent_key(one)
    if parent:
        told = {"job.parent": [job.parent.namespace, job.parent.name] if job.parent else None}
        if take(told, job.told_at, "job.parent", list(parent), at):
            job.parent = jobs[parent]
    for each in (job, jobs[parent]) if parent else (job,):
        each.first_seen_at = min(each.first_seen_at, one.seen_at)
        each.last_seen_at = max(each.last_seen_at, one.seen_at)
        if each.removed_at is not None and each.removed_at < one.seen_at:
            each.removed_at = None


def _state(job: Job) -> tuple[Any, ...]:
    times = (job.first_seen_at, job.last_seen_at, job.removed_at)
    return (
        job.integration,
        job.kind,
        job.description,
        dict(job.told_at),
        dict(job.facets),
        job.parent_id,
        *times,
    )
