"""REST: who saw what was changed."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from catalog.notifications.filters import ChangeFilter
from catalog.notifications.models import Notice
from catalog.notifications.told import (
    Counts,
    Seen,
    change_or_404,
    changes_for,
    counts_of,
    people_of,
    record_seen,
    seen_of,
)


class ChangeSerializer(serializers.ModelSerializer[Notice]):
    """A change others were told of, with how many."""

    product = serializers.CharField(source="product.key")
    changed_by = serializers.CharField(source="actor", allow_null=True, default=None)
    told = serializers.SerializerMethodField()
    opened = serializers.SerializerMethodField()

    class Meta:
        model = Notice
        fields = (
            "id", "kind", "title", "sentence", "product", "changed_by", "created_at", "told", "opened"
        )  # fmt: skip

    def get_told(self, notice: Notice) -> int:
        return self._counts(notice).told

    def get_opened(self, notice: Notice) -> int:
        return self._counts(notice).opened

    def _counts(self, notice: Notice) -> Counts:
        counts: dict[int, Counts] = self.context["counts"]
        return counts.get(notice.pk, Counts())


class SeenSerializer(serializers.Serializer[Seen]):
    """One person who was told of the change."""

    person = serializers.CharField()
    reason = serializers.CharField(help_text="Why they were told.")
    told_at = serializers.DateTimeField()
    mailed_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)


class ChangeList(StrictParameters, GenericAPIView[Notice]):
    """Changes of products one may edit, and how many people were told of each."""

    serializer_class = ChangeSerializer
    filterset_class = ChangeFilter

    def get_queryset(self) -> QuerySet[Notice]:
        return changes_for(caller(self.request))

    @extend_schema(operation_id="notifications_told", responses=ChangeSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        record_seen(caller(request))
        context: dict[str, Any] = {**self.get_serializer_context(), "counts": counts_of(page)}
        return self.get_paginated_response(ChangeSerializer(page, many=True, context=context).data)


class ChangeSeen(StrictParameters, GenericAPIView[Any]):
    """Who saw one change."""

    serializer_class = SeenSerializer
    query_parameters = frozenset({"page", "page_size"})

    @extend_schema(operation_id="notifications_told_one", responses=SeenSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Everybody who was told of it: when they opened the notification, when they acknowledged the change."""
        person = caller(request)
        notice = change_or_404(person, pk)
        record_seen(person)
        page = self.paginate_queryset(people_of(notice)) or []
        return self.get_paginated_response(self.get_serializer(seen_of(notice, page), many=True).data)
