"""One dataset for its page: what it is offered as, what events say of it, who makes and reads it, as far as one may
know."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.products.models import OutputPort
from lineage.datasets.permissions import visible_jobs
from lineage.models import DatasetAlias, DatasetFacets, Job, LineageEdge, NodeKind, RunDataset
from lineage.openlineage.facts import Facts, facts_of, written

MOST_JOBS = 50
_RUNS_LOOKED_AT = 20  # newest writings: one of them says how much


@dataclass(frozen=True, slots=True)
class Written:
    """What the newest run that told how much wrote, in `rows`, `bytes`, `files` as far as it said."""

    amounts: dict[str, int]
    at: datetime


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """`writers` and `readers` are jobs, cut at MOST_JOBS; `hidden_jobs` counts those that may not be seen. `names` are
    other names, for those who may say what the dataset is."""

    asset: Asset
    ports: list[OutputPort]
    facts: Facts
    told_at: datetime | None
    written: Written | None
    writers: list[Job]
    readers: list[Job]
    hidden_jobs: int
    names: list[DatasetAlias]
    may_name: bool

    @property
    def is_unclaimed(self) -> bool:
        return not self.ports and self.asset.connection_id is None


def dataset_page(user: User, asset: Asset) -> DatasetPage:
    """Everything the page shows of a dataset that the person may know of; a fixed number of queries."""
    told = DatasetFacets.objects.filter(asset=asset).first()
    may_name = kernel.can(user, "dataset.name", asset)
    writing, reading = _touching(asset, is_output=True), _touching(asset, is_output=False)
    seen = visible_jobs(user)
    every = Job.objects.filter(writing | reading)
    ports = OutputPort.objects.visible_to(user).filter(asset=asset).select_related("product__domain")
    names = DatasetAlias.objects.in_force().filter(asset=asset).select_related("author")
    return DatasetPage(
        asset=asset,
        ports=list(ports.order_by("product__name", "name", "version")),
        facts=facts_of(told.facets) if told else Facts(),
        told_at=told.last_event_at if told else None,
        written=_written(asset),
        writers=_listed(seen.filter(writing)),
        readers=_listed(seen.filter(reading)),
        hidden_jobs=every.count() - every.filter(pk__in=seen.order_by().values("pk")).count(),
        names=list(names.order_by("namespace", "name")) if may_name else [],
        may_name=may_name,
    )


def facts_of_port(port: OutputPort) -> Facts:
    """What events say of what a port offers."""
    told = DatasetFacets.objects.filter(asset=port.asset_id).first() if port.asset_id else None
    return facts_of(told.facets) if told else Facts()


def _touching(asset: Asset, *, is_output: bool) -> Q:
    """Jobs that write (or read) the dataset, by their runs or their edges in force."""
    runs = RunDataset.objects.filter(job=OuterRef("pk"), asset=asset, is_output=is_output)
    side = "downstream_id" if is_output else "upstream_id"
    edges = LineageEdge.objects.in_force().filter(
        job=OuterRef("pk"), upstream_kind=NodeKind.ASSET, downstream_kind=NodeKind.ASSET, **{side: asset.pk}
    )
    return Q(Exists(runs)) | Q(Exists(edges))


def _listed(jobs: "QuerySet[Job]") -> list[Job]:
    return list(jobs.order_by("namespace", "name", "pk")[:MOST_JOBS])


def _written(asset: Asset) -> Written | None:
    rows = RunDataset.objects.filter(asset=asset, is_output=True).order_by("-last_event_at", "-pk")
    for facets, at in rows.values_list("facets", "last_event_at")[:_RUNS_LOOKED_AT]:
        if amounts := written(facets):
            return Written(amounts, at)
    return None
