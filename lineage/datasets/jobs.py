"""Jobs for their pages: which one may know of, how their runs went, what they read and write."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.products.models import OutputPort
from lineage.datasets.permissions import visible_assets, visible_jobs
from lineage.marquez.graph import touches_of_jobs
from lineage.models import Job, Run
from lineage.openlineage.facts import Facts, facts_of

RUNS_DRAWN = 60
_HEIGHT, _WIDTH, _GAP = 48, 8, 2  # pixels
_NEWEST = Run.objects.filter(job=OuterRef("pk")).order_by("-last_event_at", "-pk")


@dataclass(frozen=True, slots=True)
class Bar:
    """A run as a bar: as high as it took long; one without an end is as low as can be."""

    run: Run
    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class History:
    """The newest runs, oldest first."""

    bars: list[Bar]
    width: int
    longest: timedelta | None
    failed: int

    height = _HEIGHT


@dataclass(frozen=True, slots=True)
class JobPage:
    """`is_open`: nothing the job touches is hidden from the reader, so that its own words may be shown."""

    job: Job
    history: History
    runs: list[tuple[Run, timedelta | None]]  # with how long each took
    inputs: list[Asset]
    outputs: list[Asset]
    hidden: int
    facts: Facts

    @property
    def is_open(self) -> bool:
        return not self.hidden


def jobs_for(user: User, *, q: str = "", state: str = "", namespace: str = "") -> "QuerySet[Job]":
    """Jobs the person may know of, with `last_state`, `last_at` and `last_key` of the newest run."""
    rows = visible_jobs(user).annotate(
        last_state=Subquery(_NEWEST.values("state")[:1]),
        last_at=Subquery(_NEWEST.values("last_event_at")[:1]),
    )
    if q:
        rows = rows.filter(name__icontains=q)
    if namespace:
        rows = rows.filter(namespace=namespace)
    if state in Run.State.values:
        rows = rows.filter(last_state=state)
    return rows.order_by("namespace", "name", "pk")


def job_page(user: User, job: Job) -> JobPage:
    """Everything the page of a job shows; inputs and outputs as far as they may be known."""
    touches = touches_of_jobs([job.pk])
    ids = {asset for _, asset, _ in touches}
    ports = OutputPort.objects.visible_to(user).select_related("product__domain")
    rows = (
        visible_assets(user)
        .filter(pk__in=ids)
        .prefetch_related(Prefetch("output_ports", ports, to_attr="seen_ports"))
    )
    known = {asset.pk: asset for asset in rows.order_by("namespace", "name")}
    written = {asset for _, asset, writes in touches if writes}
    read = {asset for _, asset, writes in touches if not writes}
    runs = list(Run.objects.filter(job=job)[:RUNS_DRAWN])
    return JobPage(
        job=job,
        history=history(runs),
        runs=[(run, lasted(run)) for run in runs[:20]],
        inputs=[asset for pk, asset in known.items() if pk in read],
        outputs=[asset for pk, asset in known.items() if pk in written],
        hidden=len(ids) - len(known),
        facts=facts_of(job.facets),
    )


def lasted(run: Run) -> timedelta | None:
    """How long a run took; None while that is not known."""
    begun: datetime | None = run.started_at
    if begun is None or run.ended_at is None or run.ended_at < begun:
        return None
    return run.ended_at - begun


def history(runs: list[Run]) -> History:
    """Bars of runs given newest first."""
    spans = {run.pk: span for run in runs if (span := lasted(run)) is not None}
    longest = max(spans.values(), default=None)
    bars = []
    for place, run in enumerate(reversed(runs)):
        share = spans[run.pk] / longest if longest and run.pk in spans else 0
        height = max(round(share * _HEIGHT), 4)
        bars.append(Bar(run, place * (_WIDTH + _GAP), _HEIGHT - height, height))
    failed = sum(run.state in (Run.State.FAILED, Run.State.ABORTED) for run in runs)
    return History(bars, max(len(runs) * (_WIDTH + _GAP), 1), longest, failed)
