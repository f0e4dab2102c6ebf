"""Agreements, requests and rules as the API shows and takes them."""

import datetime as dt
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from catalog.access.models import LONGEST_DAYS, AccessComment, AccessRequest, Agreement
from catalog.common.serializers import StrictSerializer, VisibleSlugField
from catalog.products.inputs import PortKeyField, ProductKeyField
from catalog.products.models import OutputPort
from catalog.vocabulary.models import Purpose


def port_key(port: OutputPort) -> str:
    return f"{port.product.key}/{port.name}/{port.version}"


def consumer_of(agreement: Agreement) -> dict[str, str]:
    """Kind and address of the consumer: a username, a team's slug, a product's key."""
    if agreement.user is not None:
        return {"kind": "person", "key": agreement.user.username}
    if agreement.team is not None:
        return {"kind": "team", "key": agreement.team.slug}
    return {"kind": "product", "key": agreement.product.key if agreement.product else ""}


class ConsumerSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    key = serializers.CharField()


class AgreementSerializer(serializers.ModelSerializer[Agreement]):
    """An agreement as of now. Only `is_usable` says that one can read: in force, and granted or nothing to grant."""

    port = serializers.SerializerMethodField()
    consumer = serializers.SerializerMethodField()
    validity = serializers.SerializerMethodField()
    is_usable = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()

    class Meta:
        model = Agreement
        fields = (
            "id", "port", "environment", "consumer", "mode", "columns", "principal", "starts_at",
            "agreed_until", "ends_at",
            "cut_short", "cut_short_reason", "validity", "provisioning", "provisioning_at", "provisioning_note",
            "verified_at", "last_used_at", "last_used_source", "is_usable", "state", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields

    @property
    def now(self) -> dt.datetime:
        moment: dt.datetime = self.context.get("now") or timezone.now()
        return moment

    def get_port(self, agreement: Agreement) -> str:
        return port_key(agreement.port)

    def get_consumer(self, agreement: Agreement) -> ConsumerSerializer:
        return consumer_of(agreement)  # type: ignore[return-value]  # the schema's shape

    def get_validity(self, agreement: Agreement) -> str:
        return agreement.validity(self.now).value

    def get_is_usable(self, agreement: Agreement) -> bool:
        return agreement.verdict(self.now).is_usable

    def get_state(self, agreement: Agreement) -> str:
        return agreement.verdict(self.now).word


class DecisionSerializer(serializers.Serializer[Any]):
    decided_by = serializers.CharField(source="decided_by.username", default="")
    decided_for = serializers.CharField(source="decided_for.username", default="")
    is_approval = serializers.BooleanField()
    note = serializers.CharField()
    decided_at = serializers.DateTimeField()


class StageSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    step = serializers.IntegerField()
    name = serializers.CharField()
    approvers = serializers.CharField()
    quorum = serializers.IntegerField()
    due_at = serializers.DateTimeField(allow_null=True)
    escalated_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    falls_to = serializers.CharField()
    decisions = DecisionSerializer(many=True)


class RequestSerializer(serializers.ModelSerializer[AccessRequest]):
    """What was asked, word for word, and how it was decided."""

    port = serializers.SerializerMethodField()
    consumer = serializers.SerializerMethodField()
    requested_by = serializers.CharField(source="requested_by.username", default="")
    purposes = serializers.SlugRelatedField[Purpose](slug_field="slug", many=True, read_only=True)
    stages = StageSerializer(many=True, read_only=True)

    class Meta:
        model = AccessRequest
        fields = (
            "id", "agreement", "port", "consumer", "kind", "requested_by", "purpose", "purposes", "mode", "columns",
            "starts_on", "ends_on", "days", "contract_words", "contract_digest", "decision", "route", "step", "stages",
            "submitted_at", "decided_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_port(self, request: AccessRequest) -> str:
        return port_key(request.agreement.port)

    def get_consumer(self, request: AccessRequest) -> ConsumerSerializer:
        return consumer_of(request.agreement)  # type: ignore[return-value]  # the schema's shape


class RequestInput(StrictSerializer):
    """A request. `for_team` or `for_product` name another consumer than oneself; `contract_digest` accepts the terms
    of the contract in force; `is_draft` keeps it unsent."""

    port = PortKeyField()
    kind = serializers.ChoiceField(["new", "renew", "change"], required=False)
    for_team = serializers.SlugField(max_length=120, required=False, allow_unicode=True)
    for_product = ProductKeyField(required=False)
    purpose = serializers.CharField(max_length=5_000)
    purposes = VisibleSlugField(Purpose, many=True, required=False)
    mode = serializers.CharField(max_length=100, required=False, allow_blank=True)
    columns = serializers.ListField(
        child=serializers.CharField(max_length=300), max_length=2_000, required=False
    )
    starts_on = serializers.DateField(required=False, allow_null=True)
    ends_on = serializers.DateField(required=False, allow_null=True)
    days = serializers.IntegerField(min_value=1, max_value=LONGEST_DAYS, required=False, allow_null=True)
    contract_digest = serializers.CharField(max_length=64, required=False, allow_blank=True)
    is_draft = serializers.BooleanField(required=False)


class DecisionInput(StrictSerializer):
    """`stage` may be left out where only one of the request's stages is open to the caller."""

    stage = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    is_approval = serializers.BooleanField()
    note = serializers.CharField(max_length=5_000, required=False, allow_blank=True)


class ReleaseInput(StrictSerializer):
    reason = serializers.CharField(max_length=2_000, required=False, allow_blank=True)
    ends_on = serializers.DateField(required=False, allow_null=True)


class RevokeInput(StrictSerializer):
    reason = serializers.CharField(max_length=2_000)
    at_once = serializers.BooleanField(required=False)


class ProvisioningInput(StrictSerializer):
    event = serializers.ChoiceField(["start", "succeed", "fail", "removed"])
    note = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class ReportInput(StrictSerializer):
    """`order` is the id of the order that is reported on."""

    order = serializers.CharField(max_length=64)
    event = serializers.ChoiceField(["start", "succeed", "fail", "removed"])
    note = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class UseInput(StrictSerializer):
    used_at = serializers.DateTimeField()


class PrincipalInput(StrictSerializer):
    principal = serializers.CharField(max_length=200, allow_blank=True)


class CommentSerializer(serializers.ModelSerializer[AccessComment]):
    author = serializers.CharField(source="author.username", default="")

    class Meta:
        model = AccessComment
        fields = ("id", "author", "text", "created_at")


class CommentInput(StrictSerializer):
    text = serializers.CharField(max_length=5_000)


class RuleStageSerializer(serializers.Serializer[Any]):
    step = serializers.IntegerField()
    name = serializers.CharField()
    approvers = serializers.CharField()
    team = serializers.CharField(source="team.slug", default="")
    person = serializers.CharField(source="person.username", default="")
    quorum = serializers.IntegerField()
    escalate_days = serializers.IntegerField()
    remind_days = serializers.IntegerField()


class RuleSerializer(serializers.Serializer[Any]):
    """A rule of approval; exactly one of port, domain, classification and purpose is filled, none for the mesh."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    port = serializers.SerializerMethodField()
    domain = serializers.CharField(source="domain.slug", default="")
    classification = serializers.CharField(source="classification.slug", default="")
    purpose = serializers.CharField(source="purpose.slug", default="")
    stages = RuleStageSerializer(source="stages.all", many=True)

    def get_port(self, rule: Any) -> str:
        return port_key(rule.port) if rule.port else ""


class ProspectQuery(StrictSerializer):
    port = PortKeyField()


class PanelSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    step = serializers.IntegerField()
    quorum = serializers.IntegerField()
    deciders = serializers.ListField(child=serializers.CharField())
    falls_to = serializers.CharField()


class ProspectSerializer(serializers.Serializer[Any]):
    """What would come of asking: who decides by which rules, the terms, how long it usually takes."""

    is_automatic = serializers.BooleanField()
    route = serializers.CharField()
    stages = PanelSerializer(many=True)
    usual_time = serializers.CharField()
    longest_days = serializers.IntegerField(allow_null=True)
    notice_days = serializers.IntegerField()
    provisioner = serializers.CharField()
    modes = serializers.ListField(child=serializers.CharField())
    plain = serializers.CharField(help_text="Why there are no modes, where all would be granted the same.")
    columns = serializers.ListField(child=serializers.CharField())
    contract = serializers.CharField()
    contract_digest = serializers.CharField()
