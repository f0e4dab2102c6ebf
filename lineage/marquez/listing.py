"""Lists: namespaces, what is in one, what a search finds, and events as they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Min, QuerySet

from catalog.accounts import kernel
from catalog.accounts.models import User
from lineage.datasets.permissions import visible_assets, visible_jobs
from lineage.marquez import shapes
from lineage.marquez.addresses import DATASET, JOB, node_id
from lineage.models import DatasetFacets, LineageEvent

_MOST_WORDS = 10
MOST_TAGGED = 10_000  # datasets whose tags are listed


@dataclass(frozen=True, slots=True)
class Page:
    limit: int = 100
    offset: int = 0

    def of(self, rows: "Sequence[Any] | QuerySet[Any]") -> Any:
        return rows[self.offset : self.offset + self.limit]


def namespaces(user: User, page: Page, only: str | None = None) -> list[shapes.Json]:
    """Namespaces of datasets and of jobs the person may know of, by name; `only` one of them."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    for rows in (visible_assets(user), visible_jobs(user)):
        if only is not None:
            rows = rows.filter(namespace=only)
        found = (
            rows.order_by().values("namespace").annotate(first=Min("first_seen_at"), last=Max("last_seen_at"))
        )
        for name, first, last in found.values_list("namespace", "first", "last"):
            known = spans.get(name, (first, last))
            spans[name] = (min(known[0], first), max(known[1], last))
    return [shapes.namespace(name, *spans[name]) for name in page.of(sorted(spans))]


def sources(user: User, page: Page, only: str | None = None) -> list[shapes.Json]:
    """Where datasets lie, which is what their namespaces say, by name; `only` one of them."""
    rows = visible_assets(user) if only is None else visible_assets(user).filter(namespace=only)
    spans = rows.order_by().values("namespace").annotate(first=Min("first_seen_at"), last=Max("last_seen_at"))
    listed = spans.order_by("namespace").values_list("namespace", "first", "last")
    return [shapes.source(*span) for span in page.of(listed)]


def tags(user: User, page: Page) -> list[shapes.Json]:
    """Tags that the newest MOST_TAGGED tagged datasets have, by name."""
    rows = DatasetFacets.objects.filter(asset__in=visible_assets(user).values("pk"), facets__has_key="tags")
    newest = rows.order_by("-last_event_at", "-pk").values_list("facets__tags", flat=True)[:MOST_TAGGED]
    found = {tag for facet in newest.iterator() for tag in shapes.tags({"tags": facet})}
    return [{"name": tag, "description": None} for tag in page.of(sorted(found))]


def search(user: User, words: str, *, only: str, sort: str, namespace: str, limit: int) -> shapes.Json:
    """Datasets and jobs whose names hold the words; `%` stands for anything between two of them."""
    results = []
    for kind, rows in ((DATASET, visible_assets(user)), (JOB, visible_jobs(user))):
        if only in ("", kind):
            found = rows.filter(namespace=namespace) if namespace else rows
            for word in filter(None, words.split("%")[:_MOST_WORDS]):
                found = found.filter(name__icontains=word)
            by = "-last_seen_at" if sort == "update_at" else "name"
            results += [_result(kind, row) for row in found.order_by(by, "pk")[:limit]]
    key = "updatedAt" if sort == "update_at" else "name"
    results.sort(key=lambda item: str(item[key]), reverse=key == "updatedAt")
    return {"totalCount": len(results[:limit]), "results": results[:limit]}


def _result(kind: str, row: Any) -> shapes.Json:
    return {
        "type": kind.upper(),
        "name": row.name,
        "updatedAt": shapes.moment(row.last_seen_at),
        "namespace": row.namespace,
        "nodeId": node_id(kind, shapes.name_of(row)),
    }


def events(
    user: User, page: Page, *, before: datetime | None, after: datetime | None, is_ascending: bool
) -> shapes.Json:
    """Events as they came, newest first: all of them for governance and platform admins, else those one sent oneself.

    An event names whatever its sender knew, so nobody else reads it whole.
    """
    rows = LineageEvent.objects.order_by(*(("event_at", "pk") if is_ascending else ("-event_at", "-pk")))
    if not kernel.standing(user).sees_everything:
        rows = rows.filter(sent_by=user)
    rows = rows.filter(event_at__lt=before) if before else rows
    rows = rows.filter(event_at__gte=after) if after else rows
    return {"events": [row.document for row in page.of(rows)], "totalCount": rows.count()}
