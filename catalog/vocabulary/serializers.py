"""Tags, classifications and purposes in the API."""

from rest_framework import serializers

from catalog.common.serializers import StrictSerializer
from catalog.vocabulary.models import Classification, Purpose, Tag


class TagSerializer(serializers.ModelSerializer[Tag]):
    """A tag; `products` counts those the caller may see."""

    products = serializers.IntegerField(source="visible_products", read_only=True, default=0)

    class Meta:
        model = Tag
        fields = ("slug", "name", "products", "created_at")


class TagInput(StrictSerializer):
    """A tag's new name. Tags are made by tagging a product."""

    name = serializers.CharField(max_length=80)


class ClassificationSerializer(serializers.ModelSerializer[Classification]):
    class Meta:
        model = Classification
        fields = ("slug", "name", "rank", "is_personal", "description", "created_at", "updated_at")


class ClassificationInput(StrictSerializer):
    name = serializers.CharField(max_length=80)
    rank = serializers.IntegerField(min_value=0, max_value=1000, required=False)
    is_personal = serializers.BooleanField(required=False)
    description = serializers.CharField(allow_blank=True, required=False, max_length=20_000)


class PurposeSerializer(serializers.ModelSerializer[Purpose]):
    class Meta:
        model = Purpose
        fields = ("slug", "name", "legal_basis", "description", "is_offered", "created_at", "updated_at")


class PurposeInput(StrictSerializer):
    name = serializers.CharField(max_length=80)
    legal_basis = serializers.ChoiceField(Purpose.LegalBasis.choices, required=False)
    description = serializers.CharField(allow_blank=True, required=False, max_length=20_000)
    is_offered = serializers.BooleanField(required=False)
