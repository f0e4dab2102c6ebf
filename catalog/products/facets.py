"""The filters beside the list of products: each value with the number of products choosing it would leave."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, F, QuerySet, Value, When
from django.http import HttpRequest, QueryDict

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit.remembered import remembered
from catalog.domains.models import Domain
from catalog.products.filters import CERTIFICATION, ProductFilter, certification_states
from catalog.products.models import DataProduct, Lifecycle, Visibility

MOST = 60  # values of one facet

Counts = Iterable[tuple[str, str, int]]  # value, label, products


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value as the `facet_group` component shows it; `url` switches it on or off."""

    label: str
    count: int
    url: str
    active: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A filter of the list: its parameter, and the fields that hold the value and its name."""

    name: str
    label: str
    value: str
    shown: str = ""
    choices: tuple[tuple[str, str], ...] = ()


def _choices(choices: Iterable[tuple[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(value), str(label)) for value, label in choices)


FACETS = (
    Facet("domain", "Domain", "domain__slug"),
    Facet("owner", "Accountable team", "team__slug", "team__name"),
    Facet("lifecycle", "Lifecycle", "lifecycle", choices=_choices(Lifecycle.choices)),
    Facet("certification", "Certification", "certification", choices=_choices(CERTIFICATION)),
    Facet("tag", "Tag", "tags__slug", "tags__name"),
    Facet("classification", "Classification", "classification__slug", "classification__name"),
    Facet("archetype", "Archetype", "archetype", choices=_choices(DataProduct.Archetype.choices)),
    Facet("region", "Region", "region"),
    Facet("visibility", "Visibility", "visibility", choices=_choices(Visibility.choices)),
)


def domain_values(counts: Iterable[tuple[str, int]], domains: Iterable[Domain]) -> list[tuple[str, str, int]]:
    """(slug, name, products in it and below) for domain paths with their own counts; indented as the tree is."""
    own = list(counts)
    found = []
    for domain in domains:
        number = sum(count for path, count in own if path.startswith(domain.path))
        if number:
            found.append((domain.slug, "\u2003" * (domain.depth - 1) + domain.name, number))
    return found


def facets_of(request: HttpRequest, user: User) -> list[tuple[str, list[FacetValue]]]:
    """(label, values) of every facet with something to choose; each counts the list without its own filter."""
    chosen = {
        name: request.GET.getlist(name) for name in sorted(ProductFilter.base_filters) if name in request.GET
    }
    counts = remembered(
        "product-facets",
        (kernel.scope(user), chosen),
        lambda: [list(_counts(facet, request, user)) for facet in FACETS],
    )
    found = (
        (facet.label, _values(facet, request, counted)) for facet, counted in zip(FACETS, counts, strict=True)
    )
    return [(label, values) for label, values in found if values]


def _values(facet: Facet, request: HttpRequest, counts: Counts) -> list[FacetValue]:
    chosen = request.GET.getlist(facet.name)
    names = dict(facet.choices)
    return [
        FacetValue(names.get(value, label), number, _toggled(request.GET, facet.name, value), value in chosen)
        for value, label, number in counts
        if value
    ]


def _counts(facet: Facet, request: HttpRequest, user: User) -> Counts:
    """What choosing each value of the facet would leave of the list without the facet's own filter."""
    others = request.GET.copy()
    others.pop(facet.name, None)
    seen = DataProduct.objects.visible_to(user)
    rows: QuerySet[Any] = ProductFilter(others, queryset=seen, request=request).qs
    return _counted(facet, rows.order_by().values("pk"), user)


def _counted(facet: Facet, ids: QuerySet[Any], user: User) -> Counts:
    """(value, label, products); `ids` are narrowed apart, so that joins of other filters multiply no count."""
    rows = DataProduct.objects.filter(pk__in=ids)
    if facet.name == "domain":
        by_path = rows.values_list("domain__path").annotate(Count("pk")).order_by()
        return domain_values(by_path, Domain.objects.visible_to(user))
    if facet.name == "certification":
        states = [When(found, then=Value(name)) for name, found in certification_states().items()]
        rows = rows.annotate(certification=Case(*states, output_field=CharField()))
    shown = facet.shown or facet.value
    counted: Counts = (
        rows.values_list(facet.value, F(shown), named=False)
        .annotate(number=Count("pk", distinct=True))
        .order_by("-number", shown)[:MOST]
    )
    return counted


def _toggled(query: QueryDict, name: str, value: str) -> str:
    """The address of the list with the value switched on or off, from its first page."""
    changed = query.copy()
    kept = [other for other in query.getlist(name) if other != value]
    changed.setlist(name, kept if value in query.getlist(name) else [*kept, value])
    for reset in ("page", "format"):
        changed.pop(reset, None)
    return f"?{changed.urlencode()}"
