"""The address of a picture holds the whole view; this module reads and writes it. Pure but for resolving keys."""

from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict

from catalog.accounts.models import User
from catalog.common.errors import Invalid, Problem
from catalog.products.models import DataProduct
from lineage.days import end_of, read_day
from lineage.mesh.lenses import LABELS
from lineage.nodes import Focus, find_focus
from lineage.selectors import BOTH, DIRECTIONS, DOWN, MAX_DEPTH, UP, View

LEVELS = ("product", "port", "column", "domain")
EXPANDED = ("product", "port", "column")  # of a domain its products, of a product its ports, or columns too
AGE = "age"
LENSES = {**{key: label for key, label in LABELS.items() if key != "domain"}, AGE: "Age of edges"}
OPENED_AT_MOST = 60
FIND_LETTERS = 100

Opened = frozenset[tuple[str, str]]  # (direction, domain/slug)


@dataclass(frozen=True, slots=True)
class Address:
    """The parameters of a picture: node, depth, direction, level of detail, and what was opened and closed by hand."""

    node: str
    depth: int = 1
    direction: str = BOTH
    level: str = "product"
    opened: Opened = frozenset()
    closed: Opened = frozenset()
    at: date | None = None  # as it was at the end of that day; None: now
    expanded: Opened = frozenset()  # (level, product or domain): shown in more detail than the others
    lens: str = ""
    find: str = ""

    def query(self) -> str:
        """As a query string; what is at its default is left out, so that equal views have equal addresses."""
        parts: list[tuple[str, str | int]] = [("node", self.node)]
        parts += [("depth", self.depth)] if self.depth != 1 else []
        parts += [("direction", self.direction)] if self.direction != BOTH else []
        parts += [("level", self.level)] if self.level != "product" else []
        parts += [("at", self.at.isoformat())] if self.at else []
        parts += [("lens", self.lens)] if self.lens else []
        parts += [("find", self.find)] if self.find else []
        parts += [("expand", f"{level}:{key}") for level, key in sorted(self.expanded)]
        parts += [("open", f"{way}:{key}") for way, key in sorted(self.opened)]
        parts += [("close", f"{way}:{key}") for way, key in sorted(self.closed)]
        return urlencode(parts, safe=":/")

    def opening(self, way: str, key: str) -> "Address":
        return replace(self, opened=self.opened | {(way, key)}, closed=self.closed - {(way, key)})

    def closing(self, way: str, key: str) -> "Address":
        return replace(self, opened=self.opened - {(way, key)}, closed=self.closed | {(way, key)})

    def expanding(self, level: str, key: str) -> "Address":
        return replace(self.folding(key), expanded=self.folding(key).expanded | {(level, key)})

    def folding(self, key: str) -> "Address":
        return replace(self, expanded=frozenset(pair for pair in self.expanded if pair[1] != key))

    def about(self, node: str) -> "Address":
        return replace(self, node=node, opened=frozenset(), closed=frozenset())


def read_address(parameters: QueryDict) -> Address:
    """Raises Invalid naming each parameter that is wrong."""
    problems: list[Problem] = []
    raw_depth = parameters.get("depth", "1")
    depth = int(raw_depth) if raw_depth.isascii() and raw_depth.isdigit() and len(raw_depth) <= 3 else 0
    if not 1 <= depth <= MAX_DEPTH:
        problems.append(Problem("depth", "range", f"Depth is a whole number from 1 to {MAX_DEPTH}."))
    direction = parameters.get("direction", BOTH)
    if direction not in DIRECTIONS:
        problems.append(Problem("direction", "choice", f"Direction is one of {', '.join(DIRECTIONS)}."))
    level = parameters.get("level", "product")
    if level not in LEVELS:
        problems.append(Problem("level", "choice", f"Level is one of {', '.join(LEVELS)}."))
    lens = parameters.get("lens", "")
    if lens and lens not in LENSES:
        problems.append(Problem("lens", "choice", f"Lens is one of {', '.join(LENSES)}."))
    at = read_day(parameters.get("at", ""), "at", problems)
    if problems:
        raise Invalid("The picture cannot be drawn as asked.", problems=problems)
    return Address(
        node=parameters.get("node", ""),
        depth=depth,
        direction=direction,
        level=level,
        opened=_ways(parameters.getlist("open")),
        closed=_ways(parameters.getlist("close")),
        at=at,
        expanded=_expanded(parameters.getlist("expand")),
        lens=lens,
        find=parameters.get("find", "").replace("\x00", "")[:FIND_LETTERS],
    )


def _ways(items: list[str]) -> Opened:
    """Known directions only: an address somebody cut short still shows a picture."""
    pairs = (item.partition(":")[::2] for item in items[:OPENED_AT_MOST])
    return frozenset((way, key) for way, key in pairs if way in (UP, DOWN) and key.count("/") == 1)


def _expanded(items: list[str]) -> Opened:
    pairs = (item.partition(":")[::2] for item in items[:OPENED_AT_MOST])
    return frozenset((level, key) for level, key in pairs if level in EXPANDED and key)


def resolve(user: User, address: Address) -> tuple[Focus, View]:
    """The focus and the view of an address; raises NotFound or Invalid as `find_focus` does."""
    focus = find_focus(user, address.node)
    wanted = {key for _, key in address.opened | address.closed}
    ids: dict[str, int] = {}
    if wanted:
        rows = DataProduct.objects.visible_to(user).filter(
            domain__slug__in={key.split("/")[0] for key in wanted},
            slug__in={key.split("/")[1] for key in wanted},
        )
        ids = {f"{domain}/{slug}": pk for domain, slug, pk in rows.values_list("domain__slug", "slug", "pk")}

    def known(pairs: Opened) -> frozenset[tuple[str, int]]:
        return frozenset((way, ids[key]) for way, key in pairs if key in ids)

    view = View(
        address.depth, address.direction, known(address.opened), known(address.closed), end_of(address.at)
    )
    return focus, view
