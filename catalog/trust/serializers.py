"""Trust as the API says it: the marks of the strip, certifications, and products and ports with their marks."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.common.serializers import StrictSerializer
from catalog.products.models import DataProduct, OutputPort
from catalog.products.serializers import OutputPortSerializer, ProductDetail, ProductSummary
from catalog.trust.models import Certification
from catalog.trust.selectors import marks_of


class MarkSerializer(serializers.Serializer[Any]):
    """One mark: `meaning` is good, warning, bad or unknown; `explanation` says in a sentence what it rests on."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field named as an attribute of fields
    meaning = serializers.ChoiceField(["good", "warning", "bad", "unknown"])
    value = serializers.CharField()
    explanation = serializers.CharField()
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # as above
    at = serializers.DateTimeField(allow_null=True)


class ProductWithTrust(ProductSummary):
    """A product in a list, with its trust strip as of now."""

    trust = serializers.SerializerMethodField()

    class Meta(ProductSummary.Meta):
        fields = (*ProductSummary.Meta.fields, "trust")

    @extend_schema_field(MarkSerializer(many=True))
    def get_trust(self, product: DataProduct) -> Any:
        return MarkSerializer(marks_of(product), many=True).data


class ProductDetailWithTrust(ProductDetail):
    """A product whole, with its trust strip as of now."""

    trust = serializers.SerializerMethodField()

    class Meta(ProductDetail.Meta):
        fields = (*ProductDetail.Meta.fields, "trust")

    @extend_schema_field(MarkSerializer(many=True))
    def get_trust(self, product: DataProduct) -> Any:
        return MarkSerializer(marks_of(product), many=True).data


class PortWithTrust(OutputPortSerializer):
    """An output port, with its trust strip as of now."""

    trust = serializers.SerializerMethodField()

    class Meta(OutputPortSerializer.Meta):
        fields = (*OutputPortSerializer.Meta.fields, "trust")  # type: ignore[assignment]  # a longer tuple

    @extend_schema_field(MarkSerializer(many=True))
    def get_trust(self, port: OutputPort) -> Any:
        return MarkSerializer(marks_of(port.product, port), many=True).data


class CertificationSerializer(serializers.ModelSerializer[Certification]):
    """A certification; `state` is in_force, expired, withdrawn or replaced as of now."""

    product = serializers.CharField(source="product.key", read_only=True)
    port = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    certified_by = serializers.CharField(source="certified_by.username", default=None, read_only=True)
    withdrawn_by = serializers.CharField(source="withdrawn_by.username", default=None, read_only=True)

    class Meta:
        model = Certification
        fields = (
            "id", "product", "port", "state", "reason", "certified_at", "certified_by", "expires_at", "withdrawn_at",
            "withdrawn_by", "withdrawn_reason",
        )  # fmt: skip

    def get_port(self, certification: Certification) -> str | None:
        port = certification.port
        return f"{port.name}/{port.version}" if port else None

    def get_state(self, certification: Certification) -> str:
        return certification.standing(timezone.now())


class CertificationInput(StrictSerializer):
    """A new certification; `port` as name/version, left out for the product as a whole."""

    reason = serializers.CharField(max_length=2_000)
    expires_at = serializers.DateTimeField()
    port = serializers.CharField(max_length=200, required=False)

    def validate_port(self, value: str) -> OutputPort:
        name, _, version = value.rpartition("/")
        product: DataProduct = self.context["product"]
        port = product.output_ports.filter(name=name, version=version).first()
        if port is None:
            raise serializers.ValidationError(f"{product} has no port {value[:200]}.", code="does_not_exist")
        return port


class WithdrawalInput(StrictSerializer):
    """Why a certification is taken back."""

    reason = serializers.CharField(max_length=2_000)
