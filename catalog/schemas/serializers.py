"""Fields of a schema in the REST API."""

from typing import Any

from rest_framework import serializers

from catalog.assets.models import ViewDefinition
from catalog.schemas.models import FieldProfile
from catalog.schemas.pages import Line
from catalog.schemas.recording import VALUE_COLUMNS
from catalog.schemas.shape import FieldShape


class ShapeSerializer(serializers.Serializer[FieldShape]):
    """One side of a field: as observed, or as declared."""

    path = serializers.CharField()
    logical_type = serializers.CharField()
    physical_type = serializers.CharField()
    is_nullable = serializers.BooleanField(allow_null=True)
    key_position = serializers.IntegerField(allow_null=True)
    is_unique = serializers.BooleanField(allow_null=True)
    references = serializers.CharField()
    comment = serializers.CharField()
    classification = serializers.CharField()


class ProfileSerializer(serializers.ModelSerializer[FieldProfile]):
    """Figures of a field; values are empty where none are kept, and left out for those who may not see them."""

    class Meta:
        model = FieldProfile
        fields = (
            "profiled_at",
            "row_count",
            "is_sample",
            "null_share",
            "distinct_estimate",
            "minimum",
            "maximum",
            "mean",
            "histogram",
            "top_values",
            "withheld_because",
        )
        read_only_fields = fields

    def to_representation(self, instance: FieldProfile) -> dict[str, Any]:
        if not self.context["may_see_values"]:
            for name in VALUE_COLUMNS:
                self.fields.pop(name, None)
        return super().to_representation(instance)


class DefinitionSerializer(serializers.ModelSerializer[ViewDefinition]):
    """The SQL a view is made by, as its store words it; `number` counts the wordings seen."""

    class Meta:
        model = ViewDefinition
        fields = ("number", "seen_at", "sql")
        read_only_fields = fields


class FieldSerializer(serializers.Serializer[Line]):
    """A field: both sides, whether the promise is kept, what people say, its figures."""

    path = serializers.CharField(source="row.path")
    number = serializers.IntegerField(source="row.number")
    verdict = serializers.ChoiceField(
        choices=("kept", "broken", "extra", "unknown"), source="row.comparison.verdict"
    )
    breaches = serializers.ListField(child=serializers.CharField(), source="row.comparison.breaches")
    observed = ShapeSerializer(source="row.comparison.observed", allow_null=True)
    declared = ShapeSerializer(source="row.comparison.declared", allow_null=True)
    description = serializers.CharField(source="row.words")
    classification = serializers.CharField(source="row.classification")
    is_personal = serializers.BooleanField(source="row.is_personal")
    is_released = serializers.BooleanField(source="row.annotation.is_released")
    revision = serializers.IntegerField(source="row.annotation.revision")
    profile = ProfileSerializer(allow_null=True)


class FieldPage(serializers.Serializer[Any]):
    """A page of fields with the port and the observed version they belong to."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    port = serializers.CharField(allow_null=True)
    version = serializers.IntegerField(allow_null=True)
    seen_at = serializers.DateTimeField(allow_null=True)
    conformance = serializers.FloatField(allow_null=True)
    results = FieldSerializer(many=True)
