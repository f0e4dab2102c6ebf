"""The address of a map holds the whole view: level of detail, lens, what is open, what it is about. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import QueryDict

from catalog.common.errors import Invalid, Problem
from lineage.mesh.lenses import LENSES

DOMAIN_LEVEL, PRODUCT_LEVEL, PORT_LEVEL = "domain", "product", "port"
LEVELS = {DOMAIN_LEVEL: "Domains", PRODUCT_LEVEL: "Products", PORT_LEVEL: "Products and ports"}
OPENED_AT_MOST = 60
PARAMETERS = ("level", "lens", "focus", "open", "q", "page")


@dataclass(frozen=True, slots=True)
class MapAddress:
    """`level` "" lets the size of the mesh decide; `focus` is `domain:slug`, `product:domain/slug` or a port's name."""

    level: str = ""
    lens: str = "domain"
    focus: str = ""
    opened: frozenset[str] = frozenset()  # slugs of domains

    def query(self) -> str:
        """As a query string; what is at its default is left out, so that equal views have equal addresses."""
        parts = [("level", self.level)] if self.level else []
        parts += [("lens", self.lens)] if self.lens != "domain" else []
        parts += [("open", slug) for slug in sorted(self.opened)]
        parts += [("focus", self.focus)] if self.focus else []
        return urlencode(parts, safe=":/")

    def at_level(self, level: str) -> "MapAddress":
        return replace(self, level=level)

    def through(self, lens: str) -> "MapAddress":
        return replace(self, lens=lens)

    def about(self, focus: str) -> "MapAddress":
        return replace(self, focus=focus)

    def opening(self, slug: str) -> "MapAddress":
        """The domain open and in the middle."""
        return replace(self, opened=self.opened | {slug}, focus=f"domain:{slug}")

    def closing(self, slug: str) -> "MapAddress":
        return replace(self, opened=self.opened - {slug}, focus="")


def read_map_address(parameters: QueryDict) -> MapAddress:
    """Raises Invalid naming each parameter that is wrong."""
    problems: list[Problem] = []
    level = _choice(parameters, "level", LEVELS, "", problems)
    lens = _choice(parameters, "lens", LENSES, "domain", problems)
    focus = parameters.get("focus", "")
    kind, _, path = focus.partition(":")
    parts = path.split("/")
    if focus and ((kind, len(parts)) not in _FOCUSES or not all(parts)):
        message = "Name it as domain:slug, product:domain/slug or port:domain/slug/name/version."
        problems.append(Problem("focus", "node-name", message))
    if problems:
        raise Invalid("The map cannot be drawn as asked.", problems=problems)
    opened = frozenset(slug for slug in parameters.getlist("open")[:OPENED_AT_MOST] if slug)
    return MapAddress(level, lens, focus, opened)


_FOCUSES = {("domain", 1), ("product", 2), ("port", 4)}


def _choice(
    parameters: QueryDict, name: str, choices: Collection[str], default: str, problems: list[Problem]
) -> str:
    value = parameters.get(name) or default
    if value and value not in choices:
        problems.append(Problem(name, "choice", f"{name.title()} is one of {', '.join(choices)}."))
    return value
