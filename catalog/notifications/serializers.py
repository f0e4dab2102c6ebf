"""Notifications as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from catalog.common.serializers import StrictSerializer
from catalog.notifications.models import Notification

MOST_AT_ONCE = 500


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    """What one was told, why, and whether one has read it. `link` is a path of this portal."""

    kind = serializers.CharField(source="notice.kind")
    title = serializers.CharField(source="notice.title")
    sentence = serializers.CharField(source="notice.sentence")
    link = serializers.CharField(source="notice.link")
    product = serializers.SerializerMethodField()

    class Meta:
        model = Notification
        fields = (
            "id", "kind", "title", "sentence", "link", "product", "reason", "created_at", "read_at", "mailed_at",
        )  # fmt: skip

    def get_product(self, notification: Notification) -> str | None:
        product = notification.notice.product
        return product.key if product else None


class ReadInput(StrictSerializer):
    """The numbers of one's notifications, or `all`."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), required=False, max_length=MOST_AT_ONCE
    )
    all = serializers.BooleanField(required=False, default=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data.get("all") == ("ids" in data):
            raise serializers.ValidationError("Send either ids, or all as true.")
        return data


class ReadAnswer(serializers.Serializer[Any]):
    """How many were unread before."""

    marked = serializers.IntegerField()
