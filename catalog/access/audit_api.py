"""Who had access on a day, and where agreements and stores differ, in the REST API."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.differing import KINDS, Difference, differences
from catalog.access.held import Held, day_of, held_on, record_held
from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from catalog.common.errors import Problem
from catalog.common.validation import invalid
from catalog.vocabulary.models import Purpose


class HeldPurposeSerializer(serializers.Serializer[Purpose]):
    """One purpose of governance it was asked for."""

    slug = serializers.CharField()
    name = serializers.CharField()
    legal_basis = serializers.CharField()


class HeldSerializer(serializers.Serializer[Held]):
    """What a consumer had on the day, and why."""

    agreement = serializers.IntegerField(source="agreement.pk")
    product = serializers.CharField(source="agreement.port.product.key")
    port = serializers.CharField(source="agreement.port.name")
    version = serializers.CharField(source="agreement.port.version")
    environment = serializers.CharField(source="agreement.environment")
    consumer_kind = serializers.CharField(source="agreement.consumer_kind")
    consumer = serializers.CharField(source="agreement.consumer")
    is_agreed = serializers.BooleanField(help_text="In force at a moment of the day.")
    provisioning = serializers.CharField(help_text="What the portal knew of the store then.")
    mode = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    principal = serializers.CharField(help_text="The consumer's name in the store.")
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True, help_text="As it stood then.")
    request = serializers.IntegerField(source="request.pk", allow_null=True, default=None)
    purpose = serializers.CharField()
    purposes = HeldPurposeSerializer(many=True, help_text="Purposes of governance, with their legal basis.")
    rule = serializers.CharField(help_text="Under which rule it was decided.")
    decided_by = serializers.ListField(child=serializers.CharField(), source="deciders")
    decided_at = serializers.DateTimeField(source="request.decided_at", allow_null=True, default=None)
    contract = serializers.CharField(source="request.contract_words", default="")


class HeldList(StrictParameters, generics.GenericAPIView[Any]):
    """Who had access to what on a day, and why."""

    serializer_class = HeldSerializer
    query_parameters = frozenset({"on", "product", "consumer", "page", "page_size"})

    @extend_schema(
        operation_id="access_audit",
        parameters=[
            OpenApiParameter("on", str, description="The day (UTC), such as 2026-03-31; today without it."),
            OpenApiParameter("product", str, description="Only of a product: `domain/slug`."),
            OpenApiParameter("consumer", str, description="Part of the name of the person, team or product."),
        ],
        responses=HeldSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Of the agreements the caller may see: governance and platform admins all, owners those on their products,
        consumers their own."""
        asked = request.query_params
        day = day_of(asked.get("on", ""))
        person = caller(request)
        product, consumer = asked.get("product", "")[:300], asked.get("consumer", "")[:200]
        rows = held_on(person, day, product=product, consumer=consumer)
        record_held(person, day, rows)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class DifferenceSerializer(serializers.Serializer[Difference]):
    """One thing in a store that is not as agreed."""

    kind = serializers.ChoiceField(choices=list(KINDS))
    product = serializers.CharField(source="port.product.key")
    port = serializers.CharField(source="port.name")
    version = serializers.CharField(source="port.version")
    who = serializers.CharField(help_text="The consumer, or a role of the store.")
    since = serializers.DateTimeField()
    words = serializers.CharField(help_text="What was seen.")
    agreement = serializers.IntegerField(source="agreement.pk", allow_null=True, default=None)


class DriftList(StrictParameters, generics.GenericAPIView[Any]):
    """Where agreements and stores differ."""

    serializer_class = DifferenceSerializer
    query_parameters = frozenset({"product", "kind", "page", "page_size"})

    @extend_schema(
        operation_id="access_drift",
        parameters=[
            OpenApiParameter("product", str, description="Only of a product: `domain/slug`."),
            OpenApiParameter("kind", str, enum=list(KINDS), description="Only of one kind."),
        ],
        responses=DifferenceSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Approved and not granted for two hours, ended and still there, granted outside the portal: on the caller's
        own access and the products they answer for."""
        asked = request.query_params
        kind = asked.get("kind", "")
        if kind and kind not in KINDS:
            raise invalid([Problem("kind", "choice", f"Use one of {', '.join(KINDS)}.")])
        rows = differences(caller(request), timezone.now(), product=asked.get("product", "")[:300], kind=kind)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
