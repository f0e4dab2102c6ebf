"""What is in a connection, and claiming it, in the REST API."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts.caller import caller
from catalog.assets.models import Asset
from catalog.common.api import StrictParameters
from catalog.common.errors import Invalid, NotFound, Problem
from catalog.common.serializers import StrictSerializer, VisibleSlugField
from catalog.connections.selectors import connection_or_404
from catalog.domains.models import Domain
from catalog.products.addresses import Moved, find_product
from catalog.products.claim import MOST, STATES, NewProduct, assets_of, claim_assets
from catalog.products.models import DataProduct


class AssetSerializer(serializers.ModelSerializer[Asset]):
    """A table, file set or endpoint by its OpenLineage name. `port_count`: ports that offer it."""

    field_count = serializers.IntegerField(read_only=True, allow_null=True)
    port_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Asset
        fields = [
            "id", "namespace", "name", "kind", "comment", "field_count", "port_count", "first_seen_at",
            "last_seen_at", "vanished_at", "is_ignored",
        ]  # fmt: skip
        read_only_fields = fields


class ClaimInput(StrictSerializer):
    """Assets by id, and the product: one that is there by its key, or name and domain of a new draft."""

    assets = serializers.ListField(child=serializers.IntegerField(min_value=1), min_length=1, max_length=MOST)
    product = serializers.CharField(max_length=250, required=False)
    name = serializers.CharField(max_length=200, required=False)
    domain = VisibleSlugField(Domain, required=False)


class ClaimedSerializer(StrictSerializer):
    """The product and its new ports."""

    product = serializers.CharField()
    ports = serializers.ListField(child=serializers.CharField())


class ConnectionAssets(StrictParameters, generics.GenericAPIView[Asset]):
    """The assets of a connection. `state`: unclaimed (the default), claimed, ignored, vanished, all."""

    serializer_class = AssetSerializer
    query_parameters: ClassVar[frozenset[str]] = frozenset({"state", "q", "page", "page_size"})

    def get_queryset(self) -> QuerySet[Asset]:
        connection = connection_or_404(caller(self.request), self.kwargs["slug"])
        state = self.request.query_params.get("state", "unclaimed")
        if state not in STATES:
            words = f"Use one of {', '.join(STATES)}."
            raise Invalid("The parameter state is not valid.", problems=[Problem("state", "choice", words)])
        return assets_of(connection, state=state, q=self.request.query_params.get("q", "")[:200])

    @extend_schema(operation_id="connections_assets_list", responses=AssetSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="connections_assets_claim", request=ClaimInput, responses={201: ClaimedSerializer}
    )
    def post(self, request: Request, slug: str) -> Response:
        """Make one draft port per asset; all or none."""
        user = caller(request)
        connection = connection_or_404(user, slug)
        data = ClaimInput(data=request.data, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        wanted = set(data.validated_data["assets"])
        assets = list(Asset.objects.filter(connection=connection, pk__in=wanted).order_by("name"))
        if len(assets) != len(wanted):
            problem = Problem("assets", "unknown", "Some are not in this connection.")
            raise Invalid("There are no such assets.", kept="Nothing was made.", problems=[problem])
        target = self._target(data.validated_data)
        ports = claim_assets(actor=user, connection=connection, assets=assets, product=target)
        shown = {"product": ports[0].product.key, "ports": [f"{port.name}/{port.version}" for port in ports]}
        return Response(shown, status=status.HTTP_201_CREATED)

    def _target(self, data: dict[str, Any]) -> DataProduct | NewProduct:
        if key := data.get("product"):
            domain, _, slug = key.partition("/")
            try:
                return find_product(caller(self.request), domain, slug)
            except Moved as moved:
                return moved.product
            except NotFound as error:
                problem = Problem("product", "unknown", "There is no such product.")
                raise Invalid(problem.message, kept="Nothing was made.", problems=[problem]) from error
        missing = [name for name in ("name", "domain") if not data.get(name)]
        if missing:
            problems = [Problem(name, "required", "Needed for a new product.") for name in missing]
            raise Invalid(
                "Name a product, or name and domain of a new one.",
                kept="Nothing was made.",
                problems=problems,
            )
        return NewProduct(data["domain"], data["name"])
