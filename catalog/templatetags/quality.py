"""What pages draw of checks: the strip of newest results, when they are due."""

from collections.abc import Sequence
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalog.products.models import OutputPort
from catalog.quality import selectors
from catalog.quality.charts import Cell
from catalog.quality.selectors import Line
from catalog.templatetags.formats import moment

register = template.Library()

CELL, GAP, HEIGHT = 5, 2, 16  # pixels
_TALL = {"unknown": 3, "good": 10, "warning": 13, "bad": HEIGHT}  # so that they are told apart without colour


@register.simple_tag
def result_strip(cells: Sequence[Cell]) -> SafeString:
    """A cell a result, the newest to the right; its label says the same in words."""
    if not cells:
        return SafeString('<span class="faint">none yet</span>')
    failed = sum(cell.outcome == "failed" for cell in cells)
    drawn = format_html_join(
        "",
        '<rect class="is-{}" x="{}" y="{}" width="{}" height="{}" rx="1"><title>{}</title></rect>',
        (
            (cell.meaning, place * (CELL + GAP), HEIGHT - tall, CELL, tall, cell.words)
            for place, cell in enumerate(cells)
            for tall in (_TALL[cell.meaning],)
        ),
    )
    width = len(cells) * (CELL + GAP)
    return format_html(
        '<svg class="days" width="{}" height="{}" viewBox="0 0 {} {}" role="img" '
        'aria-label="{} of the last {} results failed">{}</svg>',
        width,
        HEIGHT,
        width,
        HEIGHT,
        failed,
        len(cells),
        drawn,
    )


@register.simple_tag
def due_from(when: datetime) -> SafeString:
    """Which crawl asks a check that is due at `when`."""
    if when <= timezone.now():
        return SafeString("by the next crawl")
    return format_html("by the first crawl after {}", moment(when))


@register.simple_tag
def port_checks(port: OutputPort) -> list[Line]:
    """The checks of a port as lines, those that fail first."""
    checks = port.checks.active().select_related("state", "port__product__domain", "port__connection")
    order = {"bad": 0, "warning": 1, "unknown": 2, "good": 3}
    lines = selectors.lines_of(checks[:200], timezone.now())
    return sorted(lines, key=lambda line: (order[line.meaning], line.check.name))[:20]
