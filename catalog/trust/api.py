"""Certifications in the REST API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from catalog.products.api import ProductViews
from catalog.trust import selectors, services
from catalog.trust.filters import CertificationFilter
from catalog.trust.models import Certification
from catalog.trust.serializers import CertificationInput, CertificationSerializer, WithdrawalInput


class CertificationList(StrictParameters, generics.GenericAPIView[Certification]):
    """Certifications of products the caller may see; `?ending_within=30` are those to renew."""

    serializer_class = CertificationSerializer
    filterset_class = CertificationFilter
    sort_fields = {"expires_at": "expires_at", "certified_at": "certified_at", "product": "product__name"}

    def get_queryset(self) -> QuerySet[Certification]:
        return selectors.certifications_for(caller(self.request))

    @extend_schema(operation_id="certifications_list", responses=CertificationSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class ProductCertifications(ProductViews):
    """Certifications of one product and its ports, newest first."""

    serializer_class = CertificationSerializer

    @extend_schema(operation_id="products_certifications_list", responses=CertificationSerializer(many=True))
    def get(self, request: Request, domain: str, slug: str) -> Response:
        given = selectors.certifications_for(self.caller).filter(product=self.find())
        self._tagged = None
        page = self.paginate_queryset(given.order_by("-certified_at", "-pk"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="products_certify", request=CertificationInput, responses={201: CertificationSerializer}
    )
    def post(self, request: Request, domain: str, slug: str) -> Response:
        """Certify the product or one of its ports; what is in force for the same is replaced."""
        product = self.find()
        kernel.require(self.caller, "product.certify", product, services.DENIED)
        context = {**self.get_serializer_context(), "product": product}
        data = CertificationInput(data=request.data, context=context)
        data.is_valid(raise_exception=True)
        made = services.certify(actor=self.caller, product=product, **data.validated_data)
        self._tagged = None
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    def allowed_parameters(self) -> set[str]:
        return {"page", "page_size"} if self.request.method == "GET" else set()


class CertificationWithdrawal(StrictParameters, generics.GenericAPIView[Certification]):
    """Taking a certification back."""

    serializer_class = CertificationSerializer

    @extend_schema(
        operation_id="certifications_withdraw", request=WithdrawalInput, responses=CertificationSerializer
    )
    def post(self, request: Request, pk: int) -> Response:
        """End it now, with a reason that is kept. 409 when it has ended already."""
        found = selectors.certification_or_404(caller(request), pk)
        kernel.require(caller(request), "product.certify", found.product, services.DENIED)
        data = WithdrawalInput(data=request.data)
        data.is_valid(raise_exception=True)
        fields: dict[str, Any] = data.validated_data
        ended = services.withdraw_certification(actor=caller(request), certification=found, **fields)
        return Response(self.get_serializer(ended).data)
