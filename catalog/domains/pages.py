"""What the reading pages of domains show."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Count, QuerySet

from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.common.models import OldAddress
from catalog.domains.models import Domain
from catalog.domains.selectors import tree_of


@dataclass
class Moved(Exception):
    """The address was right once; the domain is called otherwise now."""

    slug: str


@dataclass(frozen=True, slots=True)
class DomainPage:
    domain: Domain
    above: list[Domain]  # from the root to the domain over this one
    products: QuerySet[Any]  # visible products here and below, ready to be paged


def domain_page_of(user: User, slug: str) -> DomainPage:
    """The domain at `slug` as `user` may see it; raises Moved after a renaming, NotFound otherwise."""
    tree = tree_of(user)
    domain = next((item for item in tree if item.slug == slug), None)
    if domain is None:
        old = OldAddress.objects.filter(kind=OldAddress.Kind.DOMAIN, address=slug).first()
        today = next((item for item in tree if old and item.pk == old.target_id), None)
        if today is not None:
            raise Moved(today.slug)
        raise NotFound("There is no such domain, or you may not see it.", remedy="See the list of domains.")
    return DomainPage(domain, tree.path_of(domain)[:-1], products_within(user, domain))


def domain_lines(user: User) -> Iterator[list[Any]]:
    """A line of the CSV for each visible domain, parents before their children; products counted in itself alone."""
    products = apps.get_model("catalog", "DataProduct").objects.visible_to(user).order_by()
    counts = dict(products.values_list("domain").annotate(Count("pk")))
    tree = tree_of(user)
    for domain in tree:
        above = " / ".join(item.name for item in tree.path_of(domain)[:-1])
        team = domain.team.name if domain.team else ""
        yield [
            domain.slug,
            domain.name,
            above,
            domain.kind,
            team,
            counts.get(domain.pk, 0),
            domain.description,
        ]


def products_within(user: User, domain: Domain) -> QuerySet[Any]:
    """Products of the domain and those below it, as far as `user` may see them, with what a row shows."""
    products = apps.get_model("catalog", "DataProduct").objects  # products stand above domains
    rows: QuerySet[Any] = (
        products.visible_to(user)
        .filter(domain__path__startswith=domain.path)
        .select_related("domain", "team", "trust")
        .annotate(port_count=Count("output_ports"))
    )
    return rows
