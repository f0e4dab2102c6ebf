"""The basket in the REST API: what it holds, putting in, taking out, and asking for several ports at once."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.api import consumer_of
from catalog.access.basket import BasketItem
from catalog.access.serializers import RequestInput, RequestSerializer, port_key
from catalog.access.services.collecting import (
    MOST_ITEMS,
    Outcome,
    Part,
    ask_for_all,
    put_in_basket,
    take_out_of_basket,
)
from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from catalog.common.serializers import StrictSerializer
from catalog.products.inputs import PortKeyField
from catalog.products.models import OutputPort

SHARED = ("purpose", "purposes", "starts_on", "ends_on", "days", "for_team", "for_product")
OWN = ("port", "mode", "columns", "ends_on", "days", "contract_digest")


class BasketItemSerializer(serializers.ModelSerializer[BasketItem]):
    """A port that was collected."""

    port = serializers.SerializerMethodField()

    class Meta:
        model = BasketItem
        fields = ("port", "created_at")

    def get_port(self, item: BasketItem) -> str:
        return port_key(item.port)


class BasketInput(StrictSerializer):
    port = PortKeyField()


class PartInput(StrictSerializer):
    """What is particular to one port; it goes over what is shared."""

    def get_fields(self) -> dict[str, Any]:
        return {name: field for name, field in RequestInput().get_fields().items() if name in OWN}


class AskInput(StrictSerializer):
    """What is shared by all ports, and the ports."""

    def get_fields(self) -> dict[str, Any]:
        shared = {name: field for name, field in RequestInput().get_fields().items() if name in SHARED}
        return {
            **shared,
            "ports": serializers.ListField(child=PartInput(), min_length=1, max_length=MOST_ITEMS),
        }


class RefusedSerializer(serializers.Serializer[Any]):
    port = serializers.CharField()
    reason = serializers.CharField()


class OutcomeSerializer(serializers.Serializer[Any]):
    """The requests that were sent, and why others were not."""

    sent = RequestSerializer(many=True)
    refused = RefusedSerializer(many=True)


class Basket(StrictParameters, generics.GenericAPIView[BasketItem]):
    """One's own basket."""

    serializer_class = BasketItemSerializer
    query_parameters = frozenset({"port", "page", "page_size"})

    def get_queryset(self) -> QuerySet[BasketItem]:
        rows = BasketItem.objects.visible_to(caller(self.request))
        return rows.select_related("port__product__domain").order_by("pk")

    def port(self, given: Any) -> OutputPort:
        data = BasketInput(data=given, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        port: OutputPort = data.validated_data["port"]
        return port

    @extend_schema(operation_id="basket_list", responses=BasketItemSerializer(many=True))
    def get(self, request: Request) -> Response:
        """What was collected, as far as one may still see it."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="basket_put", request=BasketInput, responses={201: BasketItemSerializer})
    def post(self, request: Request) -> Response:
        """Collect a port; twice is once."""
        item = put_in_basket(actor=caller(request), port=self.port(request.data))
        return Response(self.get_serializer(item).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="basket_take",
        parameters=[OpenApiParameter("port", str, required=True, description="domain/slug/name/version")],
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        """Take a port out; one that is not in it changes nothing."""
        port = self.port(request.query_params.dict())
        take_out_of_basket(actor=caller(request), port_ids=[port.pk])
        return Response(status=status.HTTP_204_NO_CONTENT)


class BasketRequests(StrictParameters, generics.GenericAPIView[Any]):
    """Asking for several ports at once."""

    serializer_class = OutcomeSerializer
    pagination_class = None

    @extend_schema(operation_id="basket_ask", request=AskInput, responses=OutcomeSerializer)
    def post(self, request: Request) -> Response:
        """One request for each port, sent by itself: what is refused keeps nothing from the others and stays in the
        basket. The ports need not have been collected before."""
        data = AskInput(data=request.data, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        shared, person = dict(data.validated_data), caller(request)
        parts = [_part(dict(given)) for given in shared.pop("ports")]
        consumer = consumer_of(person, shared.pop("for_team", ""), shared.pop("for_product", None))
        outcome = ask_for_all(actor=person, consumer=consumer, shared=shared, parts=parts)  # type: ignore[arg-type]
        return Response(_told(outcome, parts, self.get_serializer_context()))


def _part(given: dict[str, Any]) -> Part:
    port, digest = given.pop("port"), given.pop("contract_digest", "")
    return Part(port, given, digest)  # type: ignore[arg-type]  # the fields of Wishes


def _told(outcome: Outcome, parts: list[Part], context: Mapping[str, Any]) -> dict[str, Any]:
    keys = {part.port.pk: port_key(part.port) for part in parts}
    refused = [
        {"port": keys[pk], "reason": error.problems[0].message if error.problems else error.message}
        for pk, error in outcome.refused.items()
    ]
    sent = RequestSerializer(outcome.sent, many=True, context=dict(context)).data
    return {"sent": sent, "refused": refused}
