"""Ending many edges at once: what machines or people said and nobody sees any more. Looked at first, never deleted."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.common.errors import Conflict, Invalid, Problem
from lineage.edges import permissions as _permissions  # noqa: F401 - registers them
from lineage.edges.deriving import derive_edges
from lineage.edges.locks import in_batches, lock_edges
from lineage.impact.changes import note_graph_changed
from lineage.models import ColumnEdge, DerivationStop, Job, LineageEdge, NodeKind, Source

SOURCES = (
    Source.OPENLINEAGE,
    Source.DBT,
    Source.SQL,
    Source.BY_HAND,
)  # declared edges follow the input ports
SAMPLES = 20


@dataclass(frozen=True, slots=True)
class Selection:
    """Which edges in force: of `source` ("" for any), of one job, last seen more than `older_than` days ago."""

    source: str = ""
    job_id: int | None = None
    older_than: int = 0

    @property
    def words(self) -> str:
        parts = [Source(self.source).label if self.source else "any source"]
        parts += [f"job {self.job_id}"] if self.job_id else []
        parts += [f"not seen for {self.older_than} days"] if self.older_than else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What would end, or ended: edges between assets (or drawn by hand), of columns, and those derived from them."""

    edges: int
    columns: int
    derived: int
    samples: tuple[LineageEdge, ...] = ()

    @property
    def total(self) -> int:
        return self.edges + self.columns + self.derived


def check_selection(selection: Selection) -> None:
    """Raises Invalid for a selection that means nothing, or everything."""
    problems = []
    if selection.source and selection.source not in SOURCES:
        problems.append(Problem("source", "choice", f"Source is one of {', '.join(SOURCES)}."))
    if selection.older_than < 0:
        problems.append(Problem("older_than", "range", "Age is a number of days."))
    if selection.job_id and not Job.objects.filter(pk=selection.job_id).exists():
        problems.append(Problem("job", "unknown", "There is no such job."))
    if not (selection.source or selection.job_id or selection.older_than):
        problems.append(Problem("source", "required", "Choose a source, a job or an age."))
    if problems:
        raise Invalid("These edges cannot be chosen like that.", problems=problems)


def preview_cleaning(*, actor: User | None, selection: Selection) -> Cleaning:
    """Exactly what `clean_edges` would end now: it is done and undone. Raises NotAllowed and Invalid."""
    with transaction.atomic():
        found = _end(actor, selection)
        transaction.set_rollback(True)
    return found


@transaction.atomic
def clean_edges(*, actor: User | None, selection: Selection, expected: int | None = None) -> Cleaning:
    """End the chosen edges by `valid_to`, with what is derived from them; one event of the audit trail tells of it.

    `expected` is the total somebody agreed to; raises Conflict when it is another by now, NotAllowed and Invalid.
    """
    done = _end(actor, selection)
    if expected is not None and done.total != expected:
        raise Conflict(
            f"{expected:,} edges were shown, and {done.total:,} would end by now.",
            kept="Nothing was ended.",
            remedy="Look at what would end once more.",
        )
    if done.samples or done.columns:
        audit.record(
            actor=actor,
            verb="lineage_edge.cleaned",
            obj=done.samples[0] if done.samples else LineageEdge(pk=0),
            name=f"{done.total:,} lineage edges",
            detail={
                "selection": selection.words,
                "edges": done.edges,
                "columns": done.columns,
                "derived": done.derived,
            },
        )
    return done


def _end(actor: User | None, selection: Selection) -> Cleaning:
    kernel.require(actor, "lineage_edge.clean", None, "Only platform admins end edges in bulk.")
    check_selection(selection)
    lock_edges()
    now = timezone.now()
    chosen = _chosen(LineageEdge.objects.filter(is_derived=False), selection)
    rows = list(chosen.order_by("last_seen", "pk").values_list("pk", "upstream_kind", "upstream_id"))
    samples = tuple(
        LineageEdge.objects.filter(pk__in=[row[0] for row in rows[:SAMPLES]]).select_related("job")
    )
    columns = list(_chosen(ColumnEdge.objects.all(), selection).values_list("pk", flat=True))
    for some in in_batches([row[0] for row in rows]):
        LineageEdge.objects.filter(pk__in=some).update(valid_to=now)
    for batch in in_batches(columns):
        ColumnEdge.objects.filter(pk__in=batch).update(valid_to=now)
    if rows or columns:
        note_graph_changed()
    touched = {upstream for _, kind, upstream in rows if kind == NodeKind.ASSET}
    derived = derive_edges(touched, at=now).ended if touched else 0
    return Cleaning(len(rows), len(columns), derived, samples)


def _chosen(rows: Any, selection: Selection) -> Any:
    chosen = rows.filter(Q(valid_to=None), source__in=[selection.source] if selection.source else SOURCES)
    if selection.job_id:
        chosen = chosen.filter(job_id=selection.job_id)
    if selection.older_than:
        chosen = chosen.filter(last_seen__lt=timezone.now() - timedelta(days=selection.older_than))
    return chosen


def stops() -> list[DerivationStop]:
    """Assets behind which derivation found more than it follows, the newest first."""
    return list(DerivationStop.objects.select_related("asset").order_by("-stopped_at", "pk")[:SAMPLES])


def sources_in_force() -> list[dict[str, Any]]:
    """How many edges each source has in force, since when and until when they were seen: where to begin cleaning."""
    rows = (
        LineageEdge.objects.filter(valid_to=None, is_derived=False, source__in=SOURCES)
        .values("source")
        .annotate(edges=Count("pk"), oldest=Min("last_seen"), newest=Max("last_seen"))
        .order_by("source")
    )
    return [{**row, "label": Source(row["source"]).label} for row in rows]
