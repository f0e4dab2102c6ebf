"""Icons, the shapes of the four meanings, badges and the trust strip."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.urls import get_script_prefix
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from catalog.common.fragments import render_fragment
from catalog.products.models import Lifecycle

register = template.Library()

SPRITE = "vendor/lucide-static@1.62.0/sprite.svg"
_OPEN = '<svg class="shape" viewBox="0 0 12 12" aria-hidden="true" focusable="false">'
SHAPES = {  # filled dot, half dot, cross, hollow dot
    "good": '<circle class="full" cx="6" cy="6" r="5"/>',
    "warning": '<circle cx="6" cy="6" r="4.1"/><path class="full" d="M6 1a5 5 0 0 0 0 10z"/>',
    "bad": '<path d="M2 2l8 8M10 2l-8 8"/>',
    "unknown": '<circle cx="6" cy="6" r="4.1"/>',
}
LIFECYCLE_MEANINGS = {Lifecycle.DEPRECATED: "warning", Lifecycle.RETIRED: "bad"}


class Mark(Protocol):
    """One mark of a trust strip; `catalog.trust` judges them."""

    label: str  # "Quality"
    meaning: str  # good, warning, bad, unknown
    value: str  # "92", "3 h old", "no owner"
    explanation: str  # one sentence with source and time
    url: str  # the proof; "" when there is no page for it
    is_judged: bool  # False: nothing is promised here


@cache
def icon_names() -> frozenset[str]:
    """The names in the vendored sprite."""
    text = (Path(settings.BASE_DIR) / "static" / SPRITE).read_text(encoding="utf-8")
    return frozenset(re.findall(r'<symbol id="([^"]+)"', text))


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A Lucide icon of the sprite. Beside a word it is silent; alone it needs a `label`."""
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}">{}</svg>', label, _use(name, get_script_prefix())
        )
    return _silent(name, get_script_prefix())


@cache
def _silent(name: str, prefix: str) -> SafeString:
    return format_html('<svg class="icon" aria-hidden="true" focusable="false">{}</svg>', _use(name, prefix))


@cache
def _use(name: str, prefix: str) -> SafeString:
    """The reference into the sprite; `prefix`: where the portal is mounted, which the sprite's address begins with."""
    if name not in icon_names():
        raise template.TemplateSyntaxError(f"There is no icon {name} in {SPRITE}.")
    return format_html('<use href="{}#{}"/>', static(SPRITE), name)


@register.simple_tag
@cache
def shape(meaning: str) -> SafeString:
    """The shape of a meaning, in the colour of the text around it; a word must stand beside it."""
    return mark_safe(f"{_OPEN}{SHAPES[meaning]}</svg>")  # noqa: S308  # constants of this module


@register.inclusion_tag("components/badge.html")
def badge(
    meaning: str, word: str, at: datetime | None = None, explain: str = "", url: str = ""
) -> dict[str, Any]:
    """A judged state: shape, word, and the age of the measurement where there is one."""
    return {"meaning": meaning, "word": word, "at": at, "explain": explain, "url": url}


@register.simple_tag
def trust_strip(marks: Iterable[Mark], style: str = "") -> SafeString:
    """Marks in the order given; `style` is "" (a line), `compact` (in lists) or `plate` (under a page's title).

    Compact strips show what there is to say: neighbours that say the same of nothing ("not measured") are one, and what
    nobody promised (no contract, not certified) is told to screen readers and left out of sight.
    """
    runs = (
        [list(run) for _, run in groupby(marks, key=_sameness)]
        if style == "compact"
        else [[m] for m in marks]
    )
    drawn = [Run(tuple(run), is_silent=style == "compact" and _says_nothing(run[0])) for run in runs]
    return render_fragment("components/trust_strip.jinja", runs=drawn, style=style)


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring marks drawn as one: usually a single mark."""

    marks: tuple[Mark, ...]
    is_silent: bool = False

    @property
    def first(self) -> Mark:
        return self.marks[0]

    @property
    def key(self) -> str:
        return getattr(self.first, "key", "")

    @property
    def label(self) -> str:
        return ", ".join(mark.label for mark in self.marks)

    @property
    def shows_label(self) -> bool:
        """Words that say what they are about ("owned", "not certified") need no label before them."""
        alone = self.key == "owner" or self.first.value.endswith(self.first.label.lower())
        return not alone

    @property
    def needs_label(self) -> bool:
        """A figure alone does not say what it is about, not even in a list; nor does "kept" or "outdated"."""
        speaks = self.first.meaning != "unknown" and self.key not in ("contract", "slos")
        return self.first.value[:1].isdigit() or not speaks

    @property
    def explanation(self) -> str:
        return " ".join(dict.fromkeys(mark.explanation for mark in self.marks))


def _says_nothing(mark: Mark) -> bool:
    return mark.meaning == "unknown" and not mark.is_judged


def _sameness(mark: Mark) -> tuple[str, str, bool]:
    words = mark.value if mark.meaning == "unknown" else mark.label
    return mark.meaning, words, mark.is_judged


@register.simple_tag
def lifecycle(value: str) -> SafeString:
    """The lifecycle as a label: neutral, because active says nothing of health; deprecated warns."""
    known = Lifecycle(value)
    meaning = LIFECYCLE_MEANINGS.get(known, "")
    return render_fragment("components/lifecycle.jinja", word=known.label, meaning=meaning)
