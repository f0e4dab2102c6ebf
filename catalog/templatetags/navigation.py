"""The frame of every page: where one can go, and how it looks."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import Resolver404, get_script_prefix, resolve
from django.utils.safestring import SafeString, mark_safe

from catalog.accounts import kernel
from catalog.accounts.models import Role, User

register = template.Library()

LABEL = re.compile(r'aria-label="([^"]+)"')
THEMES = {  # value of the cookie: label, icon
    "light": ("Light", "sun"),
    "dark": ("Dark", "moon"),
    "system": ("As the system", "monitor"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the top navigation."""

    path: str
    label: str
    icon: str
    for_operators: bool = False
    for_admins: bool = False
    also: str = ""  # another path that belongs to it


PLACES = (
    Place("", "Home", "house"),
    Place("products/", "Products", "package"),
    Place("domains/", "Domains", "layers"),
    Place("glossary/", "Glossary", "file-text"),
    Place("access/", "Access", "key-round", also="inbox/"),
    Place("slos/", "SLOs", "circle-check"),
    Place("quality/", "Quality", "check"),
    Place("incidents/", "Incidents", "triangle-alert"),
    Place("lineage/", "Lineage", "workflow"),
    Place("map/", "Map", "map"),
    Place("connections/", "Connections", "plug", for_operators=True),
    Place("crawling/", "Crawling", "refresh-cw", for_operators=True),
)
ACCOUNT_PLACES = (
    Place("account/", "My account", "user"),
    Place("inbox/", "Inbox", "mail"),
    Place("account/notifications/", "How I hear of things", "bell"),
    Place("account/tokens/", "API tokens", "key-round"),
    Place("teams/", "Teams", "users"),
    Place("people/", "People", "users", for_admins=True),
    Place("audit/", "Audit trail", "list", for_admins=True),
    Place("operations/", "Operations", "activity", for_admins=True),
)
FOOTER_PLACES = (
    Place("api/v1/docs/", "REST API", "webhook"),
    Place("styleguide/", "Style guide", "list"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    url: str
    label: str
    icon: str
    is_here: bool


@cache
def exists(url: str) -> bool:
    """Whether the address has a page: nothing is offered that is not there."""
    try:
        resolve(url)
    except Resolver404:
        return False
    return True


def operates(user: User) -> bool:
    """Whether connections and crawls concern the person: they hold any role but viewer."""
    who = kernel.standing(user)
    return who.sees_everything or any(role != Role.VIEWER for role in who.teams_by_role)


@register.simple_tag(takes_context=True)
def main_navigation(context: template.Context) -> list[Entry]:
    """The entries the reader may use, the current one marked."""
    return _entries(context["request"], PLACES)


@register.simple_tag(takes_context=True)
def account_places(context: template.Context) -> list[Entry]:
    """The entries of the account menu."""
    return _entries(context["request"], ACCOUNT_PLACES)


@register.simple_tag(takes_context=True)
def footer_places(context: template.Context) -> list[Entry]:
    """The entries of the page's foot, for those who are signed in."""
    request: HttpRequest | None = context.get("request")
    if request is None or not isinstance(getattr(request, "user", None), User):
        return []
    return _entries(request, FOOTER_PLACES)


def _entries(request: HttpRequest, places: tuple[Place, ...]) -> list[Entry]:
    user = request.user
    if not isinstance(user, User):
        return []
    prefix, operator = get_script_prefix(), operates(user)
    entries = []
    for place in places:
        url = prefix + place.path
        if not exists(url) or (place.for_operators and not operator):
            continue
        if place.for_admins and not kernel.standing(user).is_platform_admin:
            continue
        here = request.path.startswith(url) if place.path else request.path == url
        here = here or (bool(place.also) and request.path.startswith(prefix + place.also))
        entries.append(Entry(url, place.label, place.icon, here))
    return entries


@register.simple_tag
def page_exists(path: str) -> str:
    """The address below the portal's root when there is such a page, else nothing."""
    url = get_script_prefix() + path
    return url if exists(url) else ""


@register.simple_tag
def search_url(**parameters: str) -> str:
    """The address of a search: `{% search_url tag="gold" %}`."""
    return f"{get_script_prefix()}search/?{urlencode(parameters)}"


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> str:
    """`light`, `dark` or `system`, as the reader's cookie says."""
    request: HttpRequest | None = context.get("request")
    chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in THEMES else "system"


@register.inclusion_tag("components/theme_choice.html", takes_context=True)
def theme_choice(context: template.Context) -> dict[str, Any]:
    """Light, dark or as the system: buttons that work without scripts."""
    return {
        "request": context["request"],
        "url": get_script_prefix() + "theme/",
        "choices": [(value, label, icon) for value, (label, icon) in THEMES.items()],
        "chosen": theme(context),
    }


@register.inclusion_tag("components/search_box.html", takes_context=True)
def search_box(
    context: template.Context, style: str = "", id: str = "search", label: str = "Search the mesh"
) -> dict[str, Any]:
    """The one search box; `wide` on the pages that are about searching. It shows what was asked."""
    request: HttpRequest = context["request"]
    url, suggest = get_script_prefix() + "search/", get_script_prefix() + "search/suggest/"
    return {
        "url": url,
        "suggest_url": suggest if exists(suggest) else "",
        "query": request.GET.get("q", "") if request.path == url else "",
        "style": style,
        "id": id,
        "label": label,
    }


@register.simple_block_tag
def zone(content: str, name: str) -> SafeString | str:
    """A zone of the page (`head`, `rail`, `facts`); left out, with its column, where the page puts nothing in.

    On a narrow screen a button opens the rail; it is called as the first thing in the rail is (its `aria-label`).
    """
    if not content.strip():
        return ""
    named = LABEL.search(content)
    otherwise = "Filters" if 'class="facet"' in content else "Menu"
    label = mark_safe(named.group(1)) if named else otherwise  # noqa: S308 - taken out of HTML that is escaped already
    return render_to_string("components/zone.html", {"name": name, "label": label, "content": content})
