"""The glossary in the REST API: terms, where they are used, and the terms of a product."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from catalog.common.errors import Invalid, NotFound, Problem
from catalog.common.etag import RevisionTagMixin
from catalog.glossary import linking, selectors, services
from catalog.glossary.filters import TermFilter
from catalog.glossary.models import GlossaryTerm, TermLink
from catalog.glossary.serializers import TermInput, TermLinkInput, TermLinkSerializer, TermSerializer
from catalog.products.api import ProductViews
from catalog.products.models import DataProduct, OutputPort


class TermViews(StrictParameters, RevisionTagMixin, generics.GenericAPIView[GlossaryTerm]):
    """What the list and the single term share."""

    serializer_class = TermSerializer
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[GlossaryTerm]:
        rows = selectors.terms_with_counts(caller(self.request))
        return rows.select_related("domain", "team", "steward", "successor").prefetch_related("related")

    def read_input(self, *, partial: bool) -> dict[str, Any]:
        data = TermInput(data=self.request.data, partial=partial, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        return dict(data.validated_data)

    def answer(self, term: GlossaryTerm, code: int = status.HTTP_200_OK) -> Response:
        fresh = self.get_queryset().get(pk=term.pk)
        self.tag(fresh)
        return Response(self.get_serializer(fresh).data, status=code)


class TermList(TermViews):
    """Terms the caller may read."""

    filterset_class = TermFilter
    sort_fields = {"name": "folded_name", "products": "product_count", "updated_at": "updated_at"}
    default_sort = "name"

    @extend_schema(operation_id="terms_list", responses=TermSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="terms_create", request=TermInput, responses={201: TermSerializer})
    def post(self, request: Request) -> Response:
        """Add a term to the mesh, or to a domain."""
        term = services.create_term(actor=caller(request), **self.read_input(partial=False))
        return self.answer(term, status.HTTP_201_CREATED)


class TermDetail(TermViews):
    """One term."""

    @extend_schema(operation_id="terms_read", responses=TermSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(operation_id="terms_edit", request=TermInput, responses=TermSerializer)
    def patch(self, request: Request, slug: str) -> Response:
        """Change what is given; its slug stays. Needs If-Match."""
        term = self.get_object()
        kernel.require(caller(request), "term.edit", term)  # rights come before preconditions
        expected = self.expected_revision(term)
        fields = self.read_input(partial=True)
        saved = services.edit_term(actor=caller(request), term=term, expected_revision=expected, **fields)
        return self.answer(saved)

    @extend_schema(operation_id="terms_delete", responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """Remove a draft. Needs If-Match."""
        term = self.get_object()
        kernel.require(caller(request), "term.edit", term)
        self.expected_revision(term)
        services.delete_term(actor=caller(request), term=term)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TermLinks(StrictParameters, generics.GenericAPIView[TermLink]):
    """Where a term is used, as far as the caller sees the products."""

    serializer_class = TermLinkSerializer

    @extend_schema(operation_id="term_links_list", responses=TermLinkSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        term = GlossaryTerm.objects.visible_to(caller(request)).filter(slug=slug).first()
        if term is None:
            raise NotFound("There is no such term, or you may not read it.")
        links = selectors.links_of(caller(request), term).select_related("term")
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(links), many=True).data)

    def allowed_parameters(self) -> set[str]:
        return {"page", "page_size"}


class ProductTerms(ProductViews):
    """The terms of a product, its ports and columns."""

    serializer_class = TermLinkSerializer

    @extend_schema(operation_id="product_terms_list", responses=TermLinkSerializer(many=True))
    def get(self, request: Request, domain: str, slug: str) -> Response:
        links = selectors.links_at(self.caller, self.find()).select_related("term", "product__domain", "port")
        self._tagged = None
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(links), many=True).data)

    @extend_schema(
        operation_id="product_terms_create", request=TermLinkInput, responses={201: TermLinkSerializer}
    )
    def post(self, request: Request, domain: str, slug: str) -> Response:
        """Link a term to the product, a port or a column; one that is linked already is answered as it is."""
        product = self.find()
        kernel.require(self.caller, "term.link", product)
        self._tagged = None
        given = self.read(TermLinkInput)
        port = _port_of(product, given["port"]) if given.get("port") else None
        made = linking.link_term(
            actor=self.caller, term=given["term"], product=product, port=port, path=given.get("column", "")
        )
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    def allowed_parameters(self) -> set[str]:
        return {"page", "page_size"} if self.request.method == "GET" else set()


class ProductTerm(ProductViews):
    """One link of a product to a term."""

    serializer_class = TermLinkSerializer

    @extend_schema(operation_id="product_terms_delete", responses={204: None})
    def delete(self, request: Request, domain: str, slug: str, pk: int) -> Response:
        """Take the link away."""
        product = self.find()
        kernel.require(self.caller, "term.link", product)
        link = selectors.links_at(self.caller, product).filter(pk=pk).first()
        if link is None:
            raise NotFound("The product has no such link.")
        linking.unlink_term(actor=self.caller, link=link)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _port_of(product: DataProduct, key: str) -> OutputPort:
    name, _, version = key.partition("/")
    port = product.output_ports.filter(name=name, version=version).first()
    if port is None:
        problem = Problem("port", "choice", "The product has no such port; write name/version.")
        raise Invalid(problem.message, kept="Nothing was linked.", problems=[problem])
    return port
