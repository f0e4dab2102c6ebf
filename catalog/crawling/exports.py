"""Runs and sources as lines of a CSV, with nothing of a source the reader may not see."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet

from catalog.accounts.models import User
from catalog.connections.models import Connection
from catalog.crawling import selectors
from catalog.crawling.models import CrawlRun

RUN_COLUMNS = (
    "run", "source", "product", "port", "state", "new", "changed", "unchanged", "vanished", "failed", "asked_by",
    "asked_at", "started_at", "finished_at", "attempt", "error", "remedy",
)  # fmt: skip
SOURCE_COLUMNS = (
    "key", "name", "kind", "team", "schedule", "is_paused", "failures_in_row", "last_state", "last_crawl_at",
    "last_error", "next_crawl_at",
)  # fmt: skip
_AT_ONCE = 500


def run_lines(user: User, runs: QuerySet[CrawlRun]) -> Iterator[list[Any]]:
    """A line for each run `user` may see; the sources of other teams stay unnamed, as on the page."""
    seen = set(Connection.objects.visible_to(user).values_list("pk", flat=True))
    for run in runs.iterator(chunk_size=_AT_ONCE):
        port = run.port
        yield [
            run.pk,
            run.connection.name if run.connection_id in seen else "",
            port.product.key if port else "",
            f"{port.name} {port.version}" if port else "",
            run.status,
            *(run.counts.get(outcome, 0) for outcome in RUN_COLUMNS[5:10]),
            run.requested_by.username if run.requested_by else run.trigger,
            run.queued_at,
            run.started_at,
            run.finished_at,
            run.attempt,
            run.error,
            run.remedy,
        ]


def source_lines(user: User, found: Iterable[Connection]) -> Iterator[list[Any]]:
    """A line for each of the sources, which `user` may see, in their order."""
    for source in selectors.sources_of(user, found):
        connection, last = source.connection, source.last
        yield [
            connection.slug,
            connection.name,
            connection.kind,
            connection.team.name,
            connection.schedule,
            connection.is_paused,
            connection.failures_in_row,
            last.status if last else "",
            last.queued_at if last else None,
            last.error if last else "",
            connection.next_crawl_at,
        ]
