"""The graph around a dataset or job: which jobs and datasets hang together, walked in the database, level by level.

Depth counts jobs, in both directions, as in the API this is compatible with. What the person may not know of is
counted, never named. Datasets nobody claimed are walked through; behind what somebody else offers nothing is shown.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from catalog.accounts.models import User
from catalog.assets.models import Asset
from lineage.datasets.finding import slices
from lineage.datasets.permissions import visible_assets, visible_jobs
from lineage.models import Job, LineageEdge, LineageEdgeQuerySet, NodeKind, RunDataset

MOST_NODES = 2_000
MOST_DEPTH = 100

Touch = tuple[int, int, bool]  # job, asset, whether the job writes it


@dataclass
class Graph:
    """`touches` are between jobs and assets, `direct` between assets where no job is known (upstream, downstream)."""

    assets: dict[int, Asset] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    touches: set[Touch] = field(default_factory=set)
    direct: set[tuple[int, int]] = field(default_factory=set)
    hidden_datasets: int = 0
    hidden_jobs: int = 0
    is_cut: bool = False


def walk(user: User, *, assets: Collection[int] = (), jobs: Collection[int] = (), depth: int) -> Graph:
    """What is reached from the given assets and jobs over at most `depth` further jobs; cut at `MOST_NODES` nodes."""
    graph = Graph()
    seen_assets, seen_jobs = set(assets), set(jobs)
    new_assets, new_jobs = set(assets), set(jobs)
    for _ in range(depth + 1):
        touches, direct = _around(new_assets)
        graph.direct |= direct
        new_jobs = (new_jobs | {job for job, _, _ in touches}) - (seen_jobs - new_jobs)
        touches |= touches_of_jobs(new_jobs)
        graph.touches |= touches
        reached = {asset for _, asset, _ in touches} | {pk for pair in direct for pk in pair}
        seen_jobs |= new_jobs
        new_assets = _passable(user, reached - seen_assets)
        seen_assets |= reached
        graph.is_cut = len(seen_assets) + len(seen_jobs) > MOST_NODES
        new_jobs = set()
        if graph.is_cut or not new_assets:
            break
    _keep_visible(user, graph, seen_assets, seen_jobs)
    return graph


def _passable(user: User, assets: set[int]) -> set[int]:
    """Without what a product offers that the person may not know of: nothing behind it is shown."""
    passable = set(assets)
    for part in slices(assets):
        offered = Asset.objects.filter(pk__in=part, output_ports__isnull=False)
        foreign = offered.exclude(pk__in=visible_assets(user).filter(pk__in=part).values("pk"))
        passable.difference_update(foreign.values_list("pk", flat=True))
    return passable


def touches_of_jobs(jobs: Iterable[int]) -> set[Touch]:
    """What jobs read and write, as their runs and their edges in force say."""
    found: set[Touch] = set()
    for part in slices(set(jobs)):
        rows = RunDataset.objects.filter(job__in=part)
        found.update(rows.values_list("job_id", "asset_id", "is_output").distinct())
        for job, up, down in (
            _edges().filter(job__in=part).values_list("job_id", "upstream_id", "downstream_id")
        ):
            found.update({(job, up, False), (job, down, True)})
    return found


def _around(assets: Iterable[int]) -> tuple[set[Touch], set[tuple[int, int]]]:
    """What jobs do with these assets, and edges from and to them that no job is known of."""
    touches: set[Touch] = set()
    direct: set[tuple[int, int]] = set()
    for part in slices(set(assets)):
        rows = RunDataset.objects.filter(asset__in=part)
        touches.update(rows.values_list("job_id", "asset_id", "is_output").distinct())
        for side in ("upstream_id", "downstream_id"):
            edges = _edges().filter(**{f"{side}__in": part})
            for job, up, down in edges.values_list("job_id", "upstream_id", "downstream_id"):
                if job is None:
                    direct.add((up, down))
                else:
                    touches.update({(job, up, False), (job, down, True)})
    return touches, direct


def _edges() -> LineageEdgeQuerySet:
    return LineageEdge.objects.in_force().filter(upstream_kind=NodeKind.ASSET, downstream_kind=NodeKind.ASSET)


def _keep_visible(user: User, graph: Graph, assets: set[int], jobs: set[int]) -> None:
    if len(assets) + len(jobs) > MOST_NODES:
        jobs = set(sorted(jobs)[: MOST_NODES // 2])
        assets = set(sorted(assets)[: MOST_NODES - len(jobs)])
    for part in slices(assets):
        graph.assets |= visible_assets(user).in_bulk(part)
    for part in slices(jobs):
        graph.jobs |= visible_jobs(user).select_related("parent").in_bulk(part)
    graph.hidden_datasets = len(assets) - len(graph.assets)
    graph.hidden_jobs = len(jobs) - len(graph.jobs)
    graph.touches = {
        (job, asset, writes)
        for job, asset, writes in graph.touches
        if job in graph.jobs and asset in graph.assets
    }
    graph.direct = {pair for pair in graph.direct if pair[0] in graph.assets and pair[1] in graph.assets}
