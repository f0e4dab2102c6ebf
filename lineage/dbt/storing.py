"""Writing a plan: the project, its nodes, their assets, jobs and edges. Called inside one transaction.

The same plan twice changes nothing but when it was last seen. A node that is no longer there is marked, its edges end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.audit import services as audit
from catalog.quality.outside.findings import moment
from lineage.datasets.finding import resolved
from lineage.datasets.naming import DatasetName
from lineage.datasets.services import find_or_make_assets
from lineage.dbt.anchoring import Anchor
from lineage.dbt.describing import describe_assets
from lineage.dbt.models import DbtImport, DbtNode, DbtProject
from lineage.dbt.nodes import EXPOSURE
from lineage.dbt.plan import Plan, PlannedNode
from lineage.edges.observing import ColumnLink, observe_edges
from lineage.models import Job, Source
from lineage.openlineage.jobs import see_job
from lineage.sql.assets import columns_of

_NODE = ("kind", "name", "asset", "description", "facts", "problems", "digest", "changed_at", "removed_at")


@dataclass(frozen=True, slots=True)
class Stored:
    """What came of it: nodes made, changed, the same, removed; edges and column links; what to tell."""

    counts: dict[str, int]
    problems: list[dict[str, str]]


def known_columns(names: Sequence[DatasetName]) -> Mapping[DatasetName, Sequence[str]]:
    """The columns of those of the datasets that were observed already."""
    found, _ = resolved(set(names))
    columns = columns_of(found.values())
    return {name: columns.get(pk, []) for name, pk in found.items()}


def store_plan(*, job: DbtImport, plan: Plan, anchor: Anchor, now: datetime) -> Stored:
    """Write all of it; the counts say what was different."""
    told: list[dict[str, str]] = []
    project = _project(job, plan, anchor, now, told)
    names = {name for one in plan.nodes for name in (one.dataset, *one.made_from) if name is not None}
    names |= {link.upstream for one in plan.nodes for link in one.links}
    assets = find_or_make_assets(names, seen_at=now) if names else {}
    counts = _nodes(project, plan, assets, now)
    edges, columns = _edges(plan, assets, _job(project, now), now, job.requested_by_id)
    counts |= {"edges": edges, "columns": columns, "removed": _remove(project, plan, now)}
    describe_assets(plan, assets, now)
    told += [
        {"path": one.node.unique_id, "rule": "sql", "message": problem, "severity": "info"}
        for one in plan.nodes for problem in one.problems
    ]  # fmt: skip
    audit.record(actor=job.requested_by, verb="dbt_import.done", obj=job, name=project.name, detail=counts)
    return Stored(counts, told)


def _project(
    job: DbtImport, plan: Plan, anchor: Anchor, now: datetime, told: list[dict[str, str]]
) -> DbtProject:
    said = plan.project
    made_at = moment(said.generated_at)
    known = DbtProject.objects.select_for_update(of=("self",)).filter(team=job.team, name=said.name).first()
    if known and known.generated_at and made_at and made_at < known.generated_at:
        words = (
            f"This manifest is older than the one taken before, of {known.generated_at:%Y-%m-%d %H:%M} UTC."
        )
        told.append({"path": "manifest.json", "rule": "older", "message": words, "severity": "warning"})
    fields = {
        "connection": anchor.connection, "adapter": said.adapter, "dbt_version": said.dbt_version,
        "namespace": anchor.namespace, "job_namespace": anchor.job_namespace, "generated_at": made_at,
        "imported_at": now,
    }  # fmt: skip
    project, _ = DbtProject.objects.update_or_create(team=job.team, name=said.name, defaults=fields)
    job.project = project
    return project


def _job(project: DbtProject, now: datetime) -> Job:
    """The project's own job, named as dbt-ol names its run: one import tells all its edges at once."""
    return see_job(
        namespace=project.job_namespace,
        name=f"dbt-run-{project.name}",
        seen_at=now,
        integration="DBT",
        kind="PROJECT",
    )


def _nodes(
    project: DbtProject, plan: Plan, assets: Mapping[DatasetName, int], now: datetime
) -> dict[str, int]:
    known = {node.unique_id: node for node in project.nodes.all()}
    made, changed, same = [], [], 0
    for one in plan.nodes:
        row = known.get(one.node.unique_id)
        fields = _fields(one, assets)
        if row is None:
            made.append(
                DbtNode(
                    project=project, unique_id=one.node.unique_id, first_seen_at=now, changed_at=now, **fields
                )
            )
        elif row.removed_at is not None or any(getattr(row, name) != value for name, value in fields.items()):
            for name, value in fields.items():
                setattr(row, name, value)
            row.changed_at, row.removed_at = now, None
            changed.append(row)
        else:
            same += 1
    DbtNode.objects.bulk_create(made, batch_size=200)
    DbtNode.objects.bulk_update(changed, _NODE, batch_size=100)
    return {"made": len(made), "changed": len(changed), "same": same}


def _fields(one: PlannedNode, assets: Mapping[DatasetName, int]) -> dict[str, Any]:
    node = one.node
    columns = [
        {name: value for name, value in (("name", column.name), ("type", column.type),
         ("description", column.description), ("tests", list(column.tests))) if value}
        for column in node.columns
    ]  # fmt: skip
    facts = {**node.facts, "upstream": list(node.upstream)}
    return {
        "kind": node.kind, "name": node.name, "asset_id": assets[one.dataset] if one.dataset else None,
        "description": node.description, "digest": node.digest,
        "facts": facts | ({"columns": columns} if columns else {}), "problems": list(one.problems),
    }  # fmt: skip


def _edges(
    plan: Plan, assets: Mapping[DatasetName, int], job: Job, now: datetime, sender_id: int | None
) -> tuple[int, int]:
    """All edges of the project; those it does not name any more end. Returns how many edges and links of columns."""
    pairs: set[tuple[int, int]] = set()
    links: list[ColumnLink] = []
    for one in plan.nodes:
        if one.dataset is None or one.node.kind == EXPOSURE:
            continue
        own = assets[one.dataset]
        pairs |= {(assets[name], own) for name in one.made_from if assets[name] != own}
        links += [
            ColumnLink(assets[link.upstream], link.column, own, link.into, link.is_direct, link.how)
            for link in one.links
            if assets[link.upstream] != own
        ]
    observe_edges(
        source=Source.DBT, job_id=job.pk, assets=pairs, columns=links, seen_at=now, is_complete=True,
        sender_id=sender_id,
    )  # fmt: skip
    return len(pairs), len(links)


def _remove(project: DbtProject, plan: Plan, now: datetime) -> int:
    """Mark what is no longer in the manifest; its edges ended with the others."""
    there = {one.node.unique_id for one in plan.nodes}
    gone = [node for node in project.nodes.filter(removed_at=None) if node.unique_id not in there]
    for node in gone:
        node.removed_at = now
    DbtNode.objects.bulk_update(gone, ["removed_at"], batch_size=200)
    return len(gone)
