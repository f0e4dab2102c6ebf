"""What lists of notifications can be narrowed by, the same on the page and in the API."""

from typing import Any

import django_filters as filters

from catalog.notifications.models import Kind, Notice, Notification


class NotificationFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?is_read=false&kind=slo&product=listening/play-events`."""

    is_read = filters.ChoiceFilter(
        choices=(("true", "Read"), ("false", "Unread")), method="read_or_not", label="Read already"
    )
    kind = filters.MultipleChoiceFilter(choices=Kind.choices, field_name="notice__kind", label="Kind")
    product = filters.CharFilter(method="of_product", label="Product, as domain/slug", max_length=300)

    class Meta:
        model = Notification
        fields: list[str] = []

    def read_or_not(self, rows: Any, _name: str, value: str) -> Any:
        return rows.filter(read_at__isnull=value == "false")

    def of_product(self, rows: Any, _name: str, value: str) -> Any:
        domain, _, slug = value.partition("/")
        return rows.filter(notice__product__domain__slug=domain, notice__product__slug=slug)


class ChangeFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?product=listening/play-events&kind=contract&from=2026-03-01&to=2026-04-01`."""

    kind = filters.MultipleChoiceFilter(choices=Kind.choices, label="Kind")
    product = filters.CharFilter(method="of_product", label="Product, as domain/slug", max_length=300)

    class Meta:
        model = Notice
        fields: list[str] = []

    def of_product(self, rows: Any, _name: str, value: str) -> Any:
        domain, _, slug = value.partition("/")
        return rows.filter(product__domain__slug=domain, product__slug=slug)


ChangeFilter.base_filters["from"] = filters.IsoDateTimeFilter(
    field_name="created_at", lookup_expr="gte", label="From"
)  # `from` is a word of the language
ChangeFilter.base_filters["to"] = filters.IsoDateTimeFilter(
    field_name="created_at", lookup_expr="lt", label="Before"
)
