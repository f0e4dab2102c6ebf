"""Incidents as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from catalog.common.serializers import StrictSerializer
from catalog.incidents.deeds import DEEDS
from catalog.incidents.models import Incident, IncidentEvent
from catalog.incidents.timeline import LONGEST
from catalog.products.inputs import PortKeyField, ProductKeyField


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """An incident. `port` is domain/slug/name/version, empty where the whole product is in trouble."""

    product = serializers.SerializerMethodField()
    port = serializers.SerializerMethodField()
    assignee = serializers.SerializerMethodField()

    class Meta:
        model = Incident
        fields = [
            "id", "product", "port", "slo", "quality_check", "cause", "title", "summary", "status", "severity",
            "consumers", "occurrences", "opened_at", "last_seen_at", "acknowledged_at", "assignee", "resolved_at",
            "is_resolved_by_portal", "cause_ended_at", "note", "revision",
        ]  # fmt: skip
        read_only_fields = fields

    def get_product(self, incident: Incident) -> str:
        return incident.product.key

    def get_port(self, incident: Incident) -> str:
        port = incident.port
        return f"{incident.product.key}/{port.name}/{port.version}" if port else ""

    def get_assignee(self, incident: Incident) -> str | None:
        return incident.assignee.username if incident.assignee else None


class IncidentEventSerializer(serializers.ModelSerializer[IncidentEvent]):
    """An entry of the timeline; `actor` is the name as it was then, "portal" for the portal itself."""

    actor = serializers.CharField(source="actor_name")

    class Meta:
        model = IncidentEvent
        fields = ["at", "kind", "actor", "text"]
        read_only_fields = fields


class IncidentWithTimeline(IncidentSerializer):
    """One incident with its timeline, oldest first (of a longer one the newest 500)."""

    events = serializers.SerializerMethodField()

    class Meta(IncidentSerializer.Meta):
        fields = [*IncidentSerializer.Meta.fields, "events"]
        read_only_fields = fields

    def get_events(self, incident: Incident) -> list[dict[str, Any]]:
        newest = incident.events.order_by("-at", "-pk")[:500]
        return list(IncidentEventSerializer(list(newest)[::-1], many=True).data)


class IncidentInput(StrictSerializer):
    """A report: of a port (domain/slug/name/version), or of a whole product (domain/slug)."""

    product = ProductKeyField(required=False)
    port = PortKeyField(required=False)
    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    severity = serializers.ChoiceField(Incident.Severity.choices, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("product" in attrs) == ("port" in attrs):
            raise serializers.ValidationError("Name either a product or a port.", code="subject")
        return attrs


class DeedInput(StrictSerializer):
    """What is done. `assignee` is a username, empty for nobody."""

    kind = serializers.ChoiceField([item.value for item in DEEDS])
    text = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    assignee = serializers.CharField(max_length=150, required=False, allow_blank=True)
    severity = serializers.ChoiceField(Incident.Severity.choices, required=False)
