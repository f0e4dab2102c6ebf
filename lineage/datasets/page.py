"""One dataset for its page: what it is offered as, what events say of it, who makes and reads it, as far as one may
know."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.products.models import OutputPort
from lineage.datasets.permissions import visible_jobs
from lineage.models import (
    DatasetAlias,
    DatasetFacets,
    Job,
    LineageEdge,
    NodeKind,
    Run,
    RunDataset,
    SenderRejection,
)
from lineage.openlineage.facts import Facts, facts_of, written

MOST_JOBS = 50
_RUNS_LOOKED_AT = 20  # newest writings: one of them says how much


@dataclass(frozen=True, slots=True)
class Written:
    """What the newest run that told how much wrote, in `rows`, `bytes`, `files` as far as it said."""

    amounts: dict[str, int]
    at: datetime


@dataclass(frozen=True, slots=True)
class Teller:
    """Who sent what is known of a dataset: of how many edges in force they told last, and when."""

    sender: User
    edges: int
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """`writers` and `readers` are jobs, cut at MOST_JOBS; `hidden_jobs` counts those that may not be seen. `names` are
    other names, for those who may say what the dataset is. `tellers` and `rejections` are of people one may know of."""

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
    tellers: list[Teller]
    rejections: list[SenderRejection]
    may_reject: bool

    @property
    def is_unclaimed(self) -> bool:
        return not self.ports and self.asset.connection_id is None


def dataset_page(user: User, asset: Asset) -> DatasetPage:
    """Everything the page shows of a dataset that the person may know of; a fixed number of queries."""
    told = DatasetFacets.objects.filter(asset=asset).first()
    may_name = kernel.can(user, "dataset.name", asset)
    may_reject = kernel.can(user, "lineage.reject_sender", asset)
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
        tellers=_tellers(user, asset, None if may_reject else seen),
        rejections=_rejections(user, asset),
        may_reject=may_reject,
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


def _tellers(user: User, asset: Asset, jobs: "QuerySet[Job] | None") -> list[Teller]:
    """Who sends runs and edges of the dataset and is believed, those of most edges first; by these `jobs` alone for
    those who are not to know of others."""
    edges = LineageEdge.objects.in_force().filter(
        Q(upstream_id=asset.pk) | Q(downstream_id=asset.pk),
        upstream_kind=NodeKind.ASSET, downstream_kind=NodeKind.ASSET, sent_by__isnull=False,
    )  # fmt: skip
    runs = Run.objects.filter(datasets__asset=asset).exclude(sent_by=None).order_by()
    if jobs is not None:
        edges, runs = edges.filter(job__in=jobs.order_by()), runs.filter(job__in=jobs.order_by())
    told = {
        pk: (count, last)
        for pk, count, last in edges.order_by()
        .values("sent_by")
        .annotate(count=Count("pk"), last=Max("last_seen"))
        .values_list("sent_by", "count", "last")
    }
    rejected = SenderRejection.objects.in_force().filter(asset=asset).values("sender")
    known = User.objects.visible_to(user).filter(Q(pk__in=list(told)) | Q(pk__in=runs.values("sent_by")))
    rows = [Teller(sender, *told.get(sender.pk, (0, None))) for sender in known.exclude(pk__in=rejected)]
    return sorted(rows, key=lambda row: (-row.edges, row.sender.username))


def _rejections(user: User, asset: Asset) -> list[SenderRejection]:
    """Who is not believed about the dataset, and who was not once: the newest first."""
    rows = SenderRejection.objects.filter(asset=asset, sender__in=User.objects.visible_to(user))
    return list(rows.select_related("sender", "made_by", "ended_by"))


def _written(asset: Asset) -> Written | None:
    rows = RunDataset.objects.filter(asset=asset, is_output=True).order_by("-last_event_at", "-pk")
    for facets, at in rows.values_list("facets", "last_event_at")[:_RUNS_LOOKED_AT]:
        if amounts := written(facets):
            return Written(amounts, at)
    return None
