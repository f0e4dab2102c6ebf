"""Rows as the JSON that lineage clients expect. Pure: everything shown was read before.

Times are UTC with a Z. What the portal does not know is null, never made up.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from catalog.assets.models import Asset
from catalog.schemas.models import Field
from lineage.datasets.naming import DatasetName
from lineage.marquez.addresses import DATASET, JOB, node_id
from lineage.marquez.graph import Graph
from lineage.models import Job, Run
from lineage.openlineage.facets import members, word
from lineage.openlineage.newest import present

Json = dict[str, Any]
STREAMS = ("topic",)
_STATES = {
    Run.State.UNKNOWN: "NEW",
    Run.State.RUNNING: "RUNNING",
    Run.State.COMPLETED: "COMPLETED",
    Run.State.FAILED: "FAILED",
    Run.State.ABORTED: "ABORTED",
}


def moment(at: datetime | None) -> str | None:
    """A time as clients read it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def name_of(thing: Asset | Job) -> DatasetName:
    return DatasetName(thing.namespace, thing.name)


def identity(thing: Asset | Job) -> Json:
    return {"namespace": thing.namespace, "name": thing.name}


def namespace(name: str, first: datetime | None, last: datetime | None) -> Json:
    return {
        "name": name, "createdAt": moment(first), "updatedAt": moment(last), "ownerName": "anonymous",
        "description": None, "isHidden": False,
    }  # fmt: skip


def source(name: str, first: datetime | None, last: datetime | None) -> Json:
    """A data source, of which nothing is known but its name: the namespace of its datasets."""
    return {
        "type": name.partition(":")[0].upper(), "name": name, "createdAt": moment(first), "updatedAt": moment(last),
        "connectionUrl": name, "description": None,
    }  # fmt: skip


def field(row: Field) -> Json:
    return {
        "name": row.path, "type": row.physical_type or row.logical_type, "tags": [], "description": row.comment or None
    }  # fmt: skip


def tags(facets: Mapping[str, Any]) -> list[str]:
    """The keys of a dataset's tags, without those of its fields."""
    listed = members(present(facets).get("tags"), "tags")
    return sorted({word(tag, "key") for tag in listed if not word(tag, "field")} - {""})


def dataset(asset: Asset, fields: Iterable[Json] = (), facets: Mapping[str, Any] | None = None) -> Json:
    """A dataset; `sourceName` is its namespace, which is what the naming rules make of a data source."""
    return {
        "id": identity(asset),
        "type": "STREAM" if asset.kind in STREAMS else "DB_TABLE",
        **identity(asset),
        "physicalName": asset.name,
        "createdAt": moment(asset.first_seen_at),
        "updatedAt": moment(asset.last_seen_at),
        "sourceName": asset.namespace,
        "fields": list(fields),
        "tags": tags(facets or {}),
        "lastModifiedAt": moment(asset.last_seen_at),
        "lastLifecycleState": None,
        "description": asset.comment or None,
        "currentVersion": None,
        "columnLineage": None,
        "facets": dict(facets or {}),
        "deleted": asset.vanished_at is not None,
    }


def job(
    row: Job,
    *,
    inputs: Iterable[Asset] = (),
    outputs: Iterable[Asset] = (),
    runs: Iterable[Run] = (),
    is_open: bool = False,
    hidden: int = 0,
) -> Json:
    """A job; facets and errors may name anything, so they are told only where nothing of it is hidden (`is_open`)."""
    facets = row.facets if is_open and isinstance(row.facets, dict) else {}
    latest = [run(item, row, is_open=is_open) for item in runs]
    location = facets.get("sourceCodeLocation")
    return {
        "id": identity(row),
        "type": "BATCH",
        **identity(row),
        "simpleName": row.name.rpartition(".")[2] or row.name,
        "parentJobName": row.parent.name if is_open and row.parent else None,
        "parentJobUuid": None,
        "createdAt": moment(row.first_seen_at),
        "updatedAt": moment(row.last_seen_at),
        "inputs": [identity(item) for item in inputs],
        "outputs": [identity(item) for item in outputs],
        "location": location.get("url") if isinstance(location, dict) else None,
        "context": {},
        "description": row.description or None if is_open else None,
        "latestRun": latest[0] if latest else None,
        "latestRuns": latest,
        "facets": facets,
        "labels": [],
        "tags": [],
        "currentVersion": None,
        "hiddenDatasets": hidden,
    }


def run(row: Run, of: Job, *, is_open: bool = False) -> Json:
    ended = row.ended_at
    lasted = round((ended - row.started_at).total_seconds() * 1000) if ended and row.started_at else None
    return {
        "id": row.key,
        "createdAt": moment(row.started_at or row.last_event_at),
        "updatedAt": moment(row.last_event_at),
        "nominalStartTime": moment(row.nominal_start_at),
        "nominalEndTime": moment(row.nominal_end_at),
        "state": _STATES.get(Run.State(row.state), "NEW"),
        "startedAt": moment(row.started_at),
        "endedAt": moment(ended),
        "durationMs": lasted if lasted is None or lasted >= 0 else None,
        "args": {},
        "facets": row.facets if is_open else {},
        "jobVersion": None,
        "job": identity(of),
    }


def graph(found: Graph, open_jobs: Mapping[int, Json], datasets: Mapping[int, Json]) -> Json:
    """Nodes with the edges at each; `hidden` counts what is there and may not be named."""
    into: dict[str, set[str]] = {}
    out: dict[str, set[str]] = {}

    def join(origin: str, destination: str) -> None:
        out.setdefault(origin, set()).add(destination)
        into.setdefault(destination, set()).add(origin)

    asset_ids = {pk: node_id(DATASET, name_of(item)) for pk, item in found.assets.items()}
    job_ids = {pk: node_id(JOB, name_of(item)) for pk, item in found.jobs.items()}
    for job_pk, asset_pk, writes in found.touches:
        pair = (job_ids[job_pk], asset_ids[asset_pk])
        join(*(pair if writes else pair[::-1]))
    for up, down in found.direct:
        join(asset_ids[up], asset_ids[down])
    nodes = [(asset_ids[pk], "DATASET", datasets[pk]) for pk in found.assets]
    nodes += [(job_ids[pk], "JOB", open_jobs[pk]) for pk in found.jobs]
    return {
        "graph": [
            {
                "id": key,
                "type": kind,
                "data": data,
                "inEdges": [{"origin": other, "destination": key} for other in sorted(into.get(key, ()))],
                "outEdges": [{"origin": key, "destination": other} for other in sorted(out.get(key, ()))],
            }
            for key, kind, data in sorted(nodes, key=lambda node: node[0])
        ],
        "hidden": {"datasets": found.hidden_datasets, "jobs": found.hidden_jobs},
        "isCut": found.is_cut,
    }
