"""REST: webhooks, their logs, and sending again."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import Team, User
from catalog.common.api import StrictParameters
from catalog.common.errors import Invalid, Problem
from catalog.domains.models import Domain
from catalog.notifications.webhooks import selectors, services
from catalog.notifications.webhooks import serializers as shapes
from catalog.notifications.webhooks.models import Webhook, WebhookDelivery
from catalog.products.models import DataProduct


class WebhookViews(StrictParameters, generics.GenericAPIView[Webhook]):
    """What the list and the single webhook share."""

    serializer_class = shapes.WebhookSerializer

    def get_queryset(self) -> QuerySet[Webhook]:
        return selectors.webhooks_for(caller(self.request))

    def webhook(self, pk: int) -> Webhook:
        return selectors.webhook_or_404(caller(self.request), pk)

    def read(self, shape: Any) -> dict[str, Any]:
        data = shape(data=self.request.data)
        data.is_valid(raise_exception=True)
        return dict(data.validated_data)


class WebhookList(WebhookViews):
    """One's webhooks and those of one's teams."""

    sort_fields = {"name": "name", "created_at": "created_at"}

    @extend_schema(operation_id="webhooks_list", responses=shapes.WebhookSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="webhooks_create", request=shapes.WebhookInput, responses={201: shapes.MadeSerializer}
    )
    def post(self, request: Request) -> Response:
        """Make one; the answer holds its secret, which is never shown again."""
        user = caller(request)
        kernel.require(user, "webhook.create", None, "Only members of the mesh can have events sent.")
        data = self.read(shapes.WebhookInput)
        found = {
            name: _found(user, name, data.pop(name)) for name in ("product", "domain", "team") if name in data
        }
        made, secret = services.create_webhook(actor=user, **data, **found)
        answer = shapes.MadeSerializer({"webhook": made, "secret": secret}).data
        return Response(answer, status=status.HTTP_201_CREATED)


def _found(user: User, name: str, key: str) -> Any:
    """What a key of the input names, with the eyes of `user`. Raises Invalid."""
    if name == "product":
        domain, _, slug = key.partition("/")
        products = (
            DataProduct.objects.visible_to(user).select_related("domain").prefetch_related("stewardships")
        )
        rows: Any = products.filter(domain__slug=domain, slug=slug)
    elif name == "domain":
        rows = Domain.objects.visible_to(user).filter(slug=key)
    else:
        rows = Team.objects.filter(pk__in=kernel.standing(user).team_ids, slug=key)
    found = rows.first()
    if found is None:
        words = f"There is no such {name}, or it is not for you to choose."
        raise Invalid(words, "Nothing was made.", problems=[Problem(name, "choice", words)])
    return found


class WebhookDetail(WebhookViews):
    """One webhook."""

    @extend_schema(operation_id="webhooks_read", responses=shapes.WebhookSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(self.webhook(pk)).data)

    @extend_schema(operation_id="webhooks_edit", request=shapes.EditInput, responses=shapes.WebhookSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change where what is sent, or switch it on or off; what is left out stays, what waits is kept."""
        user, webhook = caller(request), self.webhook(pk)
        data = self._partial(request)
        is_active = data.pop("is_active", None)
        if data:
            kernel.require(user, "webhook.edit", webhook, "Only its creator changes it.")
            now: dict[str, Any] = {name: getattr(webhook, name) for name in ("url", *services.EDITED)}
            for name in ("product", "domain", "team"):
                if data.get(name):
                    data[name] = _found(user, name, data[name])
            services.edit_webhook(actor=user, webhook=webhook, **(now | data))
        if is_active is not None:
            services.switch(actor=user, webhook=webhook, is_active=is_active)
        return Response(self.get_serializer(self.webhook(pk)).data)

    @staticmethod
    def _partial(request: Request) -> dict[str, Any]:
        given = shapes.EditInput(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    @extend_schema(operation_id="webhooks_delete", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Delete it with its log."""
        services.delete_webhook(actor=caller(request), webhook=self.webhook(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookSecret(WebhookViews):
    """The secret of a webhook."""

    @extend_schema(operation_id="webhooks_rotate", request=None, responses=shapes.MadeSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Another secret; for a day messages carry signatures of both."""
        secret = services.rotate_secret(actor=caller(request), webhook=self.webhook(pk))
        return Response(shapes.MadeSerializer({"webhook": self.webhook(pk), "secret": secret}).data)


class WebhookTest(WebhookViews):
    """A test."""

    @extend_schema(operation_id="webhooks_test", request=None, responses={202: shapes.DeliverySerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Send a message that says it is a test; its delivery shows what became of it."""
        made = services.send_test(actor=caller(request), webhook=self.webhook(pk))
        return Response(shapes.DeliverySerializer(made).data, status=status.HTTP_202_ACCEPTED)


class WebhookReplay(WebhookViews):
    """Sending again."""

    @extend_schema(
        operation_id="webhooks_replay", request=shapes.ReplayInput, responses={202: shapes.CountAnswer}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Send deliveries again, or everything since a moment; each event under its old `webhook-id`."""
        user, webhook = caller(request), self.webhook(pk)
        kernel.require(user, "webhook.edit", webhook, "Only its creator replays.")
        data = self.read(shapes.ReplayInput)
        if "since" in data:
            count = services.replay_since(actor=user, webhook=webhook, since=data["since"])
        else:
            count = services.replay(actor=user, webhook=webhook, delivery_ids=data["deliveries"])
        return Response({"deliveries": count}, status=status.HTTP_202_ACCEPTED)


class DeliveryList(StrictParameters, generics.GenericAPIView[WebhookDelivery]):
    """The log of a webhook, the newest first."""

    serializer_class = shapes.DeliverySerializer

    @extend_schema(operation_id="webhooks_deliveries", responses=shapes.DeliverySerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        user = caller(request)
        webhook = selectors.webhook_or_404(user, pk)
        page = self.paginate_queryset(selectors.deliveries_for(user, webhook))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
