"""Connections and their tests as the API shows and takes them. Secrets go in and never come out."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.accounts.models import Team
from catalog.common.serializers import StrictSerializer, VisibleSlugField
from catalog.connections import selectors
from catalog.connections.models import Connection, ConnectionCheck, Schedule


class ConnectionSerializer(serializers.ModelSerializer[Connection]):
    """A connection without its secrets; `has_secret` tells whether some are stored."""

    team = serializers.SlugRelatedField[Team](slug_field="slug", read_only=True)
    state = serializers.SerializerMethodField()
    has_secret = serializers.SerializerMethodField()
    asset_count = serializers.IntegerField(read_only=True)
    unclaimed_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Connection
        fields = [
            "slug", "name", "kind", "description", "team", "environment", "config", "has_secret", "schedule",
            "is_paused", "state", "checked_at", "check_error", "next_crawl_at", "failures_in_row",
            "circuit_open_until", "tls_version", "tls_certificate_ends_at", "tls_observed_at", "asset_count",
            "unclaimed_count", "revision", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_state(self, connection: Connection) -> str:
        return selectors.state_of(connection).word.lower().replace(" ", "_")

    def get_has_secret(self, connection: Connection) -> bool:
        return bool(connection.secret)


class ConnectionEdit(StrictSerializer):
    """What may be changed; `config` is whole, secrets left out are kept while the address stays."""

    name = serializers.CharField(max_length=120)
    team = VisibleSlugField(Team)
    config = serializers.DictField()
    description = serializers.CharField(max_length=2_000, allow_blank=True, required=False)
    environment = serializers.CharField(max_length=40, required=False)
    schedule = serializers.ChoiceField(choices=Schedule.choices, required=False)


class ConnectionInput(ConnectionEdit):
    """A new connection."""

    kind = serializers.CharField(max_length=40)


class CheckSerializer(serializers.ModelSerializer[ConnectionCheck]):
    """A test: `status` queued, running or done; the steps come when it is done."""

    connection = serializers.SlugRelatedField[Connection](slug_field="slug", read_only=True)
    url = serializers.SerializerMethodField()

    class Meta:
        model = ConnectionCheck
        fields = ["url", "connection", "kind", "status", "is_ok", "steps", "created_at", "finished_at"]
        read_only_fields = fields

    @extend_schema_field(str)
    def get_url(self, check: ConnectionCheck) -> Any:
        return f"/api/v1/connections/checks/{check.pk}/"
