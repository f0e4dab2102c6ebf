"""What import and check answer, for the OpenAPI document."""

from typing import Any

from rest_framework import serializers


class ProblemSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    rule = serializers.CharField()
    severity = serializers.ChoiceField(["error", "warning", "info"])
    message = serializers.CharField()


class ImportResultSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    kind = serializers.CharField()
    version = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(["imported", "warned", "unchanged", "refused", "ignored"])
    keys = serializers.ListField(child=serializers.CharField())
    problems = ProblemSerializer(many=True)


class ImportAnswerSerializer(serializers.Serializer[Any]):
    results = ImportResultSerializer(many=True)


class ChangeSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    aspect = serializers.CharField()
    severity = serializers.ChoiceField(["breaking", "compatible", "neutral"])
    sentence = serializers.CharField()
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class ConsumerSerializer(serializers.Serializer[Any]):
    product = serializers.CharField()
    steps = serializers.IntegerField()
    via = serializers.ListField(child=serializers.CharField())
    tell = serializers.ListField(child=serializers.CharField())


class PlanStepSerializer(serializers.Serializer[Any]):
    step = serializers.CharField()
    due_at = serializers.DateField(allow_null=True)


class BesideSerializer(serializers.Serializer[Any]):
    port = serializers.CharField(
        help_text="As domain/slug/name/version; it stays under the present contract."
    )
    beside = serializers.CharField(help_text="The version that is offered beside it, under the new contract.")
    sunset_at = serializers.DateField(help_text="The earliest day the old one may end.")


class DifferenceSerializer(serializers.Serializer[Any]):
    before = serializers.CharField()
    after = serializers.CharField()
    bump = serializers.ChoiceField(["", "major", "minor", "patch"])
    breaking = ChangeSerializer(many=True)
    compatible = ChangeSerializer(many=True)
    neutral = ChangeSerializer(many=True)


class CheckSerializer(serializers.Serializer[Any]):
    contract = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    base_version = serializers.CharField(allow_null=True)
    ok = serializers.BooleanField()
    problems = ProblemSerializer(many=True)
    bump = serializers.ChoiceField(["", "major", "minor", "patch"])
    breaking = ChangeSerializer(many=True)
    compatible = ChangeSerializer(many=True)
    neutral = ChangeSerializer(many=True)
    version_problem = serializers.CharField(allow_blank=True)
    suggested_version = serializers.CharField(allow_blank=True)
    ports = serializers.ListField(child=serializers.CharField())
    consumers = ConsumerSerializer(many=True)
    hidden_consumers = serializers.IntegerField(allow_null=True)
    other_consumers = serializers.ListField(child=serializers.CharField())
    providers = serializers.ListField(child=serializers.CharField())
    tell = serializers.ListField(child=serializers.CharField())
    notice_days = serializers.IntegerField()
    earliest_at = serializers.DateField(allow_null=True)
    beside = BesideSerializer(many=True)
    plan = PlanStepSerializer(many=True)
