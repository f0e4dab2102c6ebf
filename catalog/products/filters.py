"""What lists of products can be narrowed by, the same on the page, in the CSV and in the API.

Every filter may be repeated (any of the values). A value that means nothing is refused, not ignored.
"""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import Team
from catalog.domains.models import Domain
from catalog.products.models import DataProduct, Lifecycle, Visibility
from catalog.vocabulary.models import Classification, Tag


def _visible(request: HttpRequest | None) -> QuerySet[DataProduct]:
    return DataProduct.objects.visible_to(request.user) if request else DataProduct.objects.none()  # type: ignore[arg-type]


def _domains(request: HttpRequest | None) -> QuerySet[Domain]:
    rows: QuerySet[Domain] = Domain.objects.visible_to(request.user) if request else Domain.objects.none()
    return rows


def _tags(request: HttpRequest | None) -> QuerySet[Tag]:
    return Tag.objects.visible_to(request.user) if request else Tag.objects.none()


def _classifications(request: HttpRequest | None) -> QuerySet[Classification]:
    return Classification.objects.visible_to(request.user) if request else Classification.objects.none()


def _teams(request: HttpRequest | None) -> QuerySet[Team]:
    member = request is not None and kernel.standing(request.user).is_member
    rows: QuerySet[Team] = Team.objects.all() if member else Team.objects.none()
    return rows


CERTIFICATION = (("certified", "Certified"), ("expired", "Expired"), ("none", "Not certified"))


def certification_states() -> dict[str, Q]:
    """The condition of each value of CERTIFICATION as of now: a certification ends without anything being written."""
    now = timezone.now()
    return {
        "certified": Q(trust__certified_until__gt=now),
        "expired": Q(trust__certified_until__lte=now),
        "none": Q(trust__certified_until=None),
    }


class ProductFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?domain=listening&lifecycle=active&q=plays`."""

    q = filters.CharFilter(method="matching", label="Words in name, address or purpose", max_length=200)
    domain = filters.ModelMultipleChoiceFilter(
        to_field_name="slug", queryset=_domains, method="in_domains", label="Domain, with those below it"
    )
    owner = filters.ModelMultipleChoiceFilter(
        field_name="team__slug", to_field_name="slug", queryset=_teams, label="Accountable team"
    )
    tag = filters.ModelMultipleChoiceFilter(
        field_name="tags__slug", to_field_name="slug", queryset=_tags, label="Tag"
    )
    classification = filters.ModelMultipleChoiceFilter(
        field_name="classification__slug",
        to_field_name="slug",
        queryset=_classifications,
        label="Classification",
    )
    lifecycle = filters.MultipleChoiceFilter(choices=Lifecycle.choices, label="Lifecycle")
    archetype = filters.MultipleChoiceFilter(choices=DataProduct.Archetype.choices, label="Archetype")
    visibility = filters.MultipleChoiceFilter(choices=Visibility.choices, label="Visibility")
    region = filters.MultipleChoiceFilter(choices=(), label="Region")
    unowned = filters.BooleanFilter(
        field_name="team", lookup_expr="isnull", label="Without an accountable team"
    )

    certification = filters.MultipleChoiceFilter(
        choices=CERTIFICATION, method="certified", label="Certification"
    )

    class Meta:
        model = DataProduct
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "region" in (self.data or {}):  # asked only where a value must be judged
            regions = _visible(self.request).exclude(region="").values_list("region", flat=True)
            names = regions.order_by("region").distinct()
            region = self.filters["region"]
            region.__dict__.pop(
                "_field", None
            )  # describing the API makes one without choices; copies would keep it
            region.extra["choices"] = [(name, name) for name in names]

    def matching(self, rows: QuerySet[DataProduct], _name: str, value: str) -> QuerySet[DataProduct]:
        """Every word somewhere in name, address or purpose."""
        for word in value.split()[:10]:
            rows = rows.filter(Q(name__icontains=word) | Q(slug__icontains=word) | Q(purpose__icontains=word))
        return rows

    def certified(self, rows: QuerySet[DataProduct], _name: str, value: list[str]) -> QuerySet[DataProduct]:
        states, wanted = certification_states(), Q()
        for state in value:
            wanted |= states[state]
        return rows.filter(wanted)

    def in_domains(
        self, rows: QuerySet[DataProduct], _name: str, value: list[Domain]
    ) -> QuerySet[DataProduct]:
        wanted = Q()
        for domain in value:
            wanted |= Q(domain__path__startswith=domain.path)
        return rows.filter(wanted)
