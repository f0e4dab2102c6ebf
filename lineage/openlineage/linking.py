"""What runs read and wrote, and the edges that follow.

All datasets a run read, in any of its events, feed all it wrote, unless facets say what a dataset is made from. Such an
edge was first seen at the run's first event and last at its last, so that nothing depends on the order of the events.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from catalog.common import bulk
from lineage.datasets.naming import DatasetName
from lineage.edges.believing import Rejected
from lineage.edges.observing import ColumnLink, Sight, observe
from lineage.models import Job, Run, Source
from lineage.openlineage.models import RunDataset
from lineage.openlineage.newest import take_facets
from lineage.openlineage.unpacking import DatasetTold, Told

MOST_PAIRS = (
    20_000  # of one run: a job that reads and writes hundreds of datasets says nothing of which makes which
)
Ids = Mapping[DatasetName, int]
Pair = tuple[int, int]
Spoken = tuple[Told, Job | None, Run | None, int | None]  # the last: who sent it
_Key = tuple[int | None, int, int, bool]  # run, job, asset, is_output; the job counts where there is no run


@dataclass(slots=True)
class _Seen:
    """What one job was seen making at one moment, as one sender tells."""

    pairs: set[Pair] = field(default_factory=set)
    columns: set[ColumnLink] = field(default_factory=set)


_Sights = dict[tuple[int | None, datetime, int | None], _Seen]  # job, moment, sender


def link(spoken: Sequence[Spoken], ids: Ids, rejected: Rejected) -> None:
    """Record readings, writings and edges of a batch. Call inside a transaction that holds the edges' lock."""
    _record(spoken, ids, rejected)
    seen: _Sights = defaultdict(_Seen)
    for told, job, run, sender in spoken:
        one = seen[job.pk if job else None, told.event_at, sender]
        _explicit(one, told, ids)
        if run is None:
            one.pairs |= _crossed(_ids(told, ids, False), _ids(told, ids, True))
    _of_runs(seen, {run.pk: run for _, _, run, _ in spoken if run is not None})
    observe([
        Sight(Source.OPENLINEAGE, job, at, one.pairs, one.columns, sender_id=sender)
        for (job, at, sender), one in seen.items()
    ])  # fmt: skip


def _ids(told: Told, ids: Ids, is_output: bool) -> set[int]:
    return {ids[one.name] for one in told.datasets if one.is_output is is_output and not one.is_explicit}


def _explicit(sight: _Seen, told: Told, ids: Ids) -> None:
    """What facets say a dataset is made from, by dataset and by column."""
    for target, made in told.made.items():
        for upstream in made.upstreams:
            if ids[upstream] != ids[target]:
                sight.pairs.add((ids[upstream], ids[target]))
        for one in made.links:
            sight.columns.add(
                ColumnLink(
                    ids[one.upstream], one.upstream_path, ids[one.downstream], one.downstream_path, one.is_direct,
                    one.how,
                )
            )  # fmt: skip


def _of_runs(seen: _Sights, runs: Mapping[int, Run]) -> None:
    read: dict[int, set[int]] = defaultdict(set)
    written: dict[int, set[int]] = defaultdict(set)
    rows = RunDataset.objects.filter(run__in=list(runs)) if runs else RunDataset.objects.none()
    for run_id, asset_id, is_output, is_explicit in rows.values_list(
        "run_id", "asset_id", "is_output", "is_explicit"
    ):
        if not is_explicit:
            (written if is_output else read)[run_id].add(asset_id)
    for pk, run in runs.items():
        pairs = _crossed(read[pk], written[pk])
        for at in {run.first_event_at or run.last_event_at, run.last_event_at}:
            seen[run.job_id, at, run.sent_by_id].pairs |= pairs


def _crossed(read: set[int], written: set[int]) -> set[tuple[int, int]]:
    if len(read) * len(written) > MOST_PAIRS:
        return set()
    return {(upstream, downstream) for upstream in read for downstream in written if upstream != downstream}


def _record(spoken: Iterable[Spoken], ids: Ids, rejected: Rejected) -> None:
    """Keep who read and wrote what, with the facets of that."""
    told: dict[_Key, list[tuple[DatasetTold, datetime]]] = defaultdict(list)
    for event, job, run, sender in spoken:
        for one in event.datasets:
            is_believed = (sender, ids[one.name]) not in rejected
            if job is not None and one.is_output is not None and is_believed:
                key = (run.pk if run else None, job.pk, ids[one.name], one.is_output)
                told[key].append((one, event.event_at))
    if not told:
        return
    known = _known(told)
    new, changed = [], []
    for key, sayings in told.items():
        row = known.get(_identity(key))
        if row is None:
            row = _made(key, sayings[0][1])
            new.append(row)
            known[_identity(key)] = row
        elif row.pk is not None:
            changed.append(row)
        for one, at in sayings:
            row.first_event_at, row.last_event_at = min(row.first_event_at, at), max(row.last_event_at, at)
            row.is_explicit = row.is_explicit and one.is_explicit
            take_facets(row.facets, row.told_at, one.own_facets, at)
    bulk.insert(RunDataset, (*_NAMED, *_COLUMNS), [(*_named(row), *_columns(row)) for row in new])
    bulk.update(RunDataset, _COLUMNS, [(row.pk, *_columns(row)) for row in changed])


_COLUMNS = ["is_explicit", "facets", "told_at", "first_event_at", "last_event_at"]
_columns = attrgetter(*_COLUMNS)
_NAMED = ["run_id", "job_id", "asset_id", "is_output"]
_named = attrgetter(*_NAMED)


def _identity(key: _Key) -> tuple[int | None, int | None, int, bool]:
    run, job, asset, is_output = key
    return run, None if run else job, asset, is_output


def _made(key: _Key, at: datetime) -> RunDataset:
    run, job, asset, is_output = key
    return RunDataset(
        run_id=run, job_id=job, asset_id=asset, is_output=is_output, is_explicit=True, first_event_at=at,
        last_event_at=at,
    )  # fmt: skip


def _known(told: Iterable[_Key]) -> dict[Any, RunDataset]:
    keys = list(told)
    assets = {key[2] for key in keys}
    rows = list(RunDataset.objects.filter(run__in={key[0] for key in keys} - {None}, asset__in=assets))
    runless = {key[1] for key in keys if key[0] is None}
    if runless:
        rows += RunDataset.objects.filter(run=None, job__in=runless, asset__in=assets)
    return {_identity((row.run_id, row.job_id, row.asset_id, row.is_output)): row for row in rows}
