"""What lists of incidents can be narrowed by, the same on the page, in the CSV and in the API."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from catalog.domains.models import Domain
from catalog.incidents.models import Incident
from catalog.incidents.selectors import mine
from catalog.incidents.transitions import UNRESOLVED


def _domains(request: HttpRequest | None) -> QuerySet[Domain]:
    rows: QuerySet[Domain] = Domain.objects.visible_to(request.user) if request else Domain.objects.none()
    return rows


class IncidentFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?severity=high&cause=slo&domain=listening&mine=true`. Resolved ones only with `status=resolved`."""

    q = filters.CharFilter(method="matching", label="Words in incident, port or product", max_length=200)
    status = filters.MultipleChoiceFilter(choices=Incident.Status.choices, label="Status")
    severity = filters.MultipleChoiceFilter(choices=Incident.Severity.choices, label="Severity")
    cause = filters.MultipleChoiceFilter(choices=Incident.Cause.choices, label="Cause")
    domain = filters.ModelMultipleChoiceFilter(
        to_field_name="slug", queryset=_domains, method="in_domains", label="Domain, with those below it"
    )
    product = filters.CharFilter(method="of_product", label="Product, as domain/slug", max_length=300)
    mine = filters.BooleanFilter(method="of_mine", label="Of my products, or assigned to me")

    class Meta:
        model = Incident
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Incident]) -> Any:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("status") else rows.filter(status__in=UNRESOLVED)

    def matching(self, rows: Any, _name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(title__icontains=word) | Q(port__name__icontains=word) | Q(product__name__icontains=word)
            )
        return rows

    def in_domains(self, rows: Any, _name: str, value: list[Domain]) -> Any:
        wanted = Q()
        for domain in value:
            wanted |= Q(product__domain__path__startswith=domain.path)
        return rows.filter(wanted)

    def of_product(self, rows: Any, _name: str, value: str) -> Any:
        domain, _, slug = value.partition("/")
        return rows.filter(product__domain__slug=domain, product__slug=slug)

    def of_mine(self, rows: Any, _name: str, value: bool | None) -> Any:
        if value is None:
            return rows
        own = Incident.objects.filter(mine(self.request.user)).values("pk")
        return rows.filter(pk__in=own) if value else rows.exclude(pk__in=own)
