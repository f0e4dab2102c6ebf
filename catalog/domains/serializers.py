"""Domains in the API."""

from typing import Any

from rest_framework import serializers

from catalog.accounts.models import Team
from catalog.common.serializers import StrictSerializer, VisibleSlugField
from catalog.domains.models import HUES, Domain


class DomainSerializer(serializers.ModelSerializer[Domain]):
    """A domain as it is read; `parent` is null at the top, `products` counts what the caller may see."""

    team = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    parent = serializers.SerializerMethodField()  # type: ignore[assignment]  # the base has a `parent` of its own
    products = serializers.IntegerField(source="visible_products", read_only=True, default=0)

    class Meta:
        model = Domain
        fields = (
            "slug", "name", "kind", "description", "team", "parent", "hue", "products", "revision",
            "created_at", "updated_at",
        )  # fmt: skip

    def get_parent(self, domain: Domain) -> str | None:
        slugs: dict[str, str] = self.context.get("slugs", {})
        return slugs.get(domain.path[: -Domain.steplen])


class DomainInput(StrictSerializer):
    """What a new domain needs and an edit may change."""

    name = serializers.CharField(max_length=120)
    slug = serializers.SlugField(max_length=120, allow_unicode=True, required=False)
    kind = serializers.ChoiceField(choices=Domain.Kind.choices, required=False)
    description = serializers.CharField(allow_blank=True, required=False, max_length=20_000)
    team = VisibleSlugField(Team)
    parent = VisibleSlugField(Domain, required=False, allow_null=True)  # type: ignore[assignment]  # as above
    hue = serializers.IntegerField(min_value=0, max_value=HUES - 1, required=False)
