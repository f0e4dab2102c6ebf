"""What pages show of incidents: the banner of a product, those of a port, meanings of severities, the strip of days."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalog.accounts.caller import caller
from catalog.incidents import selectors
from catalog.incidents.models import Incident
from catalog.incidents.status import Day
from catalog.products.models import DataProduct, OutputPort

register = template.Library()

CELL, GAP, HEIGHT = 6, 2, 20  # pixels
_STATUS_MEANINGS = {"open": "bad", "acknowledged": "warning", "resolved": "good"}


@register.simple_tag(takes_context=True)
def product_troubles(context: template.Context, product: DataProduct) -> selectors.Troubles:
    """For the frame around a product: one query where nothing is wrong."""
    request: HttpRequest = context["request"]
    return selectors.troubles_of(caller(request), product)


@register.simple_tag
def port_incidents(port: OutputPort) -> list[Incident]:
    """The unresolved incidents of a port."""
    return selectors.of_port(port)


@register.filter
def severity_meaning(severity: str) -> str:
    """The meaning (and so shape and colour) of a severity."""
    return selectors.MEANINGS[severity]


@register.filter
def status_meaning(status: str) -> str:
    """The meaning of an incident's status."""
    return _STATUS_MEANINGS[status]


@register.simple_tag
def status_strip(days: Sequence[Day]) -> SafeString:
    """A cell a day, the newest to the right; the words say the same."""
    measured = sum(day.meaning != "unknown" for day in days)
    bad = sum(day.incidents > 0 for day in days)
    words = f"{bad} of {measured} known days with incidents" if measured else "nothing measured"
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
    """Told apart without colour: unknown days are low, the worst are tallest."""
    return {"unknown": 4, "good": 11, "warning": 16, "bad": HEIGHT}[day.meaning]


def _said(day: Day) -> str:
    if day.meaning == "unknown":
        return f"{day.date:%-d %B}: not measured"
    if not day.incidents:
        return f"{day.date:%-d %B}: well"
    return f"{day.date:%-d %B}: {day.incidents:,} {'incident' if day.incidents == 1 else 'incidents'}"


@register.simple_tag
def column_word(shown: Any, product_id: int) -> str:
    """Whether a product reads the column an incident is about, where lineage of columns knows."""
    return "reads the column" if shown.column_readers[product_id] else "reads other columns only"
