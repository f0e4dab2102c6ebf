"""Notifications as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from catalog.common.serializers import StrictSerializer
from catalog.glossary.models import GlossaryTerm
from catalog.notifications.models import Notification, Subscription

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


class SubscriptionSerializer(serializers.ModelSerializer[Subscription]):
    """What one watches. `product` is `domain/slug`, `domain` and `term` slugs, `query` the parameters of a search."""

    product = serializers.SerializerMethodField()
    domain = serializers.SerializerMethodField()
    term = serializers.SlugRelatedField[GlossaryTerm](slug_field="slug", read_only=True)

    class Meta:
        model = Subscription
        fields = ("id", "target", "product", "domain", "term", "query", "created_at")

    def get_product(self, subscription: Subscription) -> str | None:
        return subscription.product.key if subscription.product else None

    def get_domain(self, subscription: Subscription) -> str | None:
        return subscription.domain.slug if subscription.domain else None


class SubscriptionInput(StrictSerializer):
    """Exactly one of product (`domain/slug`), domain and term (slugs), and query (`q=plays&domain=listening`)."""

    product = serializers.CharField(required=False, max_length=300)
    domain = serializers.CharField(required=False, max_length=200)
    term = serializers.CharField(required=False, max_length=200)
    query = serializers.CharField(required=False, max_length=4_000)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if len(data) != 1:
            raise serializers.ValidationError("Name exactly one of product, domain, term and query.")
        return data
