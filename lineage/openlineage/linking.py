"""What runs read and wrote, and the edges that follow.

All datasets a run read, in any of its events, feed all it wrote, unless facets say what a dataset is made from. Such an
edge was first seen at the run's first event and last at its last, so that nothing depends on the order of the events.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from catalog.common import bulk
from lineage.datasets.naming import DatasetName
from lineage.edges.observing import ColumnLink, observe_edges
from lineage.models import ColumnEdge, Job, LineageEdge, NodeKind, Run, Source
from lineage.openlineage.models import RunDataset
from lineage.openlineage.newest import take_facets
from lineage.openlineage.unpacking import DatasetTold, Told

MOST_PAIRS = (
    20_000  # of one run: a job that reads and writes hundreds of datasets says nothing of which makes which
)
Ids = Mapping[DatasetName, int]
Pair = tuple[int, int]
T = TypeVar("T")
Spoken = tuple[Told, Job | None, Run | None]
_Key = tuple[int | None, int, int, bool]  # run, job, asset, is_output; the job counts where there is no run


@dataclass(slots=True)
class _Sight:
    """What one job was seen making at one moment."""

    pairs: set[Pair] = field(default_factory=set)
    columns: set[ColumnLink] = field(default_factory=set)


_Sights = dict[tuple[int | None, datetime], _Sight]


def link(spoken: Sequence[Spoken], ids: Ids) -> None:
    """Record readings, writings and edges of a batch. Call inside a transaction that holds the edges' lock."""
    _record(spoken, ids)
    sights: _Sights = defaultdict(_Sight)
    for told, job, run in spoken:
        sight = sights[job.pk if job else None, told.event_at]
        _explicit(sight, told, ids)
        if run is None:
            sight.pairs |= _crossed(_ids(told, ids, False), _ids(told, ids, True))
    _of_runs(sights, {run.pk: run for _, _, run in spoken if run is not None})
    for (job_id, at), sight in sorted(
        _telling(sights).items(), key=lambda item: (item[0][1], item[0][0] or 0)
    ):
        observe_edges(
            source=Source.OPENLINEAGE, job_id=job_id, assets=sorted(sight.pairs), columns=list(sight.columns),
            seen_at=at,
        )  # fmt: skip


def _telling(sights: _Sights) -> _Sights:
    """The sights that say something: of each edge the first and the last of the batch, unless it is known by then."""
    told: _Sights = defaultdict(_Sight)
    pairs = _first_and_last({key: sight.pairs for key, sight in sights.items()})
    links = _first_and_last({key: sight.columns for key, sight in sights.items()})
    known = _known_edges(pairs)
    for (job_id, pair), (first, last) in pairs.items():
        since, until = known.get((job_id, *pair), (None, None))
        if since is None or since > first:
            told[job_id, first].pairs.add(pair)
        if until is None or until < last:
            told[job_id, last].pairs.add(pair)
    known_links = _known_columns(links)
    for (job_id, one), (first, last) in links.items():
        ends = (one.upstream_asset, one.upstream_path, one.downstream_asset, one.downstream_path)
        since = known_links.get((job_id, *ends))
        for at in {last} if since is not None and since <= first else {first, last}:
            told[job_id, at].columns.add(one)
    return told


def _first_and_last(
    seen: Mapping[tuple[int | None, datetime], set[T]],
) -> dict[tuple[int | None, T], tuple[datetime, datetime]]:
    found: dict[tuple[int | None, T], tuple[datetime, datetime]] = {}
    for (job_id, at), items in seen.items():
        for item in items:
            first, last = found.get((job_id, item), (at, at))
            found[job_id, item] = (min(first, at), max(last, at))
    return found


def _known_edges(pairs: Iterable[tuple[int | None, Pair]]) -> dict[Any, tuple[datetime, datetime]]:
    """When edges in force were seen first and last, by job and ends."""
    wanted = set(pairs)
    rows = LineageEdge.objects.in_force().filter(
        source=Source.OPENLINEAGE,
        job__in={job for job, _ in wanted} - {None},
        upstream_kind=NodeKind.ASSET,
        upstream_id__in={pair[0] for _, pair in wanted},
    )
    listed = rows.values_list("job_id", "upstream_id", "downstream_id", "first_seen", "last_seen")
    return {(job, up, down): (first, last) for job, up, down, first, last in listed}


def _known_columns(links: Iterable[tuple[int | None, ColumnLink]]) -> dict[Any, datetime]:
    """When edges of columns in force were seen first, by job and ends."""
    wanted = set(links)
    rows = ColumnEdge.objects.in_force().filter(
        source=Source.OPENLINEAGE,
        job__in={job for job, _ in wanted} - {None},
        downstream__asset__in={one.downstream_asset for _, one in wanted},
    )
    ends = ("upstream__asset_id", "upstream__path", "downstream__asset_id", "downstream__path")
    return {tuple(row[:5]): row[5] for row in rows.values_list("job_id", *ends, "first_seen")}


def _ids(told: Told, ids: Ids, is_output: bool) -> set[int]:
    return {ids[one.name] for one in told.datasets if one.is_output is is_output and not one.is_explicit}


def _explicit(sight: _Sight, told: Told, ids: Ids) -> None:
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


def _of_runs(sights: _Sights, runs: Mapping[int, Run]) -> None:
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
            sights[run.job_id, at].pairs |= pairs


def _crossed(read: set[int], written: set[int]) -> set[tuple[int, int]]:
    if len(read) * len(written) > MOST_PAIRS:
        return set()
    return {(upstream, downstream) for upstream in read for downstream in written if upstream != downstream}


def _record(spoken: Iterable[Spoken], ids: Ids) -> None:
    """Keep who read and wrote what, with the facets of that."""
    told: dict[_Key, list[tuple[DatasetTold, datetime]]] = defaultdict(list)
    for event, job, run in spoken:
        for one in event.datasets:
            if job is not None and one.is_output is not None:
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
        elif row not in new:
            changed.append(row)
        for one, at in sayings:
            row.first_event_at, row.last_event_at = min(row.first_event_at, at), max(row.last_event_at, at)
            row.is_explicit = row.is_explicit and one.is_explicit
            take_facets(row.facets, row.told_at, one.own_facets, at)
    RunDataset.objects.bulk_create(new)
    bulk.update(RunDataset, _COLUMNS, [(row.pk, *_columns(row)) for row in changed])


_COLUMNS = ["is_explicit", "facets", "told_at", "first_event_at", "last_event_at"]
_columns = attrgetter(*_COLUMNS)


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
