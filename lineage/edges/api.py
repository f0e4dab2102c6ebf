"""Edges in the REST API: the list, those drawn by hand, what came and went."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters, check_parameters
from catalog.common.errors import Invalid, Problem
from catalog.products.models import DataProduct
from lineage.edges import by_hand
from lineage.edges.comparison import PARAMETERS, changes_as_json, read_comparison
from lineage.edges.filters import EdgeFilter
from lineage.edges.selectors import Told, edges_for, every_edge_for, tell
from lineage.models import LineageEdge
from lineage.nodes import find_focus, port_key, product_key


class EdgeSerializer(serializers.Serializer[Any]):
    """One edge from a port to a product."""

    id = serializers.IntegerField(source="edge.pk", read_only=True)
    upstream = serializers.SerializerMethodField(help_text="port:domain/slug/name/version")
    downstream = serializers.SerializerMethodField(help_text="product:domain/slug")
    source = serializers.CharField(source="edge.source")  # type: ignore[assignment]  # a field of that name
    is_derived = serializers.BooleanField(source="edge.is_derived")
    confidence = serializers.IntegerField(source="edge.confidence", help_text="Percent.")
    job = serializers.SerializerMethodField()
    author = serializers.SerializerMethodField()
    note = serializers.CharField(source="edge.note")
    first_seen = serializers.DateTimeField(source="edge.first_seen")
    last_seen = serializers.DateTimeField(source="edge.last_seen")
    valid_to = serializers.DateTimeField(source="edge.valid_to", allow_null=True)
    is_fading = serializers.BooleanField(source="age.is_fading")

    def get_upstream(self, line: Told) -> str:
        return port_key(line.port, line.port.product)

    def get_downstream(self, line: Told) -> str:
        return product_key(line.product)

    def get_job(self, line: Told) -> str | None:
        return str(line.edge.job) if line.edge.job else None

    def get_author(self, line: Told) -> str | None:
        return line.edge.author.username if line.edge.author else None


class EdgeEdit(serializers.Serializer[Any]):
    """What may be said of an edge drawn by hand."""

    note = serializers.CharField(required=False, allow_blank=True, max_length=by_hand.NOTE_LETTERS)
    valid_to = serializers.DateTimeField(required=False, allow_null=True)


class EdgeInput(EdgeEdit):
    """An edge to draw by hand."""

    upstream = serializers.CharField(max_length=500, help_text="port:domain/slug/name/version")
    downstream = serializers.CharField(max_length=500, help_text="product:domain/slug")


class EdgeViews(StrictParameters, generics.GenericAPIView[Any]):
    """What the list and the single edge share."""

    serializer_class = EdgeSerializer

    def answer(self, edge: LineageEdge, code: int = status.HTTP_200_OK) -> Response:
        told = tell([edge], timezone.now())
        return Response(EdgeSerializer(told[0]).data, status=code)

    def found(self, pk: int) -> LineageEdge:
        edge: LineageEdge | None = every_edge_for(caller(self.request)).filter(pk=pk).first()
        if edge is None or not tell([edge], timezone.now()):
            raise Http404
        return edge


class EdgeList(EdgeViews):
    """Edges in force whose two ends the caller may see."""

    filterset_class = EdgeFilter
    queryset = LineageEdge.objects.none()

    @extend_schema(operation_id="lineage_edges_list", responses=EdgeSerializer(many=True))
    def get(self, request: Request) -> Response:
        rows = edges_for(caller(request)).select_related("job", "author").order_by("pk")
        page = self.paginate_queryset(self.filter_queryset(rows))
        told = tell(page or [], timezone.now())
        return self.get_paginated_response(EdgeSerializer(told, many=True).data)

    @extend_schema(operation_id="lineage_edges_draw", request=EdgeInput, responses={201: EdgeSerializer})
    def post(self, request: Request) -> Response:
        """Draw an edge by hand."""
        data = EdgeInput(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        user = caller(request)
        up, down = find_focus(user, given["upstream"]), find_focus(user, given["downstream"])
        if up.port is None or down.port is not None:
            words = "An edge leads from a port to a product."
            raise Invalid(words, problems=[Problem("upstream", "node-name", words)])
        product = DataProduct.objects.select_related("domain").get(pk=down.product.pk)
        edge = by_hand.draw_edge(
            actor=user, port=up.port, product=product,
            note=given.get("note", ""), valid_to=given.get("valid_to"),
        )  # fmt: skip
        return self.answer(edge, status.HTTP_201_CREATED)


class EdgeDetail(EdgeViews):
    """One edge; drawn by hand it can be changed and ended."""

    @extend_schema(operation_id="lineage_edges_read", responses=EdgeSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(self.found(pk))

    @extend_schema(operation_id="lineage_edges_edit", request=EdgeEdit, responses=EdgeSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change the note or the end."""
        edge = self.found(pk)
        data = EdgeEdit(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        return self.answer(by_hand.edit_edge(actor=caller(request), edge=edge, **data.validated_data))

    @extend_schema(operation_id="lineage_edges_end", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """End it now; the past keeps it."""
        by_hand.end_edge(actor=caller(request), edge=self.found(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class LineageChanges(APIView):
    """Edges that came and went between two days."""

    @extend_schema(
        operation_id="lineage_changes",
        parameters=[
            OpenApiParameter(
                "from", OpenApiTypes.DATE, description="The first day; 30 days before the second."
            ),
            OpenApiParameter("to", OpenApiTypes.DATE, description="The second day; today."),
            OpenApiParameter("node", str, description="Only those touching this product or port."),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        check_parameters(request, PARAMETERS)
        return Response(changes_as_json(read_comparison(caller(request), request.query_params)))
