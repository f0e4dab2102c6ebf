"""What every serializer of the API shares: unknown fields are refused, objects are named by their addresses."""

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """Reads a body; a field nobody knows is refused (400), because ignoring it would lose what somebody meant."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                known = ", ".join(sorted(name for name, field in self.fields.items() if not field.read_only))
                raise serializers.ValidationError(
                    {str(name)[:100]: [f"Unknown field. Known here: {known}."] for name in unknown},
                    code="unknown",
                )
        return super().to_internal_value(data)


class VisibleSlugField(serializers.SlugRelatedField[Any]):
    """An object named by its slug, among those the caller may see; what they may not see does not exist for them."""

    def __init__(self, model: type[Model], **options: Any) -> None:
        self.model = model
        options.setdefault("slug_field", "slug")
        super().__init__(queryset=model._default_manager.none(), **options)

    def get_queryset(self) -> QuerySet[Any]:
        manager: Any = self.model._default_manager
        user = self.context["request"].user
        return manager.visible_to(user)  # type: ignore[no-any-return]
