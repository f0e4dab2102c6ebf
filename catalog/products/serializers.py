"""Products and ports as the API gives them."""

from typing import Any

from rest_framework import serializers
from rest_framework.reverse import reverse

from catalog.audit.models import AuditEvent
from catalog.products.activity import changes_to
from catalog.products.models import DataProduct, InputPort, OutputPort, Stewardship


class PersonInCharge(serializers.ModelSerializer[Stewardship]):
    """A person in charge of the product, in one role."""

    username = serializers.CharField(source="user.username", read_only=True)
    name = serializers.CharField(source="user", read_only=True)

    class Meta:
        model = Stewardship
        fields = ("role", "username", "name")


class ProductSummary(serializers.ModelSerializer[DataProduct]):
    """A product in a list. `key` is its public identifier, `domain/slug`."""

    key = serializers.CharField(read_only=True)
    url = serializers.SerializerMethodField()
    domain = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    owner = serializers.SlugRelatedField[Any](source="team", slug_field="slug", read_only=True)
    classification = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    tags = serializers.SlugRelatedField[Any](slug_field="name", many=True, read_only=True)
    people = PersonInCharge(source="stewardships", many=True, read_only=True)
    ports = serializers.IntegerField(source="port_count", read_only=True)

    class Meta:
        model = DataProduct
        fields: tuple[str, ...] = (
            "key", "url", "name", "domain", "slug", "owner", "purpose", "archetype", "lifecycle", "visibility",
            "version", "sunset_at", "tags", "classification", "region", "people", "ports", "revision",
            "created_at", "updated_at",
        )  # fmt: skip

    def get_url(self, product: DataProduct) -> str:
        kwargs = {"domain": product.domain.slug, "slug": product.slug}
        return reverse("products:detail", kwargs=kwargs, request=self.context.get("request"))


class ProductDetail(ProductSummary):
    """A product whole, with its texts. `successor` is a key, null also when the caller may not see it."""

    successor = serializers.SerializerMethodField()

    class Meta(ProductSummary.Meta):
        fields = (
            *ProductSummary.Meta.fields, "description", "usage", "limitations", "links", "support", "successor",
            "published_at", "origin",
        )  # fmt: skip

    def get_successor(self, product: DataProduct) -> str | None:
        if product.successor_id is None:
            return None
        visible = DataProduct.objects.visible_to(self.context["request"].user).select_related("domain")
        successor = visible.filter(pk=product.successor_id).first()
        return successor.key if successor else None


class OutputPortSerializer(serializers.ModelSerializer[OutputPort]):
    """An output port. `connection` is the slug of the store, named to those who may see it; never its secrets."""

    url = serializers.SerializerMethodField()
    connection = serializers.SerializerMethodField()
    freshness_promise = serializers.DurationField(read_only=True)

    class Meta:
        model = OutputPort
        fields = (
            "name", "version", "url", "title", "description", "kind", "environment", "modality", "connection",
            "location", "format", "platform", "region", "encryption_at_rest", "freshness_promise", "sunset_at",
            "revision", "created_at", "updated_at",
        )  # fmt: skip

    def get_url(self, port: OutputPort) -> str:
        product = port.product
        kwargs = {
            "domain": product.domain.slug, "slug": product.slug, "name": port.name, "version": port.version,
        }  # fmt: skip
        return reverse("products:port", kwargs=kwargs, request=self.context.get("request"))

    def get_connection(self, port: OutputPort) -> str | None:
        shown: set[int] = self.context.get("visible_connections", set())
        return port.connection.slug if port.connection and port.connection_id in shown else None


class InputPortSerializer(serializers.ModelSerializer[InputPort]):
    """An input port. `upstream` is the feeding port as `domain/slug/name/version`; where that may not be seen it is
    null, and so is `name`, which is made of it."""

    id = serializers.IntegerField(source="pk", read_only=True)
    name = serializers.SerializerMethodField()
    upstream = serializers.SerializerMethodField()

    class Meta:
        model = InputPort
        fields = ("id", "name", "version", "upstream", "reference", "description", "created_at", "updated_at")

    def get_name(self, port: InputPort) -> str | None:
        return port.name if port.upstream_port is None or self._is_seen(port.upstream_port) else None

    def get_upstream(self, port: InputPort) -> str | None:
        upstream = port.upstream_port
        if upstream is None or not self._is_seen(upstream):
            return None
        return f"{upstream.product.key}/{upstream.name}/{upstream.version}"

    def _is_seen(self, upstream: OutputPort) -> bool:
        visible: set[int] = self.context.get("visible_products", set())
        return upstream.product_id in visible


class EventSerializer(serializers.ModelSerializer[AuditEvent]):
    """Something that happened to a product: `changes` maps a field to [before, after]."""

    actor = serializers.CharField(source="actor_name", read_only=True)
    changes = serializers.SerializerMethodField()

    class Meta:
        model = AuditEvent
        fields = ("at", "actor", "verb", "object_kind", "object_name", "changes")

    def get_changes(self, event: AuditEvent) -> dict[str, Any]:
        return changes_to(self.context["product"], event)
