"""Runs in the REST API."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.crawling.models import CrawlItem, CrawlRun


class RunSerializer(serializers.ModelSerializer[CrawlRun]):
    """A run. `connection` is null where the reader may not know of it; `port` is `name/version` of a product."""

    url = serializers.SerializerMethodField()
    connection = serializers.SerializerMethodField()
    product = serializers.SerializerMethodField()
    port = serializers.SerializerMethodField()
    requested_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)

    class Meta:
        model = CrawlRun
        fields: tuple[str, ...] = (
            "id",
            "url",
            "status",
            "trigger",
            "connection",
            "product",
            "port",
            "requested_by",
            "queued_at",
            "due_at",
            "started_at",
            "finished_at",
            "attempt",
            "done",
            "total",
            "counts",
            "error_code",
            "error",
            "remedy",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_url(self, run: CrawlRun) -> str:
        return reverse("api:crawl-detail", args=[run.pk])

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_connection(self, run: CrawlRun) -> str | None:
        return run.connection.slug if run.connection_id in self.context.get("connections", ()) else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_product(self, run: CrawlRun) -> str | None:
        return run.port.product.key if run.port else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_port(self, run: CrawlRun) -> str | None:
        return f"{run.port.name}/{run.port.version}" if run.port else None


class ItemSerializer(serializers.ModelSerializer[CrawlItem]):
    """What a run found at one asset; unchanged assets are only counted."""

    namespace = serializers.CharField(source="asset.namespace", read_only=True)
    name = serializers.CharField(source="asset.name", read_only=True)

    class Meta:
        model = CrawlItem
        fields = ("namespace", "name", "outcome", "message", "remedy")
        read_only_fields = fields


class RunDetailSerializer(RunSerializer):
    """A run with what it found, at most 500 assets."""

    items = serializers.SerializerMethodField()

    class Meta(RunSerializer.Meta):
        fields = (*RunSerializer.Meta.fields, "items")
        read_only_fields = fields

    @extend_schema_field(ItemSerializer(many=True))
    def get_items(self, run: CrawlRun) -> Any:
        rows = run.items.select_related("asset").order_by("outcome", "asset__name", "pk")[:500]
        return ItemSerializer(rows, many=True).data
