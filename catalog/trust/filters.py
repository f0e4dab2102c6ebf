"""What lists of certifications can be narrowed by, the same on the page and in the API."""

from typing import Any

import django_filters as filters
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from catalog.accounts import kernel
from catalog.trust.models import Certification

STATES = (
    ("in_force", "In force"),
    ("expired", "Expired"),
    ("withdrawn", "Withdrawn or replaced"),
)


class CertificationFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?state=in_force&ending_within=30&mine=true`; ended ones are those whose time or word is over."""

    state = filters.MultipleChoiceFilter(choices=STATES, method="in_state", label="State")
    ending_within = filters.NumberFilter(
        method="ending", label="In force and ending within so many days", min_value=1, max_value=800
    )
    product = filters.CharFilter(method="of_product", label="Product, as domain/slug", max_length=300)
    mine = filters.BooleanFilter(method="of_mine", label="Given by me, or of products I am in charge of")

    class Meta:
        model = Certification
        fields: list[str] = []

    def in_state(self, rows: Any, _name: str, value: list[str]) -> Any:
        now = timezone.now()
        early = Q(withdrawn_at__lt=F("expires_at"))
        wanted = Q(pk__in=[])
        if "in_force" in value:
            wanted |= Q(withdrawn_at=None, expires_at__gt=now)
        if "expired" in value:
            wanted |= Q(expires_at__lte=now) & ~(Q(withdrawn_at__isnull=False) & early)
        if "withdrawn" in value:
            wanted |= Q(withdrawn_at__isnull=False) & early
        return rows.filter(wanted) if value else rows

    def ending(self, rows: Any, _name: str, value: Any) -> Any:
        return rows.ending_within(timezone.now(), int(value))

    def of_product(self, rows: Any, _name: str, value: str) -> QuerySet[Certification]:
        domain, _, slug = value.partition("/")
        found: QuerySet[Certification] = rows.filter(product__domain__slug=domain, product__slug=slug)
        return found

    def of_mine(self, rows: Any, _name: str, value: bool) -> Any:
        user = self.request.user
        teams = kernel.standing(user).team_ids
        wanted = Q(certified_by=user) | Q(product__team__in=teams)
        wanted |= Q(product__in=user.stewardships.values("product"))
        return rows.filter(wanted) if value else rows.exclude(wanted)
