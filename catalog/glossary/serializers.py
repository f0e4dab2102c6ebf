"""Terms and their links as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from catalog.accounts.models import Team, User
from catalog.common.serializers import StrictSerializer, VisibleSlugField
from catalog.domains.models import Domain
from catalog.glossary.models import LONGEST_NAME, GlossaryTerm, TermLink


class TermSerializer(serializers.ModelSerializer[GlossaryTerm]):
    """A term. `domain` is null for one of the whole mesh; `products` counts those the caller may see."""

    domain = serializers.SlugRelatedField[Domain](slug_field="slug", read_only=True)
    owner = serializers.SlugRelatedField[Team](source="team", slug_field="slug", read_only=True)
    steward = serializers.SlugRelatedField[User](slug_field="username", read_only=True)
    successor = serializers.SerializerMethodField()
    related = serializers.SerializerMethodField()
    products = serializers.IntegerField(source="product_count", read_only=True, default=0)

    class Meta:
        model = GlossaryTerm
        fields = (
            "slug", "name", "abbreviation", "synonyms", "definition", "domain", "owner", "steward", "state",
            "successor", "related", "products", "revision", "created_at", "updated_at",
        )  # fmt: skip

    def get_successor(self, term: GlossaryTerm) -> str | None:
        return term.successor.slug if term.successor and term.successor.is_published else None

    def get_related(self, term: GlossaryTerm) -> list[str]:
        return [other.slug for other in term.related.all() if other.is_published]


class TermInput(StrictSerializer):
    """What may be said of a term; `domain` null or left out makes one of the whole mesh."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    definition = serializers.CharField(max_length=20_000, allow_blank=True, required=False)
    abbreviation = serializers.CharField(max_length=40, allow_blank=True, required=False)
    synonyms = serializers.ListField(child=serializers.CharField(max_length=LONGEST_NAME), required=False)
    domain = VisibleSlugField(Domain, allow_null=True, required=False)
    owner = VisibleSlugField(Team, source="team", allow_null=True, required=False)
    steward = VisibleSlugField(User, slug_field="username", allow_null=True, required=False)
    state = serializers.ChoiceField(choices=GlossaryTerm.State.choices, required=False)
    successor = VisibleSlugField(GlossaryTerm, allow_null=True, required=False)
    related = serializers.ListField(child=VisibleSlugField(GlossaryTerm), required=False, max_length=100)


class TermLinkSerializer(serializers.ModelSerializer[TermLink]):
    """A link: `port` is `name/version` or null, `column` the path of a field or empty."""

    term = serializers.SlugRelatedField[GlossaryTerm](slug_field="slug", read_only=True)
    product = serializers.CharField(source="product.key", read_only=True)
    port = serializers.SerializerMethodField()
    column = serializers.CharField(source="path", read_only=True)

    class Meta:
        model = TermLink
        fields = ("id", "term", "product", "port", "column", "created_at")

    def get_port(self, link: TermLink) -> str | None:
        return f"{link.port.name}/{link.port.version}" if link.port else None


class TermLinkInput(StrictSerializer):
    """A term by its slug, on the product, its `port` (`name/version`) or a `column` of that."""

    term = VisibleSlugField(GlossaryTerm)
    port = serializers.CharField(max_length=200, required=False)
    column = serializers.CharField(max_length=500, required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data.get("column") and not data.get("port"):
            raise serializers.ValidationError({"port": "A column belongs to a port: name it."})
        return data
