"""What pages draw of objectives: the budget bar and the strip of days."""

from collections.abc import Sequence

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalog.products.models import OutputPort
from catalog.slos import selectors
from catalog.slos.charts import Day, bar_width
from catalog.slos.selectors import Line

register = template.Library()

CELL, GAP, HEIGHT, BAR = 5, 2, 16, 72  # pixels


@register.simple_tag
def budget(line: Line) -> SafeString:
    """The budget that is left as a bar with its figure; below nothing the bar is empty and the figure negative."""
    left = line.slo.state.budget_left
    if left is None:
        return SafeString('<span class="faint">no budget yet</span>')
    return format_html(
        '<span class="budget"><svg class="bar is-{}" width="{}" height="6" viewBox="0 0 {} 6" aria-hidden="true">'
        '<rect class="track" width="{}" height="6" rx="3"/><rect class="fill" width="{}" height="6" rx="3"/></svg>'
        '<span class="figure">{}</span></span>',
        line.meaning,
        BAR,
        BAR,
        BAR,
        bar_width(left, BAR),
        percent(left),
    )


@register.simple_tag
def day_strip(days: Sequence[Day]) -> SafeString:
    """A cell a day, the newest to the right; the words beside it say the same."""
    bad = [day for day in days if day.counts.bad]
    measured = sum(day.counts.total > 0 for day in days)
    words = f"{len(bad)} of {measured} measured days with failures" if measured else "nothing measured"
    cells = format_html_join(
        "",
        '<rect class="is-{}" x="{}" y="{}" width="{}" height="{}" rx="1"><title>{}</title></rect>',
        (
            (day.meaning, place * (CELL + GAP), HEIGHT - tall, CELL, tall, _said(day))
            for place, day in enumerate(days)
            for tall in (_tall(day),)
        ),
    )
    width = len(days) * (CELL + GAP)
    return format_html(
        '<svg class="days" width="{}" height="{}" viewBox="0 0 {} {}" role="img" '
        'aria-label="Last {} days: {}">{}</svg>',
        width,
        HEIGHT,
        width,
        HEIGHT,
        len(days),
        words,
        cells,
    )


def _tall(day: Day) -> int:
    """Days without a measurement are low, so that they are told apart without colour; bad ones are tallest."""
    return {"unknown": 3, "good": 10, "warning": 13, "bad": HEIGHT}[day.meaning]


def _said(day: Day) -> str:
    if not day.counts.total:
        return f"{day.date:%-d %B}: not measured"
    return f"{day.date:%-d %B}: {day.counts.bad:,} of {day.counts.total:,} bad"


@register.filter
def percent(value: float | None) -> str:
    """A share in per cent, as exact as it needs; never 100 % for less than all, never 0 % for something."""
    if value is None:
        return "unknown"
    if 0.9995 <= value < 1:
        return f"{100 * value:.3f}".rstrip("0").rstrip(".") + " %" if value < 0.99999 else "over 99.999 %"
    if 0 < abs(value) < 0.001:
        return "under 0.1 %" if value > 0 else "-0.1 %"
    digits = 2 if 0.99 <= value < 1 else 1 if 0.5 <= value < 1 or abs(value) < 0.1 else 0
    text = f"{100 * value:,.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + " %"


@register.simple_tag
def port_slos(port: OutputPort) -> list[Line]:
    """The objectives promised on a port, as lines."""
    slos = port.slos.active().select_related("state", "port__product__domain")[:50]
    return selectors.lines_of(slos, timezone.now())
