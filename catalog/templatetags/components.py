"""Every component of the pages: `{% load components %}` brings them all (the style guide at /styleguide/ shows them).

This module holds the boxes and the small pictures; `formats`, `marks`, `who`, `tables` and `form_fields` the rest.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from catalog.common import charts
from catalog.common.fragments import render_fragment
from catalog.common.textdiff import word_diff
from catalog.templatetags import form_fields, formats, marks, navigation, tables, who

register = template.Library()
for part in (form_fields, formats, marks, navigation, tables, who):
    register.tags |= part.register.tags
    register.filters |= part.register.filters

CALLOUT_ICONS = {
    "": "info",
    "good": "circle-check",
    "warning": "triangle-alert",
    "bad": "circle-x",
    "unknown": "circle-question-mark",
}


@register.simple_tag
def fragment(name: str, **context: Any) -> SafeString:
    """A part drawn many times over: see `catalog.common.fragments`."""
    return render_fragment(name, **context)


@register.simple_block_tag
def fact(content: str, term: str) -> SafeString | str:
    """A row of `<dl class="facts">`; left out when there is nothing to say."""
    if not content.strip():
        return ""
    return render_to_string("components/fact.html", {"term": term, "content": content})


@register.simple_block_tag
def callout(content: str, meaning: str = "", title: str = "") -> SafeString:
    """Something to know before reading on. `meaning`: "" (to know), good, warning, bad or unknown."""
    return render_to_string(
        "components/callout.html",
        {"content": content, "meaning": meaning, "title": title, "icon_name": CALLOUT_ICONS[meaning]},
    )


@register.simple_block_tag
def empty(content: str, title: str, icon_name: str = "") -> SafeString:
    """Where nothing is: what it is that is missing, and what to do next."""
    return render_to_string(
        "components/empty.html", {"content": content, "title": title, "icon_name": icon_name}
    )


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> SafeString:
    """A dialog opened by a button with `popovertarget`; Esc and a press outside close it and give focus back."""
    return render_to_string("components/dialog.html", {"content": content, "id": id, "title": title})


@register.inclusion_tag("components/code.html")
def code(text: str, label: str = "Code", language: str = "") -> dict[str, Any]:
    """A block of code with a copy button."""
    return {"text": text, "label": label, "language": language}


@register.inclusion_tag("components/copyable.html")
def copyable(text: str, label: str = "") -> dict[str, Any]:
    """A short identifier with a copy button; `label` names what is copied."""
    return {"text": text, "label": label or text}


@register.inclusion_tag("components/diff.html")
def diff(before: str, after: str, style: str = "inline") -> dict[str, Any]:
    """The difference of two texts by words; `style` is `inline` or `sides`."""
    return {"pieces": word_diff(str(before or ""), str(after or "")), "style": style}


@register.inclusion_tag("components/sparkline.html")
def sparkline(
    values: Sequence[float | None], label: str, width: int = 96, height: int = 20
) -> dict[str, Any]:
    """A small line of values over time, oldest first, with the same in words."""
    return {"chart": charts.sparkline(values, width, height), "label": label}


@register.inclusion_tag("components/histogram.html")
def histogram(
    bins: Sequence[Sequence[float]], label: str, width: int = 120, height: int = 28
) -> dict[str, Any]:
    """Small bars of `[[from, to, rows], ...]`, with the same in words."""
    return {"chart": charts.histogram(bins, width, height), "label": label}


@register.inclusion_tag("components/timeline.html")
def timeline(events: Iterable[Any]) -> dict[str, Any]:
    """What happened, newest first. Each event has `at`, `actor` (a name), `sentence`, `url` and `detail`."""
    return {"events": events}


@register.inclusion_tag("components/progress.html")
def progress(done: int, total: int | None, label: str, url: str = "", state: str = "") -> dict[str, Any]:
    """How far something is; `total` None while unknown. `url` answers with this component anew: it is asked every
    2 s while set, so the answer of finished work leaves it out."""
    return {
        "done": done,
        "total": total,
        "label": label,
        "url": url,
        "state": state,
        "id": f"progress-{uuid4().hex[:8]}",
    }
