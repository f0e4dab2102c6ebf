"""What the list of terms can be narrowed by."""

import django_filters as filters
from django.db.models import QuerySet

from catalog.glossary import selectors
from catalog.glossary.models import GlossaryTerm


class TermFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?q=play&domain=listening&state=approved&name=stream`"""

    q = filters.CharFilter(method="matching", label="Words in names or definition", max_length=200)
    name = filters.CharFilter(method="named", label="Exactly a name, abbreviation or synonym", max_length=120)
    domain = filters.CharFilter(field_name="domain__slug", label="Slug of its domain", max_length=120)
    is_of_the_mesh = filters.BooleanFilter(field_name="domain", lookup_expr="isnull", label="Of no domain")
    state = filters.MultipleChoiceFilter(choices=GlossaryTerm.State.choices, label="State")

    class Meta:
        model = GlossaryTerm
        fields: list[str] = []

    def matching(self, rows: QuerySet[GlossaryTerm], _name: str, value: str) -> QuerySet[GlossaryTerm]:
        return selectors.matching(rows, value)

    def named(self, rows: QuerySet[GlossaryTerm], _name: str, value: str) -> QuerySet[GlossaryTerm]:
        return rows.filter(pk__in=GlossaryTerm.objects.named([value]).values("pk"))
