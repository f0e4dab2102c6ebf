"""What pages say of crawls and scores."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django import template
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.connections.models import Connection
from catalog.crawling import selectors
from catalog.crawling.models import CrawlItem, CrawlRun
from catalog.products.models import DataProduct, OutputPort
from catalog.quality.models import QualityScore

register = template.Library()

STATES = {
    CrawlRun.Status.QUEUED: "unknown",
    CrawlRun.Status.RUNNING: "unknown",
    CrawlRun.Status.SUCCEEDED: "good",
    CrawlRun.Status.PARTIAL: "warning",
    CrawlRun.Status.FAILED: "bad",
    CrawlRun.Status.CANCELLED: "unknown",
}
OUTCOMES = {
    CrawlItem.Outcome.NEW: "good",
    CrawlItem.Outcome.CHANGED: "warning",
    CrawlItem.Outcome.UNCHANGED: "good",
    CrawlItem.Outcome.VANISHED: "bad",
    CrawlItem.Outcome.FAILED: "bad",
}
CELL, GAP, HEIGHT = 6, 2, 18  # pixels of a day of the strip


class State(NamedTuple):
    meaning: str
    word: str


@register.simple_tag
def run_state(run: CrawlRun) -> State:
    """The state of a run as a badge says it."""
    return State(STATES[CrawlRun.Status(run.status)], run.get_status_display().lower())


@register.simple_tag
def outcome_meaning(outcome: str) -> str:
    return OUTCOMES[CrawlItem.Outcome(outcome)]


@register.simple_tag
def run_found(run: CrawlRun) -> str:
    """`2 new, 1 changed, 40 unchanged`; nothing before there is anything to say."""
    return ", ".join(f"{count:,} {outcome}" for outcome, count in run.counts.items() if count)


@register.simple_tag
def health_strip(source: selectors.Source) -> SafeString:
    """A cell a day, oldest first: full height when something happened; colour is repeated in words."""
    cells = format_html_join(
        "",
        '<rect class="is-{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
        (
            (
                day.meaning,
                place * (CELL + GAP),
                _top(day.meaning),
                CELL,
                HEIGHT - _top(day.meaning),
                day.sentence,
            )
            for place, day in enumerate(source.days)
        ),
    )
    width = len(source.days) * (CELL + GAP) - GAP
    return format_html(
        '<svg class="strip" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" aria-label="{2}">{3}</svg>',
        width,
        HEIGHT,
        source.twin,
        cells,
    )


def _top(meaning: str) -> int:
    """Failed days stand tallest and days without a crawl are a mark on the ground, so that shape tells it too."""
    return {"bad": 0, "warning": 4, "good": 9, "unknown": 15}[meaning]


@register.simple_tag(takes_context=True)
def latest_run(context: template.Context, port: OutputPort) -> CrawlRun | None:
    """The last crawl of the port, where the reader may see it."""
    user: Any = context["request"].user
    return selectors.latest_run(user, port) if isinstance(user, User) else None


@register.simple_tag(takes_context=True)
def may_crawl(context: template.Context, port: OutputPort) -> bool:
    """Whether the reader may ask for a crawl of the port, and one is possible."""
    request: HttpRequest = context["request"]
    user: Any = request.user
    if port.connection is None or port.connection.is_paused or not isinstance(user, User):
        return False
    return kernel.can(user, "port.crawl", port)


@register.simple_tag(takes_context=True)
def may_crawl_connection(context: template.Context, connection: Connection) -> bool:
    """Whether the reader may ask for a crawl of everything in the connection."""
    user: Any = context["request"].user
    return (
        isinstance(user, User)
        and not connection.is_paused
        and kernel.can(user, "connection.crawl", connection)
    )


@register.simple_tag(takes_context=True)
def may_crawl_product(context: template.Context, product: DataProduct, rows: Iterable[Any]) -> bool:
    """Whether the reader may ask for a crawl of the product, and one of its ports (rows of the page) can be."""
    user: Any = context["request"].user
    if not isinstance(user, User) or not kernel.can(user, "product.edit", product):
        return False
    connections = (row.port.connection for row in rows)
    return any(connection is not None and not connection.is_paused for connection in connections)


@register.simple_tag
def port_score(port: OutputPort) -> QualityScore | None:
    """The newest score of a port, with its dimensions."""
    return QualityScore.objects.filter(port=port).order_by("-scored_at").first()


@register.simple_tag
def score_history(port: OutputPort, count: int = 60) -> list[float | None]:
    """The last scores, oldest first, for a sparkline."""
    values = QualityScore.objects.filter(port=port).order_by("-scored_at").values_list("value", flat=True)
    return list(values[:count])[::-1]
