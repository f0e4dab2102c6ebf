"""Every address a browser shows as a page is looked at by `tests/journeys/test_pages.py`, or a reason says why not.

Left out without a word: what machines call, and what only takes a POST.
"""

import re
from collections.abc import Callable
from typing import Any

from django.urls import Resolver404, resolve

from tests.architecture.routes import every_route
from tests.journeys.pages import PAGES

MACHINES = ("api/", "scim/")
READ_BY_PEOPLE = ("api:docs",)
REASONS = {
    "a machine reads it, it has no page": ["healthz", "readyz", "metrics"],
    "a file to keep": [
        "contracts:original",
        *(f"lineage:export-{form}" for form in ("svg", "json", "csv", "mermaid")),
        *(f"lineage:changes-{form}" for form in ("json", "csv")),
        *(f"lineage:map-{form}" for form in ("svg", "json", "csv")),
    ],
    "a script puts it into a page that is looked at": [
        "search:suggest",
        "lineage:map-tile",
        "lineage:map-find",
    ],
    "it sends the browser elsewhere": [
        "accounts:logout",
        "identity:login",
        "identity:callback",
        "identity:logout",
        "notifications:open",
    ],
}
EXEMPT = {name: reason for reason, names in REASONS.items() for name in names}


def methods_of(view: Callable[..., Any] | None) -> set[str]:
    """The methods Django's `require_http_methods` lets through; empty where nothing says so."""
    while view is not None:
        for cell in getattr(view, "__closure__", None) or ():
            content = cell.cell_contents
            if isinstance(content, list) and content and all(str(item).isupper() for item in content):
                return set(content)
        view = getattr(view, "__wrapped__", None)
    return set()


def pages() -> set[str]:
    """Names of the addresses that answer a GET and are not for machines."""
    return {
        route.name
        for route in every_route()
        if (route.name in READ_BY_PEOPLE or not route.path.startswith(MACHINES))
        and methods_of(route.view) != {"POST"}
    }


def looked_at() -> set[str]:
    found = set()
    for spec in PAGES:
        address = re.sub(r"\{\w+\}", "1", spec.path).split("?")[0]
        try:
            found.add(resolve(address).view_name)
        except Resolver404:
            continue  # the page of an address that is none
    return found


def test_every_page_is_looked_at_or_a_reason_says_why_not() -> None:
    missing = sorted(pages() - looked_at() - EXEMPT.keys())
    assert not missing, f"add a PageSpec in tests/journeys/pages.py for {', '.join(missing)}"


def test_no_reason_is_given_for_what_is_gone_or_looked_at() -> None:
    stale = sorted(EXEMPT.keys() - (pages() - looked_at()))
    assert not stale, f"these need no reason: {', '.join(stale)}"
