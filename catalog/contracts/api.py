"""Importing by the API: the same results as the command and the page."""

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts.caller import caller
from catalog.common.api import BODY, DocumentParser, StrictParameters, document_of
from catalog.common.documents import MAX_BYTES
from catalog.common.errors import Invalid, NotAllowed, Problem
from catalog.contracts.checking import check_contract
from catalog.contracts.forms import MOST_FILES
from catalog.contracts.importer import Source, import_all
from catalog.contracts.permissions import may_import
from catalog.contracts.results import REFUSED
from catalog.contracts.serializers import CheckSerializer, ImportAnswerSerializer


class ImportDocuments(StrictParameters, APIView):
    """Bring data contracts (ODCS 3.x) and data products (Bitol ODPS) in, or rehearse it."""

    parser_classes = (MultiPartParser, DocumentParser)
    query_parameters = frozenset({"dry_run"})

    @extend_schema(
        operation_id="contracts_import",
        parameters=[OpenApiParameter("dry_run", bool, description="Say what would happen and change nothing.")],
        request={
            "application/yaml": OpenApiRequest(OpenApiTypes.STR),
            "application/json": OpenApiRequest(OpenApiTypes.OBJECT),
            "multipart/form-data": OpenApiRequest(
                {"type": "object", "properties": {"files": {"type": "array", "items": {"type": "string",
                                                                                       "format": "binary"}}}}
            ),
        },
        responses={200: ImportAnswerSerializer, 400: ImportAnswerSerializer},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """One document as the body, or several as files of a form.

        200 with a result for each; 400 with the same results when every one was refused.
        """
        person = caller(request)
        if not may_import(person):
            raise NotAllowed(
                "You may not import documents.", remedy="Ask those who own the product or its domain."
            )
        results = list(import_all(_sources(request), actor=person, dry_run=_flag(request)))
        is_refused = all(result.status == REFUSED for result in results)
        answer = {"results": [result.as_dict() for result in results]}
        return Response(answer, status=400 if is_refused else 200)


class CheckContract(StrictParameters, APIView):
    """What breaks if a contract is changed: the proposed document against the version in force."""

    parser_classes = (DocumentParser,)
    query_parameters = frozenset()

    @extend_schema(
        operation_id="contracts_check",
        request={
            "application/yaml": OpenApiRequest(OpenApiTypes.STR),
            "application/json": OpenApiRequest(OpenApiTypes.OBJECT),
        },
        responses={200: CheckSerializer, 400: CheckSerializer},
    )
    def post(self, request: Request) -> Response:
        """Changes by severity, consumers the caller may see, whom to tell, the earliest date, a migration plan.

        200 for every contract that can be judged (`ok` says whether it may be published at once), 400 with `problems`
        for what is no valid contract. Nothing is written.
        """
        check = check_contract(caller(request), document_of(request))
        return Response(check.as_dict(), status=400 if check.is_refused else 200)


def _sources(request: Request) -> list[Source]:
    if (
        not isinstance(request.data, QueryDict | list) and BODY in request.data
    ):  # an empty body is not even parsed
        return [Source("body", request.data[BODY])]
    files = request.FILES.getlist("files")
    if not files or len(files) > MOST_FILES:
        problem = Problem("files", "required", f"Send 1 to {MOST_FILES} files in the field “files”.")
        raise Invalid("There is nothing to import.", problems=[problem])
    return [Source(str(file.name)[:500], file.read(MAX_BYTES + 1)) for file in files]


def _flag(request: Request) -> bool:
    raw = request.query_params.get("dry_run", "false").lower()
    if raw not in ("true", "false", "1", "0"):
        raise Invalid(
            "The parameter dry_run is not valid.",
            problems=[Problem("dry_run", "choice", "Use true or false.")],
        )
    return raw in ("true", "1")
