"""Times and figures: short for the eye, exact for those who need it, both for those who listen."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.common import humanise

register = template.Library()


@register.simple_tag
def age(when: datetime | date | str | None, missing: str = "never") -> SafeString | str:
    """`3 h ago` as `<time>`: the exact time in the reader's zone on hover and for screen readers.

    Takes the ISO text of a time too, as JSON columns keep it. `missing` stands where there is no time.
    """
    if isinstance(when, str):
        when = _parsed(when)
    if when is None:
        return missing
    if not isinstance(when, datetime):
        return day(when)
    local = timezone.localtime(when) if timezone.is_aware(when) else timezone.make_aware(when)
    exact = humanise.exact(local)
    return format_html(
        '<time datetime="{}" title="{}">{}<span class="visually-hidden"> ({})</span></time>',
        humanise.machine(local),
        exact,
        humanise.relative(local, timezone.now()),
        exact,
    )


@register.simple_tag
def moment(when: datetime | None, missing: str = "never") -> SafeString | str:
    """The exact time in the reader's zone, its age on hover: for logs, where the order matters most."""
    if when is None:
        return missing
    local = timezone.localtime(when)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        humanise.machine(local),
        humanise.relative(local, timezone.now()),
        humanise.exact(local),
    )


@register.simple_tag
def day(when: date | None, missing: str = "not set") -> SafeString | str:
    """A day of the calendar: `21 Nov 2026`."""
    if when is None:
        return missing
    return format_html(
        '<time datetime="{}">{}</time>', when.isoformat()[:10], f"{when.day} {when:%b} {when.year}"
    )


@register.simple_tag
@lru_cache(maxsize=16_384)
def number(value: float | None, missing: str = "unknown") -> SafeString | str:
    """`1.23 M`, with all digits on hover and in the machine-readable value."""
    if value is None:
        return missing
    return format_html(
        '<data value="{}" title="{}">{}</data>', value, humanise.grouped(value), humanise.compact(value)
    )


@register.simple_tag
def bytes(value: float | None, missing: str = "unknown") -> SafeString | str:
    """`1.2 GB` (decimal units), with the exact count of bytes on hover."""
    if value is None:
        return missing
    return format_html(
        '<data value="{}" title="{} bytes">{}</data>',
        int(value),
        humanise.grouped(int(value)),
        humanise.file_size(value),
    )


@register.simple_tag
def share(value: float | None, missing: str = "unknown") -> SafeString | str:
    """A share 0..1 as percent."""
    if value is None:
        return missing
    return format_html('<data value="{}">{}</data>', value, humanise.share(value))


@register.simple_tag
def duration(value: timedelta | None, missing: str = "not promised") -> str:
    """A length of time, unrounded: `1 d 12 h`."""
    return humanise.length(value) if value is not None else missing


@register.simple_tag
def took(start: datetime | None, end: datetime | None, missing: str = "not started") -> str:
    """How long something took, from `start` to `end` (now while it still runs): `4 s`, `2 min`."""
    if start is None:
        return missing
    return humanise.span(max(((end or timezone.now()) - start).total_seconds(), 0))


@register.simple_tag
def plural(count: Any, one: str, many: str = "") -> SafeString:
    """`1 product`, `12 products`: the figure with its noun."""
    word = one if count == 1 else many or f"{one}s"
    return format_html("{} {}", number(count, "0"), word)


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
