"""Objectives and measurements as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from catalog.common.serializers import StrictSerializer
from catalog.products.inputs import PortKeyField
from catalog.slos import bounds
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.selectors import meaning_of


class SloStateSerializer(serializers.Serializer[Any]):
    """How it stands; shares from 0 to 1, `budget_left` below 0 when overspent."""

    status = serializers.CharField()
    alert = serializers.CharField()
    good = serializers.IntegerField()
    bad = serializers.IntegerField()
    attainment = serializers.FloatField(allow_null=True)
    budget_left = serializers.FloatField(allow_null=True)
    burn_rate = serializers.FloatField(allow_null=True)
    exhausted_at = serializers.DateTimeField(allow_null=True)
    measured_at = serializers.DateTimeField(allow_null=True)
    valid_until = serializers.DateTimeField(allow_null=True)
    evaluated_at = serializers.DateTimeField(allow_null=True)


class SloSerializer(serializers.ModelSerializer[ServiceLevelObjective]):
    """An objective with its state as of now."""

    port = serializers.SerializerMethodField()
    promise = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()

    class Meta:
        model = ServiceLevelObjective
        fields = [
            "id", "port", "name", "description", "kind", "element", "promise", "target", "at_least", "at_most", "unit",
            "window", "window_days", "time_zone", "criticality", "expected_every", "source", "ended_at", "state",
            "revision", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_port(self, slo: ServiceLevelObjective) -> str:
        return f"{slo.port.product.key}/{slo.port.name}/{slo.port.version}"

    def get_promise(self, slo: ServiceLevelObjective) -> str:
        return bounds.promise(slo)

    def get_state(self, slo: ServiceLevelObjective) -> SloStateSerializer:
        meaning = meaning_of(slo, self.context["now"])
        shown = {**SloStateSerializer(slo.state).data, "status": meaning}
        return {**shown, "alert": shown["alert"] if meaning != "unknown" else ""}  # type: ignore[return-value]


class SloEdit(StrictSerializer):
    """What may be changed."""

    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    description = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    kind = serializers.ChoiceField(ServiceLevelObjective.Kind.choices)
    element = serializers.CharField(max_length=500, required=False, allow_blank=True)
    target = serializers.FloatField()
    at_least = serializers.FloatField(required=False, allow_null=True)
    at_most = serializers.FloatField(required=False, allow_null=True)
    unit = serializers.CharField(max_length=40, required=False, allow_blank=True)
    window = serializers.ChoiceField(ServiceLevelObjective.WindowChoice.choices, required=False)
    window_days = serializers.IntegerField(min_value=1, max_value=90, required=False)
    time_zone = serializers.CharField(max_length=64, required=False)
    criticality = serializers.ChoiceField(ServiceLevelObjective.Criticality.choices, required=False)
    expected_every = serializers.DurationField(required=False, allow_null=True)


class SloInput(SloEdit):
    """A new objective on a port, named as domain/slug/name/version."""

    port = PortKeyField()


class MeasurementInput(StrictSerializer):
    """Either `value`, judged by the objective's bounds, or `good` and `bad` events. `key` makes it idempotent."""

    measured_at = serializers.DateTimeField()
    key = serializers.CharField(max_length=100, required=False, allow_blank=True)
    value = serializers.FloatField(required=False)
    good = serializers.IntegerField(min_value=0, max_value=10**12, required=False)
    bad = serializers.IntegerField(min_value=0, max_value=10**12, required=False)

    def validate_value(self, value: float) -> float:
        if not -1e300 < value < 1e300:  # NaN and infinities compare false
            raise serializers.ValidationError("Use a finite number.", code="number")
        return value


class MeasurementsAnswer(serializers.Serializer[Any]):
    """How many were sent, and whether anything was new or different."""

    received = serializers.IntegerField()
    is_changed = serializers.BooleanField()
