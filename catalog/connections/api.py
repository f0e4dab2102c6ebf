"""Connections in the REST API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from catalog.common.etag import RevisionTagMixin
from catalog.connections import checks, selectors, services
from catalog.connections.filters import ConnectionFilter
from catalog.connections.models import Connection, ConnectionCheck
from catalog.connections.serializers import (
    CheckSerializer,
    ConnectionEdit,
    ConnectionInput,
    ConnectionSerializer,
)


class ConnectionViews(StrictParameters, RevisionTagMixin, generics.GenericAPIView[Connection]):
    """What the list and the single connection share."""

    serializer_class = ConnectionSerializer
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Connection]:
        return selectors.connections_of(caller(self.request))

    def answer(self, connection: Connection, code: int = status.HTTP_200_OK) -> Response:
        fresh = self.get_queryset().get(pk=connection.pk)
        self.tag(fresh)
        return Response(self.get_serializer(fresh).data, status=code)


class ConnectionList(ConnectionViews):
    """Connections of the caller's teams."""

    filterset_class = ConnectionFilter
    sort_fields = {"name": "name", "checked_at": "checked_at", "assets": "asset_count"}

    @extend_schema(operation_id="connections_list", responses=ConnectionSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="connections_create", request=ConnectionInput, responses={201: ConnectionSerializer}
    )
    def post(self, request: Request) -> Response:
        """Enter a store. Test it afterwards with `check/`; the first crawl is due at once."""
        data = ConnectionInput(data=request.data, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        made = services.create_connection(actor=caller(request), **data.validated_data)
        return self.answer(made, status.HTTP_201_CREATED)


class ConnectionDetail(ConnectionViews):
    """One connection."""

    @extend_schema(operation_id="connections_read", responses=ConnectionSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(operation_id="connections_edit", request=ConnectionEdit, responses=ConnectionSerializer)
    def patch(self, request: Request, slug: str) -> Response:
        """Change what is given. Needs If-Match."""
        connection = self.get_object()
        expected = self.expected_revision(connection)
        data = ConnectionEdit(data=request.data, partial=True, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        fields: dict[str, Any] = dict(data.validated_data)
        saved = services.edit_connection(
            actor=caller(request), connection=connection, expected_revision=expected, **fields
        )
        return self.answer(saved)

    @extend_schema(operation_id="connections_delete", responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        services.delete_connection(actor=caller(request), connection=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ConnectionChecks(ConnectionViews):
    """Tests of one connection."""

    @extend_schema(operation_id="connections_check", request=None, responses={202: CheckSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Begin a test; the answer's `url` tells how it goes."""
        check = checks.request_check(actor=caller(request), connection=self.get_object())
        self._tagged = None
        shown = CheckSerializer(check).data
        return Response(shown, status=status.HTTP_202_ACCEPTED, headers={"Location": shown["url"]})


class CheckDetail(StrictParameters, generics.GenericAPIView[ConnectionCheck]):
    """One test the caller asked for."""

    serializer_class = CheckSerializer

    def get_queryset(self) -> QuerySet[ConnectionCheck]:
        return ConnectionCheck.objects.visible_to(self.request.user).select_related("connection")

    @extend_schema(operation_id="connections_checks_read", responses=CheckSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(self.get_object()).data)
