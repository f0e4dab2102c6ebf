"""Filters of the list of connections in the API."""

import django_filters

from catalog.connections.models import Connection


class ConnectionFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?kind=postgresql&team=listening-team&q=play`."""

    kind = django_filters.CharFilter()
    team = django_filters.CharFilter(field_name="team__slug")
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains")

    class Meta:
        model = Connection
        fields: list[str] = []
