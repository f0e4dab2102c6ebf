"""Tags, classifications and purposes in the REST API."""

from typing import Any

from django.db.models import Count, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from catalog.vocabulary import services
from catalog.vocabulary.models import Classification, Purpose, Tag
from catalog.vocabulary.serializers import (
    ClassificationInput,
    ClassificationSerializer,
    PurposeInput,
    PurposeSerializer,
    TagInput,
    TagSerializer,
)


class TagViews(StrictParameters, generics.GenericAPIView[Tag]):
    serializer_class = TagSerializer
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Tag]:
        seen = kernel.audience_filter(self.request.user, prefix="products__")
        counted = Count("products", filter=seen or None, distinct=True)
        return Tag.objects.visible_to(self.request.user).annotate(visible_products=counted)


class TagList(TagViews):
    """Tags on products the caller may see."""

    sort_fields = {"name": "name", "products": "visible_products"}

    @extend_schema(operation_id="tags_list", responses=TagSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class TagDetail(TagViews):
    """One tag; renamed and deleted by those who keep the vocabulary."""

    @extend_schema(operation_id="tags_read", responses=TagSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(operation_id="tags_rename", request=TagInput, responses=TagSerializer)
    def patch(self, request: Request, slug: str) -> Response:
        data = TagInput(data=request.data, context=self.get_serializer_context())
        tag = self.get_object()
        data.is_valid(raise_exception=True)
        tag = services.rename_tag(actor=caller(request), tag=tag, name=data.validated_data["name"])
        return Response(self.get_serializer(self.get_queryset().get(pk=tag.pk)).data)

    @extend_schema(operation_id="tags_delete", responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        services.delete_tag(actor=caller(request), tag=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ClassificationViews(StrictParameters, generics.GenericAPIView[Classification]):
    serializer_class = ClassificationSerializer
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Classification]:
        return Classification.objects.visible_to(self.request.user)

    def read_input(self, request: Request, *, partial: bool) -> dict[str, Any]:
        data = ClassificationInput(data=request.data, partial=partial, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        return dict(data.validated_data)


class ClassificationList(ClassificationViews):
    """The mesh's levels of sensitivity."""

    sort_fields = {"rank": "rank", "name": "name"}

    @extend_schema(operation_id="classifications_list", responses=ClassificationSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="classifications_create",
        request=ClassificationInput,
        responses={201: ClassificationSerializer},
    )
    def post(self, request: Request) -> Response:
        word = services.create_classification(
            actor=caller(request), **self.read_input(request, partial=False)
        )
        return Response(self.get_serializer(word).data, status=status.HTTP_201_CREATED)


class ClassificationDetail(ClassificationViews):
    """One level; kept by those who keep the vocabulary."""

    @extend_schema(operation_id="classifications_read", responses=ClassificationSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        operation_id="classifications_edit", request=ClassificationInput, responses=ClassificationSerializer
    )
    def patch(self, request: Request, slug: str) -> Response:
        word = services.edit_classification(
            actor=caller(request), classification=self.get_object(), **self.read_input(request, partial=True)
        )
        return Response(self.get_serializer(word).data)

    @extend_schema(operation_id="classifications_delete", responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        services.delete_classification(actor=caller(request), classification=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class PurposeViews(StrictParameters, generics.GenericAPIView[Purpose]):
    serializer_class = PurposeSerializer
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Purpose]:
        return Purpose.objects.visible_to(self.request.user)

    def read_input(self, request: Request, *, partial: bool) -> dict[str, Any]:
        data = PurposeInput(data=request.data, partial=partial, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        return dict(data.validated_data)


class PurposeList(PurposeViews):
    """What data may be used for, as the governance group words it."""

    sort_fields = {"name": "name", "legal_basis": "legal_basis"}

    @extend_schema(operation_id="purposes_list", responses=PurposeSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="purposes_create", request=PurposeInput, responses={201: PurposeSerializer})
    def post(self, request: Request) -> Response:
        purpose = services.create_purpose(actor=caller(request), **self.read_input(request, partial=False))
        return Response(self.get_serializer(purpose).data, status=status.HTTP_201_CREATED)


class PurposeDetail(PurposeViews):
    """One purpose; kept by those who keep the vocabulary. It is never deleted: offer it no longer."""

    @extend_schema(operation_id="purposes_read", responses=PurposeSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(operation_id="purposes_edit", request=PurposeInput, responses=PurposeSerializer)
    def patch(self, request: Request, slug: str) -> Response:
        purpose = services.edit_purpose(
            actor=caller(request), purpose=self.get_object(), **self.read_input(request, partial=True)
        )
        return Response(self.get_serializer(purpose).data)
