"""Every address of the portal, flattened out of Django's URL configuration."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    """A named address: `products:detail`, its path with converters, and the view behind it."""

    name: str
    path: str
    view: Any

    @property
    def is_api(self) -> bool:
        return self.path.startswith("api/")


def every_route() -> list[Route]:
    """All routes in the order Django tries them."""
    return list(_flatten(get_resolver().url_patterns, "", ()))


def _flatten(
    patterns: list[URLPattern | URLResolver], path: str, namespaces: tuple[str, ...]
) -> Iterator[Route]:
    for pattern in patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Route(":".join([*namespaces, pattern.name or ""]), here, pattern.callback)
        else:
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _flatten(pattern.url_patterns, here, inner)
