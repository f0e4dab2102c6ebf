"""What the audit trail can be narrowed by, the same on the page and in exports."""

from typing import Any

import django_filters as filters
from django.db.models import Q

from catalog.audit.models import AuditEvent


class AuditFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?actor=ada&verb=access.&kind=product&object=12&from=2026-03-01&to=2026-04-01&q=plays`."""

    actor = filters.CharFilter(method="by_actor", label="Who (name, or part of it)", max_length=200)
    verb = filters.CharFilter(
        field_name="verb", lookup_expr="startswith", label="What (begins with)", max_length=60
    )
    kind = filters.CharFilter(field_name="object_kind", label="Kind of thing", max_length=30)
    object = filters.NumberFilter(
        field_name="object_id", label="Number of the thing", min_value=0, max_value=2**62
    )
    q = filters.CharFilter(
        field_name="object_name", lookup_expr="icontains", label="Name of the thing", max_length=200
    )

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def by_actor(self, rows: Any, _name: str, value: str) -> Any:
        return rows.filter(Q(actor_name__icontains=value) | Q(actor__username=value))


AuditFilter.base_filters["from"] = filters.IsoDateTimeFilter(
    field_name="at", lookup_expr="gte", label="From"
)  # `from` is a word of the language
AuditFilter.base_filters["to"] = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt", label="Before")
