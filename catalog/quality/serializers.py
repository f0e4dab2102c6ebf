"""Checks and results as the API shows and takes them."""

import datetime as dt
from typing import Any

from rest_framework import serializers

from catalog.common.serializers import StrictSerializer
from catalog.products.inputs import PortKeyField
from catalog.quality.models import CheckResult, QualityCheck
from catalog.quality.outcomes import Outcome
from catalog.quality.selectors import next_due, status_of
from catalog.quality.words import question


class CheckStateSerializer(serializers.Serializer[Any]):
    """How a check stands, and its newest result."""

    status = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    is_flapping = serializers.BooleanField()
    outcome = serializers.CharField()
    measured_at = serializers.DateTimeField(allow_null=True)
    valid_until = serializers.DateTimeField(allow_null=True)
    failed_rows = serializers.IntegerField(allow_null=True)
    total_rows = serializers.IntegerField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    message = serializers.CharField()


class CheckSerializer(serializers.ModelSerializer[QualityCheck]):
    """A check with its state as of now."""

    port = serializers.SerializerMethodField()
    question = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    next_due_at = serializers.SerializerMethodField(
        help_text="With a schedule: the first crawl from then on asks it."
    )

    class Meta:
        model = QualityCheck
        fields = [
            "id", "port", "name", "description", "element", "kind", "parameters", "question", "dimension", "severity",
            "every", "schedule", "next_due_at", "source", "source_key", "contract_path", "ended_at", "state",
            "revision", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_port(self, check: QualityCheck) -> str:
        return f"{check.port.product.key}/{check.port.name}/{check.port.version}"

    def get_question(self, check: QualityCheck) -> str:
        return question(check.kind, check.element, check.parameters)

    def get_next_due_at(self, check: QualityCheck) -> dt.datetime | None:
        return next_due(check, check.state.measured_at)

    def get_state(self, check: QualityCheck) -> CheckStateSerializer:
        shown = CheckStateSerializer(check.state).data
        return {**shown, "status": status_of(check, self.context["now"])}  # type: ignore[return-value]


class CheckEdit(StrictSerializer):
    """What may be changed."""

    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    description = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    element = serializers.CharField(max_length=500, required=False, allow_blank=True)
    parameters = serializers.DictField(required=False)
    dimension = serializers.ChoiceField(QualityCheck.Dimension.choices, required=False)
    severity = serializers.ChoiceField(QualityCheck.Severity.choices, required=False)
    every = serializers.DurationField(required=False, allow_null=True)
    schedule = serializers.CharField(max_length=100, required=False, allow_blank=True)


class CheckInput(CheckEdit):
    """A new check on a port, named as domain/slug/name/version."""

    kind = serializers.ChoiceField(QualityCheck.Kind.choices)
    port = PortKeyField()


class CheckResultSerializer(serializers.ModelSerializer[CheckResult]):
    """One result. Failing values are shown on the check's page only."""

    class Meta:
        model = CheckResult
        fields = [
            "measured_at", "outcome", "failed_rows", "total_rows", "value", "message", "source", "run_key",
        ]  # fmt: skip
        read_only_fields = fields


class CheckResultInput(StrictSerializer):
    """A result of another tool. The same check at the same moment is one result; of two the worse is kept."""

    measured_at = serializers.DateTimeField()
    outcome = serializers.ChoiceField(Outcome.choices)
    tool = serializers.CharField(max_length=40)
    failed_rows = serializers.IntegerField(min_value=0, max_value=10**18, required=False, allow_null=True)
    total_rows = serializers.IntegerField(min_value=0, max_value=10**18, required=False, allow_null=True)
    value = serializers.FloatField(required=False, allow_null=True)
    message = serializers.CharField(max_length=1_000, required=False, allow_blank=True)
    run_key = serializers.CharField(max_length=200, required=False, allow_blank=True)


class CheckResultsAnswer(serializers.Serializer[Any]):
    """How many were sent, and whether anything was new or different."""

    received = serializers.IntegerField()
    is_changed = serializers.BooleanField()
