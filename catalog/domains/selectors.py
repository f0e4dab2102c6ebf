"""Reads of the domain tree for pages: the whole visible tree in one query, paths without asking again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit.remembered import remembered
from catalog.domains.models import Domain


@dataclass
class DomainTree:
    """The domains a person may see, by their place in the tree (treebeard's `path`)."""

    by_path: dict[str, Domain]

    def path_of(self, domain: Domain) -> list[Domain]:
        """From the root to `domain`; links the person may not see are left out."""
        step = Domain.steplen
        ends = range(step, len(domain.path) + 1, step)
        return [self.by_path[domain.path[:end]] for end in ends if domain.path[:end] in self.by_path]

    def __iter__(self) -> Iterator[Domain]:
        return iter(self.by_path.values())


@dataclass
class Branch:
    """A domain with what is below it. `products` and `own` count products: all below it, and in itself."""

    domain: Domain
    children: list["Branch"] = field(default_factory=list)
    own: int = 0
    health: dict[str, int] = field(default_factory=dict)  # meaning -> products, in itself and below

    @property
    def products(self) -> int:
        return self.own + sum(child.products for child in self.children)


def tree_of(user: User) -> DomainTree:
    """Every domain `user` may see, one query."""
    domains = Domain.objects.visible_to(user).select_related("team").order_by("path")
    return DomainTree({domain.path: domain for domain in domains})


@dataclass(frozen=True, slots=True)
class DomainStep:
    """A domain on the way from the root to another."""

    slug: str
    name: str
    hue: int


def path_to(user: User, domain: Domain) -> list[DomainStep]:
    """The domains `user` may see from the root down to `domain`; only itself where they may not see it."""
    steps = Domain.steplen
    paths = [domain.path[:end] for end in range(steps, len(domain.path) + 1, steps)]

    def read() -> list[tuple[str, str, int]]:
        rows = Domain.objects.visible_to(user).filter(path__in=paths).order_by("path")
        return list(rows.values_list("slug", "name", "hue"))

    found = remembered("domain-path", (kernel.scope(user), domain.path), read)
    return [DomainStep(*row) for row in found] or [DomainStep(domain.slug, domain.name, domain.hue)]


def branches(domains: Iterable[Domain], own: dict[int, int]) -> list[Branch]:
    """`domains` nested, siblings by name; `own` maps a domain's id to the number of its products.

    A domain whose parents are not among `domains` stands at the top.
    """
    by_path: dict[str, Branch] = {}
    top: list[Branch] = []
    for domain in sorted(domains, key=lambda domain: domain.path):
        branch = Branch(domain, own=own.get(domain.pk, 0))
        by_path[domain.path] = branch
        above = _nearest(domain.path[: -Domain.steplen], by_path)
        (above.children if above else top).append(branch)
    for siblings in (top, *(branch.children for branch in by_path.values())):
        siblings.sort(key=lambda branch: branch.domain.name.casefold())
    return top


def _nearest(path: str, by_path: dict[str, Branch]) -> Branch | None:
    while path:
        if path in by_path:
            return by_path[path]
        path = path[: -Domain.steplen]
    return None
