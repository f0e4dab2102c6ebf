"""What lists of objectives can be narrowed by, the same on the page, in the CSV and in the API."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from catalog.domains.models import Domain
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.selectors import mine

STATES = (("good", "Kept"), ("warning", "At risk"), ("bad", "Missed"), ("unknown", "Unknown"))


def _domains(request: HttpRequest | None) -> QuerySet[Domain]:
    rows: QuerySet[Domain] = Domain.objects.visible_to(request.user) if request else Domain.objects.none()
    return rows


class SloFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?state=bad&criticality=high&domain=listening&mine=true`. Withdrawn ones only with `ended=true`."""

    q = filters.CharFilter(method="matching", label="Words in objective, port or product", max_length=200)
    state = filters.MultipleChoiceFilter(choices=STATES, method="in_state", label="State")
    alert = filters.MultipleChoiceFilter(
        choices=(("page", "Burns fast"), ("ticket", "Burns")), field_name="state__alert", label="Alert"
    )
    criticality = filters.MultipleChoiceFilter(
        choices=ServiceLevelObjective.Criticality.choices, label="Criticality"
    )
    kind = filters.MultipleChoiceFilter(choices=ServiceLevelObjective.Kind.choices, label="Kind")
    domain = filters.ModelMultipleChoiceFilter(
        to_field_name="slug", queryset=_domains, method="in_domains", label="Domain, with those below it"
    )
    product = filters.CharFilter(method="of_product", label="Product, as domain/slug", max_length=300)
    mine = filters.BooleanFilter(method="of_mine", label="Of my products")
    ended = filters.BooleanFilter(method="with_ended", label="Withdrawn")

    class Meta:
        model = ServiceLevelObjective
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[ServiceLevelObjective]) -> Any:
        rows = super().filter_queryset(queryset)
        return rows.filter(ended_at__isnull=not self.form.cleaned_data.get("ended"))

    def matching(self, rows: Any, _name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(name__icontains=word)
                | Q(port__name__icontains=word)
                | Q(port__product__name__icontains=word)
            )
        return rows

    def in_state(self, rows: Any, _name: str, value: list[str]) -> Any:
        """As it stands now: a measurement that became too old is unknown, whatever was judged then."""
        if not value:
            return rows
        current = Q(state__valid_until__gte=timezone.now())
        wanted = current & Q(state__status__in=value)
        if "unknown" in value:
            wanted |= ~current | Q(state__valid_until=None)
        return rows.filter(wanted)

    def in_domains(self, rows: Any, _name: str, value: list[Domain]) -> Any:
        wanted = Q()
        for domain in value:
            wanted |= Q(port__product__domain__path__startswith=domain.path)
        return rows.filter(wanted)

    def of_product(self, rows: Any, _name: str, value: str) -> Any:
        domain, _, slug = value.partition("/")
        return rows.filter(port__product__domain__slug=domain, port__product__slug=slug)

    def of_mine(self, rows: Any, _name: str, value: bool | None) -> Any:
        if value is None:
            return rows
        own = ServiceLevelObjective.objects.filter(mine(self.request.user)).values("pk")
        return rows.filter(pk__in=own) if value else rows.exclude(pk__in=own)

    def with_ended(self, rows: Any, _name: str, value: bool | None) -> Any:
        return rows
