"""Markdown of people as safe HTML."""

from django import template
from django.utils.safestring import SafeString

from catalog.common import markdown as rendering

register = template.Library()


WITH_HTML = frozenset({"registry"})  # origins whose authors write HTML into their Markdown


@register.filter
def markdown(text: str, origin: str = "") -> SafeString:
    """The text rendered and sanitised; headings stand below the page's own.

    `origin` is that of the product the text belongs to: harvested texts may hold HTML, which is sanitised too.
    """
    return rendering.render(text or "", html=origin in WITH_HTML, demote=1)


@register.filter
def plain(text: str, limit: int = 200) -> str:
    """The words without markup, in one line, for lists."""
    return rendering.plain(text or "", limit)
