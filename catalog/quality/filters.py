"""What lists of checks can be narrowed by, the same on the page, in the CSV and in the API."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from catalog.domains.models import Domain
from catalog.quality.models import QualityCheck
from catalog.quality.outcomes import Status
from catalog.quality.selectors import mine

STATUSES = (
    ("failed", "Failed"),
    ("passed", "Passed"),
    ("error", "Could not be measured"),
    ("unknown", "Unknown"),
)


def _domains(request: HttpRequest | None) -> QuerySet[Domain]:
    rows: QuerySet[Domain] = Domain.objects.visible_to(request.user) if request else Domain.objects.none()
    return rows


class CheckFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?status=failed&severity=error&domain=listening&mine=true`. Ended ones only with `ended=true`."""

    q = filters.CharFilter(method="matching", label="Words in check, field, port or product", max_length=200)
    status = filters.MultipleChoiceFilter(choices=STATUSES, method="of_status", label="Status")
    severity = filters.MultipleChoiceFilter(choices=QualityCheck.Severity.choices, label="Severity")
    kind = filters.MultipleChoiceFilter(choices=QualityCheck.Kind.choices, label="Kind")
    dimension = filters.MultipleChoiceFilter(choices=QualityCheck.Dimension.choices, label="Dimension")
    source = filters.MultipleChoiceFilter(choices=QualityCheck.Source.choices, label="Source")
    domain = filters.ModelMultipleChoiceFilter(
        to_field_name="slug", queryset=_domains, method="in_domains", label="Domain, with those below it"
    )
    product = filters.CharFilter(method="of_product", label="Product, as domain/slug", max_length=300)
    mine = filters.BooleanFilter(method="of_mine", label="Of my products")
    ended = filters.BooleanFilter(method="with_ended", label="Ended")

    class Meta:
        model = QualityCheck
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[QualityCheck]) -> Any:
        rows = super().filter_queryset(queryset)
        return rows.filter(ended_at__isnull=not self.form.cleaned_data.get("ended"))

    def matching(self, rows: Any, _name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(name__icontains=word)
                | Q(element__icontains=word)
                | Q(port__name__icontains=word)
                | Q(port__product__name__icontains=word)
            )
        return rows

    def of_status(self, rows: Any, _name: str, value: list[str]) -> Any:
        """As it stands now: a result that became too old is unknown, whatever it said."""
        if not value:
            return rows
        current = Q(state__valid_until__gte=timezone.now())
        wanted = current & Q(state__status__in=value)
        if Status.UNKNOWN in value:
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
        own = QualityCheck.objects.filter(mine(self.request.user)).values("pk")
        return rows.filter(pk__in=own) if value else rows.exclude(pk__in=own)

    def with_ended(self, rows: Any, _name: str, value: bool | None) -> Any:
        return rows
