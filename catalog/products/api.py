"""Data products in the REST API: list, make, read, change, publish, delete."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponsePermanentRedirect
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.api import StrictParameters
from catalog.common.errors import Conflict
from catalog.common.etag import RevisionTagMixin
from catalog.products import services
from catalog.products.addresses import Moved, find_product
from catalog.products.discretion import readable_by
from catalog.products.filters import ProductFilter
from catalog.products.inputs import BLANK, LifecycleInput, ProductFieldsInput
from catalog.products.models import DataProduct
from catalog.products.selectors import activity_of, with_counts
from catalog.products.serializers import EventSerializer
from catalog.trust.serializers import ProductDetailWithTrust as ProductDetail
from catalog.trust.serializers import ProductWithTrust as ProductSummary


class ProductViews(StrictParameters, RevisionTagMixin, generics.GenericAPIView[Any]):
    """What every address below /products/ shares: finding the product, old addresses, reading bodies."""

    serializer_class: type[BaseSerializer[Any]] = ProductDetail

    def get_queryset(self) -> QuerySet[DataProduct]:
        return with_counts(DataProduct.objects.visible_to(self.caller))

    @property
    def caller(self) -> User:
        return caller(self.request)

    def find(self) -> DataProduct:
        """The product of the address; raises NotFound, or Moved when it lives elsewhere now."""
        product = find_product(self.caller, self.kwargs["domain"], self.kwargs["slug"])
        self.tag(product)
        return product

    def find_editable(self) -> DataProduct:
        """The product, if the caller may change it: rights come before preconditions (RFC 9110, 13.2.1)."""
        product = self.find()
        kernel.require(self.caller, "product.edit", product)
        return product

    def handle_exception(self, exc: Exception) -> Any:
        """A product that was renamed or moved is found again: 308, so that a write is repeated as it was."""
        if not isinstance(exc, Moved):
            return super().handle_exception(exc)
        before = f"/products/{self.kwargs['domain']}/{self.kwargs['slug']}/"
        path = self.request.get_full_path()
        response = HttpResponsePermanentRedirect(path.replace(before, f"/products/{exc.product.key}/", 1))
        response.status_code = status.HTTP_308_PERMANENT_REDIRECT
        return response

    def read(self, serializer: Any, *, partial: bool = False) -> dict[str, Any]:
        data = serializer(data=self.request.data, partial=partial, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        return dict(data.validated_data)

    def answer(self, product: DataProduct, code: int = status.HTTP_200_OK) -> Response:
        fresh = with_counts(DataProduct.objects.filter(pk=product.pk)).get()
        self.tag(fresh)
        return Response(ProductDetail(fresh, context=self.get_serializer_context()).data, status=code)


class ProductList(ProductViews):
    """Products the caller may see."""

    serializer_class = ProductSummary
    filterset_class = ProductFilter
    sort_fields = {
        "name": "name",
        "updated_at": "updated_at",
        "created_at": "created_at",
        "lifecycle": "lifecycle",
    }
    default_sort = "name"

    @extend_schema(operation_id="products_list", responses=ProductSummary(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="products_create", request=ProductFieldsInput, responses={201: ProductDetail})
    @transaction.atomic
    def post(self, request: Request) -> Response:
        """A new draft in a domain."""
        fields = self.read(ProductFieldsInput)
        people = fields.pop("people", {})
        product = services.create_product(actor=self.caller, **fields)
        _set_people(self.caller, product, people)
        return self.answer(product, status.HTTP_201_CREATED)


class ProductItem(ProductViews):
    """One product."""

    @extend_schema(operation_id="products_read", responses=ProductDetail)
    def get(self, request: Request, domain: str, slug: str) -> Response:
        return self.answer(self.find())

    @extend_schema(operation_id="products_replace", request=ProductFieldsInput, responses=ProductDetail)
    def put(self, request: Request, domain: str, slug: str) -> Response:
        """Replace what is said of the product; fields not given become empty. Needs If-Match."""
        return self._write({**BLANK, **self.read(ProductFieldsInput)})

    @extend_schema(operation_id="products_edit", request=ProductFieldsInput, responses=ProductDetail)
    def patch(self, request: Request, domain: str, slug: str) -> Response:
        """Change what is given; `slug` and `domain` move it, old addresses lead on. Needs If-Match."""
        return self._write(self.read(ProductFieldsInput, partial=True))

    @transaction.atomic
    def _write(self, fields: dict[str, Any]) -> Response:
        product = self.find_editable()
        expected = self.expected_revision(product)
        _lock(product, expected)
        people, domain, slug = fields.pop("people", {}), fields.pop("domain", None), fields.pop("slug", None)
        if fields:
            product = services.edit_product(
                actor=self.caller, product=product, expected_revision=expected, **fields
            )
        if slug is not None and slug != product.slug:
            product = services.rename_product(actor=self.caller, product=product, slug=slug)
        if domain is not None and domain.pk != product.domain_id:
            product = services.move_product(actor=self.caller, product=product, domain=domain)
        _set_people(self.caller, product, people)
        return self.answer(product)

    @extend_schema(operation_id="products_delete", responses={204: None})
    def delete(self, request: Request, domain: str, slug: str) -> Response:
        """Delete a draft; what was published is retired instead (409). Needs If-Match."""
        product = self.find_editable()
        _lock(product, self.expected_revision(product))
        services.delete_draft(actor=self.caller, product=product)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ProductLifecycle(ProductViews):
    """Steps of a product's life."""

    @extend_schema(operation_id="products_lifecycle", request=LifecycleInput, responses=ProductDetail)
    def post(self, request: Request, domain: str, slug: str) -> Response:
        """Take a step (`active` publishes); what is missing for it is listed. If-Match is honoured when sent."""
        product = self.find()
        expected = self.expected_revision(product) if "If-Match" in request.headers else None
        fields = self.read(LifecycleInput)
        product = services.change_lifecycle(
            actor=self.caller, product=product, expected_revision=expected, **fields
        )
        return self.answer(product)


class ProductHistory(ProductViews):
    """What happened to the product and its ports, newest first."""

    serializer_class = EventSerializer

    @extend_schema(operation_id="products_history", responses=EventSerializer(many=True))
    def get(self, request: Request, domain: str, slug: str) -> Response:
        product = self.find()
        events = activity_of(product).order_by("-at", "-pk")
        self._tagged = None
        page = readable_by(self.caller, self.paginate_queryset(events) or [])
        told = EventSerializer(page, many=True, context={"product": product})
        return self.get_paginated_response(told.data)

    def allowed_parameters(self) -> set[str]:
        return {"page", "page_size"}


def _lock(product: DataProduct, expected: int | None) -> None:
    """Refuse early when somebody saved between reading the row and now, whatever the services change afterwards."""
    current = DataProduct.objects.values_list("revision", flat=True).get(pk=product.pk)
    if expected is not None and current != expected:
        raise Conflict(
            "The product was changed meanwhile.", kept="Nothing was changed.", remedy="Read it again."
        )


def _set_people(actor: User, product: DataProduct, people: dict[str, list[User]]) -> None:
    for role, users in people.items():
        services.set_stewards(actor=actor, product=product, role=role, users=users)
