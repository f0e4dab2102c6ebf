"""Tables and lists: sortable heads, pages, facets, tabs. Each control is a link that restores the list."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.core.paginator import Page
from django.http import HttpRequest, QueryDict
from django.utils.safestring import SafeString

from catalog.common.fragments import render_fragment

register = template.Library()

RESETS = ("page", "partial")  # parameters that a new order or filter makes meaningless


def changed_query(query: QueryDict, **changes: str | None) -> str:
    """The query string with parameters set or (None) taken out, starting again at page 1."""
    copy = query.copy()
    for name in RESETS:
        copy.pop(name, None)
    for name, value in changes.items():
        copy.pop(name, None)
        if value is not None:
            copy[name] = value
    return f"?{copy.urlencode()}"


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(
    context: template.Context, key: str, label: str, align: str = "", default: str = "", first: str = "asc"
) -> dict[str, Any]:
    """A column head that sorts: `?sort=key`, again `?sort=-key`. `default` is the order without a parameter,
    `first` the direction of the first press (`desc` for figures and times)."""
    request: HttpRequest = context["request"]
    current = request.GET.get("sort") or default
    if current.lstrip("-") == key:
        state = "descending" if current.startswith("-") else "ascending"
        following = key if state == "descending" else f"-{key}"
    else:
        state, following = "", f"-{key}" if first == "desc" else key
    return {
        "label": label,
        "align": align,
        "state": state,
        "url": changed_query(request.GET, sort=following),
    }


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(
    context: template.Context, page: Page[Any], noun: str = "row", label: str = "Pages", many: str = ""
) -> dict[str, Any]:
    """Which rows of how many, and links to the pages around; nothing to press when one page holds all.

    `many` is the plural where an s is not enough. Two of them on a page need two labels.
    """
    query = context["request"].GET
    numbers: list[dict[str, Any]] = [
        {"number": number, "here": number == page.number, "url": changed_query(query, page=str(number))}
        if isinstance(number, int)
        else {"number": None}
        for number in page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    ]
    return {
        "page": page,
        "numbers": numbers,
        "noun": noun,
        "many": many or f"{noun}s",
        "label": label,
        "previous": changed_query(query, page=str(page.number - 1)) if page.has_previous() else "",
        "next": changed_query(query, page=str(page.number + 1)) if page.has_next() else "",
    }


@register.simple_tag(takes_context=True)
def csv_url(context: template.Context) -> str:
    """The address of the same list as CSV: `?format=csv` with the filters kept."""
    return changed_query(context["request"].GET, format="csv")


@register.inclusion_tag("components/tabs.html")
def tabs(items: Iterable[Any], active: str, label: str = "Parts of this page") -> dict[str, Any]:
    """Real links; each item has `key`, `label`, `url` and `count` (None for nothing)."""
    return {"items": items, "active": active, "label": label}


@register.simple_tag
def facet_group(label: str, values: Iterable[Any], shown: int = 8) -> SafeString:
    """A filter with counts. Each value has `label`, `count`, `url` (switches it on or off) and `active`."""
    every = list(values)
    head = every[:shown] + [value for value in every[shown:] if value.active]
    rest = [value for value in every[shown:] if not value.active]
    return render_fragment("components/facet_group.jinja", label=label, head=head, rest=rest)


@register.inclusion_tag("components/chip.html")
def chip(
    value: str, of: str = "", remove_url: str = "", url: str = "", hue: int | None = None
) -> dict[str, Any]:
    """A small label: a tag (`url` searches it) or an active filter (`remove_url` takes it off, `of` names it)."""
    return {"value": value, "of": of, "remove_url": remove_url, "url": url, "hue": hue}
