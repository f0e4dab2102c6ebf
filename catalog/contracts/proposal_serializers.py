"""Proposed versions of contracts as the API shows and takes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.common.serializers import StrictSerializer
from catalog.contracts.checking import check_contract
from catalog.contracts.models import ChangeProposal
from catalog.contracts.serializers import CheckSerializer
from catalog.contracts.services import publishing
from catalog.products.inputs import ProductKeyField
from catalog.products.models import DataProduct


class AcknowledgementShape(serializers.Serializer[Any]):
    product = serializers.CharField()
    user = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()


class ProposalSerializer(serializers.ModelSerializer[ChangeProposal]):
    """A proposed version. `acknowledgements` and `waiting_for` name products the caller may see.

    `waiting_for` and `check` (see `POST /contracts/check/`) are told of one open proposal, not in lists.
    """

    contract = serializers.CharField(source="contract.key", read_only=True)
    base_version = serializers.CharField(source="base.version", read_only=True)
    proposed_by = serializers.CharField(source="proposed_by.username", default=None, read_only=True)
    acknowledgements = serializers.SerializerMethodField()
    waiting_for = serializers.SerializerMethodField()
    check_ = serializers.SerializerMethodField(method_name="get_answer")

    class Meta:
        model = ChangeProposal
        fields = (
            "id", "contract", "base_version", "version", "standing", "note", "proposed_by", "created_at", "closed_at",
            "override_reason", "sunset_at", "acknowledgements", "waiting_for", "check_",
        )  # fmt: skip

    def to_representation(self, instance: ChangeProposal) -> dict[str, Any]:
        """`check` is a method of fields, so the field has another name until here."""
        told = super().to_representation(instance)
        told["check"] = told.pop("check_")
        return told

    @extend_schema_field(AcknowledgementShape(many=True))
    def get_acknowledgements(self, proposal: ChangeProposal) -> list[dict[str, Any]]:
        done = list(proposal.acknowledgements.all())
        seen = self._visible({item.product_id for item in done})
        return [
            {
                "product": item.product.key,
                "user": item.user.username if item.user else None,
                "at": item.created_at,
            }
            for item in done
            if item.product_id in seen
        ]

    @extend_schema_field(serializers.ListField(child=serializers.CharField(), allow_null=True))
    def get_waiting_for(self, proposal: ChangeProposal) -> list[str] | None:
        if not self._is_asked(proposal):
            return None
        missing = [item.product for item in publishing.missing_acknowledgements(proposal)]
        seen = self._visible({product.pk for product in missing})
        return [product.key for product in missing if product.pk in seen]

    @extend_schema_field(CheckSerializer(allow_null=True))
    def get_answer(self, proposal: ChangeProposal) -> dict[str, Any] | None:
        if not self._is_asked(proposal):
            return None
        return check_contract(self.context["request"].user, bytes(proposal.original)).as_dict()

    def _is_asked(self, proposal: ChangeProposal) -> bool:
        return bool(self.context.get("is_detailed")) and proposal.standing == ChangeProposal.Standing.OPEN

    def _visible(self, ids: set[int]) -> set[int]:
        rows = DataProduct.objects.visible_to(self.context["request"].user).filter(pk__in=ids)
        return set(rows.values_list("pk", flat=True))


class AcknowledgementInput(StrictSerializer):
    """The consumer it is acknowledged for, as domain/slug."""

    product = ProductKeyField()


class PublicationInput(StrictSerializer):
    """For a breaking version: why it may not wait, and the day the old port versions end."""

    override_reason = serializers.CharField(max_length=2_000, required=False, allow_blank=True)
    sunset_at = serializers.DateField(required=False, allow_null=True)
