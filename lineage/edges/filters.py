"""What lists of edges can be narrowed by, the same on the page, in the CSV and in the API."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.products.models import DataProduct
from lineage.edges.ageing import fading
from lineage.models import Source


class EdgeFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?source=dbt&product=listening/play-events&fading=true&derived=false`."""

    source = filters.MultipleChoiceFilter(choices=Source.choices, label="Source")
    product = filters.CharFilter(
        method="of_product", max_length=300, label="Product at either end, as domain/slug"
    )
    fading = filters.BooleanFilter(method="that_fade", label="Not seen for long")
    derived = filters.BooleanFilter(field_name="is_derived", label="Derived from what machines saw")
    job = filters.NumberFilter(field_name="job_id", label="Job")

    def of_product(self, rows: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        domain, _, slug = value.partition("/")
        found = DataProduct.objects.filter(domain__slug=domain, slug=slug).order_by().values("pk")
        return rows.filter(Q(offering__in=found) | Q(downstream_id__in=found))

    def that_fade(self, rows: QuerySet[Any], _: str, value: bool) -> QuerySet[Any]:
        condition = fading(timezone.now())
        return rows.filter(condition if value else ~condition)
