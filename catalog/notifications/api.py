"""REST: one's notifications, and what one watches."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from catalog.notifications import selectors, services
from catalog.notifications.filters import NotificationFilter
from catalog.notifications.models import Notification, Subscription
from catalog.notifications.serializers import (
    NotificationSerializer,
    ReadAnswer,
    ReadInput,
    SubscriptionInput,
    SubscriptionSerializer,
)
from catalog.notifications.watching import Watchable


class NotificationList(StrictParameters, GenericAPIView[Notification]):
    """What one was told, newest first; what one may no longer see is left out."""

    serializer_class = NotificationSerializer
    filterset_class = NotificationFilter
    sort_fields = {"created_at": "created_at"}
    default_sort = "-created_at"

    def get_queryset(self) -> QuerySet[Notification]:
        return selectors.notifications_for(caller(self.request))

    @extend_schema(operation_id="notifications_list", responses=NotificationSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class NotificationsRead(StrictParameters, GenericAPIView[Any]):
    """Marking notifications read."""

    pagination_class = None
    serializer_class = ReadInput

    @extend_schema(operation_id="notifications_read", request=ReadInput, responses={200: ReadAnswer})
    def post(self, request: Request) -> Response:
        """Mark the notifications of `ids` read, or `all`. Others' numbers are not found and change nothing."""
        data = ReadInput(data=request.data)
        data.is_valid(raise_exception=True)
        ids = None if data.validated_data["all"] else data.validated_data["ids"]
        return Response({"marked": services.mark_read(actor=caller(request), ids=ids)})


class SubscriptionList(StrictParameters, GenericAPIView[Subscription]):
    """What one watches."""

    serializer_class = SubscriptionSerializer
    sort_fields = {"created_at": "created_at", "target": "target"}

    def get_queryset(self) -> QuerySet[Subscription]:
        return selectors.subscriptions_of(caller(self.request))

    @extend_schema(operation_id="subscriptions_list", responses=SubscriptionSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="subscriptions_create",
        request=SubscriptionInput,
        responses={201: SubscriptionSerializer},
    )
    def post(self, request: Request) -> Response:
        """Watch a product, a domain, a term or a search; what is watched already is answered as it is."""
        data = SubscriptionInput(data=request.data)
        data.is_valid(raise_exception=True)
        ((name, key),) = data.validated_data.items()
        target = Subscription.Target.SEARCH if name == "query" else name
        made = Watchable(target, key).watch(caller(request))
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)


class SubscriptionDetail(StrictParameters, GenericAPIView[Subscription]):
    """One thing one watches."""

    serializer_class = SubscriptionSerializer

    def get_queryset(self) -> QuerySet[Subscription]:
        return selectors.subscriptions_of(caller(self.request))

    @extend_schema(operation_id="subscriptions_read", responses=SubscriptionSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(operation_id="subscriptions_delete", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Stop watching."""
        services.unwatch(actor=caller(request), subscription_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
