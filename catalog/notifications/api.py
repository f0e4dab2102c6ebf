"""REST: one's notifications."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from catalog.notifications import selectors, services
from catalog.notifications.filters import NotificationFilter
from catalog.notifications.models import Notification
from catalog.notifications.serializers import NotificationSerializer, ReadAnswer, ReadInput


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
