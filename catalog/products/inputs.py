"""What the API accepts for products and ports: shapes and names of related objects; services judge the rest."""

from typing import Any

from rest_framework import serializers

from catalog.accounts.models import Team, User
from catalog.common.serializers import StrictSerializer, VisibleSlugField
from catalog.connections.models import Connection
from catalog.domains.models import Domain
from catalog.products.models import DataProduct, Lifecycle, OutputPort, Stewardship, Visibility
from catalog.vocabulary.models import Classification

TEXT = 200_000  # characters of a documentation text


class ProductKeyField(serializers.CharField):
    """A product the caller may see, as `domain/slug`."""

    def to_internal_value(self, data: Any) -> Any:
        key = super().to_internal_value(data)
        domain, _, slug = key.partition("/")
        visible = DataProduct.objects.visible_to(self.context["request"].user).select_related("domain")
        product = visible.filter(domain__slug=domain, slug=slug).first()
        if product is None:
            raise serializers.ValidationError(f"There is no product {key[:200]}.", code="does_not_exist")
        return product


class PortKeyField(serializers.CharField):
    """An output port of a product the caller may see, as `domain/slug/name/version`."""

    def to_internal_value(self, data: Any) -> Any:
        key = super().to_internal_value(data)
        parts = key.split("/")
        if len(parts) == 4:
            visible = OutputPort.objects.visible_to(self.context["request"].user).select_related(
                "product__domain"
            )
            port = visible.filter(
                product__domain__slug=parts[0], product__slug=parts[1], name=parts[2], version=parts[3]
            ).first()
            if port is not None:
                return port
        message = f"There is no port {key[:200]}; name it as domain/slug/name/version."
        raise serializers.ValidationError(message, code="does_not_exist")


class PeopleField(serializers.DictField):
    """`{"business_owner": ["username", …], …}`; a role that is named is set to exactly these people."""

    child = serializers.ListField(child=serializers.CharField(max_length=150), max_length=50)

    def to_internal_value(self, data: Any) -> dict[str, list[User]]:
        given = super().to_internal_value(data)
        unknown = sorted(set(given) - set(Stewardship.Role.values))
        if unknown:
            known = ", ".join(Stewardship.Role.values)
            raise serializers.ValidationError(
                f"Unknown role {unknown[0][:50]}. Known here: {known}.", code="choice"
            )
        people = {person.username.casefold(): person for person in self._candidates(given)}
        missing = sorted(
            {name for names in given.values() for name in names if name.casefold() not in people}
        )
        if missing:
            raise serializers.ValidationError(f"There is no person {missing[0]}.", code="does_not_exist")
        return {role: [people[name.casefold()] for name in names] for role, names in given.items()}

    def _candidates(self, given: dict[str, list[str]]) -> list[User]:
        names = {name for wanted in given.values() for name in wanted}
        spelled = names | {name.casefold() for name in names}
        visible = User.objects.visible_to(self.context["request"].user)
        return list(visible.filter(is_active=True, username__in=spelled))


class ProductFieldsInput(StrictSerializer):
    """Everything an edit may say of a product."""

    name = serializers.CharField(max_length=200)
    slug = serializers.SlugField(max_length=120, allow_unicode=True, required=False)
    domain = VisibleSlugField(Domain)
    owner = VisibleSlugField(Team, source="team", required=False, allow_null=True)
    purpose = serializers.CharField(allow_blank=True, required=False, max_length=TEXT)
    description = serializers.CharField(allow_blank=True, required=False, max_length=TEXT)
    usage = serializers.CharField(allow_blank=True, required=False, max_length=TEXT)
    limitations = serializers.CharField(allow_blank=True, required=False, max_length=TEXT)
    archetype = serializers.ChoiceField(DataProduct.Archetype.choices, allow_blank=True, required=False)
    visibility = serializers.ChoiceField(Visibility.choices, required=False)
    version = serializers.CharField(max_length=60, required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=80), max_length=100, required=False)
    classification = VisibleSlugField(Classification, required=False, allow_null=True)
    region = serializers.CharField(max_length=80, allow_blank=True, required=False)
    links = serializers.ListField(child=serializers.DictField(), required=False)
    support = serializers.ListField(child=serializers.DictField(), required=False)
    people = PeopleField(required=False)


#: What a PUT sets when it does not name a field: a replacement forgets what it does not say.
BLANK: dict[str, Any] = {
    "purpose": "", "description": "", "usage": "", "limitations": "", "archetype": "", "version": "0.1.0",
    "tags": [], "classification": None, "region": "", "links": [], "support": [],
}  # fmt: skip


class LifecycleInput(StrictSerializer):
    """One step of the lifecycle."""

    step = serializers.ChoiceField(Lifecycle.choices)
    successor = ProductKeyField(required=False, allow_null=True)
    sunset_at = serializers.DateField(required=False, allow_null=True)
    reason = serializers.CharField(allow_blank=True, required=False, max_length=2_000)


class OutputPortInput(StrictSerializer):
    """What may be said of an output port; name and version are its identity."""

    name = serializers.CharField(max_length=120)
    version = serializers.CharField(max_length=60, required=False)
    title = serializers.CharField(max_length=200, allow_blank=True, required=False)
    description = serializers.CharField(allow_blank=True, required=False, max_length=TEXT)
    kind = serializers.ChoiceField(OutputPort.Kind.choices, required=False)
    environment = serializers.CharField(max_length=40, required=False)
    modality = serializers.ChoiceField(OutputPort.Modality.choices, required=False)
    connection = VisibleSlugField(Connection, required=False, allow_null=True)
    location = serializers.CharField(max_length=1000, allow_blank=True, required=False)
    format = serializers.CharField(max_length=60, allow_blank=True, required=False)
    platform = serializers.CharField(max_length=80, allow_blank=True, required=False)
    region = serializers.CharField(max_length=80, allow_blank=True, required=False)
    encryption_at_rest = serializers.ChoiceField(
        OutputPort.Encryption.choices, allow_blank=True, required=False
    )
    freshness_promise = serializers.DurationField(required=False, allow_null=True)
    sunset_at = serializers.DateField(required=False, allow_null=True)


class InputPortInput(StrictSerializer):
    """A declared dependency: a port the caller may see, or words that name something outside."""

    name = serializers.CharField(max_length=200, allow_blank=True, required=False)
    version = serializers.CharField(max_length=60, allow_blank=True, required=False)
    upstream = PortKeyField(source="upstream_port", required=False, allow_null=True)
    reference = serializers.CharField(max_length=500, allow_blank=True, required=False)
    description = serializers.CharField(allow_blank=True, required=False, max_length=TEXT)
