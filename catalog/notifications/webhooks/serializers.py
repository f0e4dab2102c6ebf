"""Webhooks and deliveries as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from catalog.common.serializers import StrictSerializer
from catalog.notifications.webhooks.models import Webhook, WebhookDelivery


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """A webhook without its secret. `types` empty: all."""

    created_by = serializers.CharField(source="created_by.username")
    team = serializers.CharField(source="team.slug", allow_null=True, default=None)
    product = serializers.CharField(source="product.key", allow_null=True, default=None)
    domain = serializers.CharField(source="domain.slug", allow_null=True, default=None)
    waiting = serializers.IntegerField(default=0)
    dead = serializers.IntegerField(default=0)

    class Meta:
        model = Webhook
        fields = (
            "id", "name", "url", "types", "product", "domain", "team", "created_by", "is_active",
            "switched_off_reason", "failing_since", "succeeded_at", "waiting", "dead", "created_at",
        )  # fmt: skip


class MadeSerializer(serializers.Serializer[Any]):
    """A webhook just made, with its secret: it is shown this once."""

    webhook = WebhookSerializer()
    secret = serializers.CharField()


class WebhookInput(StrictSerializer):
    """`types` by name (`access.granted`), `product` as `domain/slug`, `domain` and `team` by slug."""

    name = serializers.CharField(max_length=100)
    url = serializers.CharField(max_length=1000)
    types = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=100)
    product = serializers.CharField(required=False, max_length=300)
    domain = serializers.CharField(required=False, max_length=200)
    team = serializers.CharField(required=False, max_length=200)


class EditInput(WebhookInput):
    """What is left out stays; `product`, `domain` or `team` null: none. `is_active` switches it on or off."""

    product = serializers.CharField(required=False, max_length=300, allow_null=True)
    domain = serializers.CharField(required=False, max_length=200, allow_null=True)
    team = serializers.CharField(required=False, max_length=200, allow_null=True)
    is_active = serializers.BooleanField(required=False)


class ReplayInput(StrictSerializer):
    """Numbers of deliveries, or everything since a moment."""

    deliveries = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), required=False, max_length=1_000
    )
    since = serializers.DateTimeField(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if len(data) != 1:
            raise serializers.ValidationError("Send either deliveries or since.")
        return data


class CountAnswer(serializers.Serializer[Any]):
    """How many are sent again."""

    deliveries = serializers.IntegerField()


class DeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """A delivery and what became of each attempt: `at`, `status` (null: no answer), `ms`, `words`."""

    event = serializers.UUIDField(source="event.event_id", allow_null=True, default=None)
    type = serializers.CharField(source="event.type", default="webhook.test")
    subject = serializers.CharField(source="event.subject", default="")

    class Meta:
        model = WebhookDelivery
        fields = (
            "id",
            "event",
            "type",
            "subject",
            "state",
            "attempts",
            "due_at",
            "done_at",
            "log",
            "created_at",
        )
