"""A version of a contract as its document: YAML, or JSON by content negotiation."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters, YamlRenderer
from catalog.common.errors import NotFound
from catalog.contracts.difference import difference
from catalog.contracts.export import export_contract, find_version
from catalog.contracts.models import DataContract
from catalog.contracts.reading import working_data
from catalog.contracts.serializers import DifferenceSerializer


class ContractDocument(StrictParameters, APIView):
    """A contract as its document: equal as data to what came in, or what was published here."""

    renderer_classes = (YamlRenderer, JSONRenderer)
    query_parameters = frozenset({"spec"})

    @extend_schema(
        operation_id="contracts_document",
        parameters=[
            OpenApiParameter(
                "key", str, "path", description="The contract's own id; it may hold colons and slashes."
            ),
            OpenApiParameter("version", str, "path", description="As the document says it, or latest."),
            OpenApiParameter("spec", str, description="Write another version of ODCS, such as 3.1.0."),
        ],
        responses={
            (200, "application/yaml"): OpenApiTypes.STR,
            (200, "application/json"): OpenApiTypes.OBJECT,
        },
    )
    def get(self, request: Request, key: str, version: str) -> HttpResponse:
        """The document of one version. 400 when another version of the standard cannot say all of it."""
        found = find_version(_contract(request, key), version)
        exported = export_contract(found, spec=request.query_params.get("spec", ""))
        renderer = request.accepted_renderer
        is_yaml = renderer.media_type == YamlRenderer.media_type
        body = renderer.render(exported.text if is_yaml else exported.data)
        response = HttpResponse(body, content_type=f"{renderer.media_type}; charset=utf-8")
        response["Vary"] = "Accept"
        if is_yaml:
            response["Content-Disposition"] = str(content_disposition_header(False, exported.name))
        return response


class ContractDifference(StrictParameters, APIView):
    """What a version of a contract changed."""

    query_parameters = frozenset({"before"})

    @extend_schema(
        operation_id="contracts_difference",
        parameters=[
            OpenApiParameter("key", str, "path", description="The contract's own id."),
            OpenApiParameter("version", str, "path", description="As the document says it, or latest."),
            OpenApiParameter(
                "before", str, description="The version it is compared with, by default the one before."
            ),
        ],
        responses={200: DifferenceSerializer},
    )
    def get(self, request: Request, key: str, version: str) -> Response:
        """Changes from one kept version to another, by severity, as the page that compares them shows them."""
        contract = _contract(request, key)
        after = find_version(contract, version)
        wanted = request.query_params.get("before", "")
        earlier = contract.versions.filter(number__lt=after.number).order_by("-number")
        before = find_version(contract, wanted) if wanted else earlier.first()
        if before is None:
            raise NotFound("There is no version before it.")
        found = difference(*(working_data(bytes(each.original)) for each in (before, after)))
        return Response({"before": before.version, "after": after.version, **found.as_dict()})


def _contract(request: Request, key: str) -> DataContract:
    contract = DataContract.objects.visible_to(caller(request)).filter(key=key).first()
    if contract is None:
        raise NotFound("There is no such contract, or you may not see it.")
    return contract
