"""Filters of people and teams over REST."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from catalog.accounts.models import Role, Team, User


class PersonFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?q=` any part of name, username or e-mail; `?role=`; `?team=` slug; `?is_active=`."""

    q = django_filters.CharFilter(method="search", max_length=200)
    role = django_filters.ChoiceFilter(choices=Role.choices, field_name="memberships__role", distinct=True)
    team = django_filters.CharFilter(field_name="memberships__team__slug", distinct=True)
    is_active = django_filters.TypedChoiceFilter(
        choices=(("true", "active"), ("false", "deactivated")), coerce=lambda value: value == "true"
    )

    class Meta:
        model = User
        fields: tuple[str, ...] = ()

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(
            Q(username__icontains=value) | Q(name__icontains=value) | Q(email__icontains=value)
        )


class TeamFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?q=` any part of the name or slug; `?below=` slug: that team and everything below it."""

    q = django_filters.CharFilter(method="search", max_length=200)
    below = django_filters.CharFilter(method="under")

    class Meta:
        model = Team
        fields: tuple[str, ...] = ()

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(name__icontains=value) | Q(slug__icontains=value))

    def under(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        top = rows.filter(slug=value).first()
        return rows.filter(path__startswith=top.path) if top else rows.none()
