"""Contracts and products at the addresses that the data contract and data product command lines call."""

from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts.caller import caller
from catalog.common.api import BODY, DocumentParser, StrictParameters, YamlRenderer
from catalog.common.errors import NotFound
from catalog.contracts.export import export_contract, find_version
from catalog.contracts.models import DataContract
from catalog.contracts.results import ImportResult
from catalog.contracts.serializers import ImportResultSerializer
from catalog.contracts.services.putting import UNKNOWN, keys_of, put_contract, put_product
from catalog.products.models import DataProduct

LOCATION = "location-html"  # the header in which these clients look for the page about what they sent
_ID = OpenApiParameter(
    "key", str, "path", description="The document's own id; it may hold colons and slashes."
)
_REQUEST: dict[str, Any] = {
    "application/json": OpenApiRequest(OpenApiTypes.OBJECT),
    "application/yaml": OpenApiRequest(OpenApiTypes.STR),
}


class ContractById(StrictParameters, APIView):
    """A data contract under its own id, for `datacontract publish` and `dataproduct lint`."""

    parser_classes = (DocumentParser,)

    def get_renderers(self) -> list[Any]:
        """The document as JSON, or as YAML for those who ask; what became of one only as JSON."""
        reads = self.request is None or self.request.method in ("GET", "HEAD")
        return [JSONRenderer(), YamlRenderer()] if reads else [JSONRenderer()]

    @extend_schema(
        operation_id="compat_contract_read",
        parameters=[_ID],
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "application/yaml"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, key: str) -> HttpResponse:
        """The newest version of the contract, equal as data to what came in."""
        exported = export_contract(find_version(_contract(request, key)))
        renderer = request.accepted_renderer
        body = renderer.render(exported.text if renderer.format == "yaml" else exported.data)
        response = HttpResponse(body, content_type=f"{renderer.media_type}; charset=utf-8")
        response["Vary"] = "Accept"
        return response

    @extend_schema(
        operation_id="compat_contract_publish",
        parameters=[_ID],
        request=_REQUEST,
        responses=ImportResultSerializer,
    )
    def put(self, request: Request, key: str) -> Response:
        """Publish the contract: 200 with what became of it, also when it is the same again.

        400 for what is no valid contract or too small a step of the version, 409 while consumers of a breaking
        version have not acknowledged it. Nothing is written then.
        """
        result, contract = put_contract(
            actor=caller(request), address=key, raw=_body(request), path=_path(request)
        )
        return _answer(request, result, contract.product)


class ProductById(StrictParameters, APIView):
    """A data product under its own id, for `dataproduct publish`."""

    parser_classes = (DocumentParser,)

    @extend_schema(
        operation_id="compat_product_publish",
        parameters=[_ID],
        request=_REQUEST,
        responses=ImportResultSerializer,
    )
    def put(self, request: Request, key: str) -> Response:
        """Make the product, or bring it up to date: 200 with what became of it. 400 says what is not valid.

        409 where it would take a port from the contract its consumers rely on. Nothing is written then.
        """
        result, product = put_product(
            actor=caller(request), address=key, raw=_body(request), path=_path(request)
        )
        return _answer(request, result, product)


def _contract(request: Request, address: str) -> DataContract:
    visible = DataContract.objects.visible_to(caller(request))
    found = [contract for key in keys_of(address) for contract in visible.filter(key=key)]
    if not found:
        raise NotFound(UNKNOWN)
    return found[0]


def _body(request: Request) -> bytes:
    """The body as it came; an empty one is not even parsed."""
    data = request.data
    raw: bytes = data.get(BODY, b"") if not isinstance(data, QueryDict | list) else b""
    return raw


def _path(request: Request) -> str:
    return f"{request.method} {request.path}"[:500]


def _answer(request: Request, result: ImportResult, product: DataProduct | None) -> Response:
    response = Response(result.as_dict())
    if product is not None:
        page = reverse("products:detail", args=[product.domain.slug, product.slug])
        response[LOCATION] = request.build_absolute_uri(page)
    return response
