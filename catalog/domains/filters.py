"""What the list of domains can be narrowed by."""

import django_filters as filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from catalog.accounts.models import Team
from catalog.domains.models import Domain


def _teams(request: HttpRequest | None) -> QuerySet[Team]:
    rows: QuerySet[Team] = Team.objects.visible_to(request.user) if request else Team.objects.none()
    return rows


class DomainFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?kind=aggregate&owner=listening-team&q=play`."""

    q = filters.CharFilter(method="matching", label="Words in name or address", max_length=200)
    kind = filters.MultipleChoiceFilter(choices=Domain.Kind.choices, label="Kind")
    owner = filters.ModelMultipleChoiceFilter(
        field_name="team__slug", to_field_name="slug", queryset=_teams, label="Accountable team"
    )

    class Meta:
        model = Domain
        fields: list[str] = []

    def matching(self, rows: QuerySet[Domain], _name: str, value: str) -> QuerySet[Domain]:
        for word in value.split()[:10]:
            rows = rows.filter(Q(name__icontains=word) | Q(slug__icontains=word))
        return rows
