"""Results of other tools by the API: at the portal's own address, and at the one datacontract-cli calls."""

from collections.abc import Mapping, Sequence
from typing import IO, Any

from django.db import transaction
from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.api import StrictParameters
from catalog.common.errors import Invalid, Problem
from catalog.quality.outside.documents import MAX_BYTES
from catalog.quality.outside.named_port import find_port
from catalog.quality.outside.reading import NAMES, read_files
from catalog.quality.outside.services import Taken, take_results

BODY = "document"
MOST_FILES = 5


class ResultsParser(BaseParser):
    """The body as it is, under BODY, whatever its content type says; at most MAX_BYTES and one more of it."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return {BODY: stream.read(MAX_BYTES + 1)}


class PlaceSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    rule = serializers.CharField()
    severity = serializers.ChoiceField(["error", "warning", "info"])
    message = serializers.CharField()


class TakenSerializer(serializers.Serializer[Any]):
    """What became of one file of results."""

    name = serializers.CharField(allow_blank=True)
    tool = serializers.CharField()
    version = serializers.CharField(allow_blank=True)
    run = serializers.CharField(allow_blank=True)
    results = serializers.IntegerField()
    ports = serializers.ListField(child=serializers.CharField())
    unplaced = serializers.IntegerField()
    waiting = serializers.IntegerField()
    problems = PlaceSerializer(many=True)


class TakenAnswerSerializer(serializers.Serializer[Any]):
    files = TakenSerializer(many=True)


class OutsideResults(StrictParameters, APIView):
    """Results of other tools: dbt, Great Expectations, Soda, datacontract-cli, rules of ODCS."""

    parser_classes = (MultiPartParser, ResultsParser)
    query_parameters = frozenset({"kind", "port"})

    @extend_schema(
        operation_id="quality_results_take",
        parameters=[
            OpenApiParameter("kind", str, enum=NAMES, description="Instead of finding it by the content."),
            OpenApiParameter("port", str, description="domain/product/port or domain/product/port/version."),
        ],
        request={
            "application/json": OpenApiRequest(OpenApiTypes.OBJECT),
            "multipart/form-data": OpenApiRequest(
                {"type": "object", "properties": {"files": {"type": "array", "items": {"type": "string",
                                                                                       "format": "binary"}}}}
            ),
        },
        responses=TakenAnswerSerializer,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """One file as the body, or several in the form field `files`, dbt's manifest among them.

        200 when at least one result was taken of each file; what could not be placed is told with its path. The same
        file twice changes nothing.
        """
        person, files = caller(request), _files(request)
        named = request.query_params.get("port", "")
        form = request.query_params.get("kind", "")
        return Response({"files": [taken.as_dict() for taken in _take(person, files, form, named)]})


class TestResults(StrictParameters, APIView):
    """Results of a data contract, for `datacontract test --publish`."""

    parser_classes = (ResultsParser,)

    @extend_schema(
        operation_id="compat_test_results",
        request={"application/json": OpenApiRequest(OpenApiTypes.OBJECT)},
        responses=TakenSerializer,
    )
    def post(self, request: Request) -> Response:
        """200 with what became of them; they wait where no port is offered under the contract yet.

        404 for a contract that is not here or not to be seen.
        """
        (taken,) = _take(caller(request), _files(request), "contract", "")
        return Response(taken.as_dict())


@transaction.atomic
def _take(person: User, files: Sequence[tuple[str, bytes]], form: str, named: str) -> list[Taken]:
    port = find_port(person, named) if named else None
    return [
        take_results(actor=person, reading=reading, name=name, port=port)
        for name, reading in read_files(files, form)
    ]


def _files(request: Request) -> list[tuple[str, bytes]]:
    data = request.data
    if not isinstance(data, QueryDict | list) and BODY in data:
        return [("", data[BODY])]
    found = request.FILES.getlist("files")
    if not found or len(found) > MOST_FILES:
        words = f"Send a file as the body, or 1 to {MOST_FILES} in the form field “files”."
        raise Invalid("There are no results to take.", problems=[Problem("files", "required", words)])
    return [(str(file.name)[:200], file.read(MAX_BYTES + 1)) for file in found]
