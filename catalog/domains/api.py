"""Domains in the REST API."""

from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from catalog.common.etag import RevisionTagMixin
from catalog.domains import services
from catalog.domains.filters import DomainFilter
from catalog.domains.models import Domain
from catalog.domains.serializers import DomainInput, DomainSerializer


class DomainViews(StrictParameters, RevisionTagMixin, generics.GenericAPIView[Domain]):
    """What the list and the single domain share."""

    serializer_class = DomainSerializer
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Domain]:
        seen = kernel.audience_filter(self.request.user, prefix="products__")
        counted = Count("products", filter=seen or None, distinct=True)
        rows: QuerySet[Domain] = Domain.objects.visible_to(self.request.user)
        return rows.select_related("team").annotate(visible_products=counted)

    def get_serializer_context(self) -> dict[str, Any]:
        slugs = dict(Domain.objects.visible_to(self.request.user).values_list("path", "slug"))
        return {**super().get_serializer_context(), "slugs": slugs}

    def answer(self, domain: Domain, code: int = status.HTTP_200_OK) -> Response:
        fresh = self.get_queryset().get(pk=domain.pk)
        self.tag(fresh)
        return Response(self.get_serializer(fresh).data, status=code)

    def read_input(self, request: Request, *, partial: bool) -> dict[str, Any]:
        data = DomainInput(data=request.data, partial=partial, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        return dict(data.validated_data)


class DomainList(DomainViews):
    """Domains the caller may see, in the order of the tree."""

    filterset_class = DomainFilter
    sort_fields = {"tree": "path", "name": "name", "updated_at": "updated_at"}
    default_sort = "tree"

    @extend_schema(operation_id="domains_list", responses=DomainSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="domains_create", request=DomainInput, responses={201: DomainSerializer})
    def post(self, request: Request) -> Response:
        domain = services.create_domain(actor=caller(request), **self.read_input(request, partial=False))
        return self.answer(domain, status.HTTP_201_CREATED)


class DomainDetail(DomainViews):
    """One domain."""

    @extend_schema(operation_id="domains_read", responses=DomainSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(operation_id="domains_edit", request=DomainInput, responses=DomainSerializer)
    @transaction.atomic
    def patch(self, request: Request, slug: str) -> Response:
        """Change what is given; `parent` moves the domain. Needs If-Match."""
        domain = self.get_object()
        kernel.require(caller(request), "domain.edit", domain)  # rights come before preconditions
        expected = self.expected_revision(domain)
        fields = self.read_input(request, partial=True)
        if "parent" in fields:
            domain = services.move_domain(actor=caller(request), domain=domain, parent=fields.pop("parent"))
        domain = services.edit_domain(
            actor=caller(request), domain=domain, expected_revision=expected, **fields
        )
        return self.answer(domain)

    @extend_schema(operation_id="domains_delete", responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """Remove an empty domain. Needs If-Match."""
        domain = self.get_object()
        kernel.require(caller(request), "domain.edit", domain)
        self.expected_revision(domain)
        services.delete_domain(actor=caller(request), domain=domain)
        return Response(status=status.HTTP_204_NO_CONTENT)
