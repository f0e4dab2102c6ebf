"""Imports of dbt in the REST API: send artifacts (202 with the import's address), follow what comes of them."""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters, check_parameters
from catalog.common.errors import Invalid, Problem
from catalog.quality.outside.documents import MAX_BYTES
from lineage.dbt.files import NamedPieces
from lineage.dbt.models import DbtImport
from lineage.dbt.services import request_import

BODY = "document"
OPTIONS = ("team", "connection", "namespace", "job_namespace")
_PIECE = 1 << 16
_IN_MEMORY = 2 * 2**20


class FileParser(BaseParser):
    """The body as it comes, plain or gzip, into a file of its own: nothing waits for a slow sender but this."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        kept = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # closed by `_closing`
        size = 0
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > MAX_BYTES:
                kept.close()
                words = f"The body is larger than {MAX_BYTES // 2**20} MB."
                raise Invalid(
                    "The file cannot be taken.",
                    "Nothing was changed.",
                    problems=[Problem("$", "size", words)],
                )
            kept.write(piece)
        kept.seek(0)
        return {BODY: kept}


class ImportSerializer(serializers.ModelSerializer[DbtImport]):
    """An import with its progress and what came of it."""

    url = serializers.SerializerMethodField()
    project = serializers.CharField(source="project.name", default="", read_only=True)
    team = serializers.CharField(source="team.slug", read_only=True)

    class Meta:
        model = DbtImport
        fields = (
            "id", "url", "status", "project", "team", "queued_at", "started_at", "finished_at", "step", "done", "total",
            "files", "counts", "problems", "error", "remedy",
        )  # fmt: skip
        read_only_fields = fields

    def get_url(self, job: DbtImport) -> str:
        return reverse("api:dbt-import-detail", args=[job.pk], request=self.context.get("request"))


class DbtImportList(StrictParameters, generics.GenericAPIView[DbtImport]):
    """Imports of dbt's artifacts."""

    serializer_class = ImportSerializer
    queryset = DbtImport.objects.none()
    parser_classes = (MultiPartParser, FileParser)
    query_parameters = frozenset(OPTIONS)

    @extend_schema(operation_id="dbt_imports_list", responses=ImportSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Imports the caller may see, newest first."""
        check_parameters(request, ("page", "page_size"))
        rows = DbtImport.objects.visible_to(caller(request)).select_related("project", "team")
        page = self.paginate_queryset(rows.order_by("-queued_at", "-pk"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="dbt_imports_create",
        parameters=[
            OpenApiParameter("team", str, description="Slug of the team that runs the project."),
            OpenApiParameter("connection", str, description="Slug of the store dbt writes to."),
            OpenApiParameter("namespace", str, description="Of its tables, as OpenLineage names them."),
            OpenApiParameter("job_namespace", str, description="Of its jobs, as dbt-ol was told it."),
        ],
        request={
            "application/json": OpenApiRequest(OpenApiTypes.OBJECT),
            "multipart/form-data": OpenApiRequest(
                {"type": "object", "properties": {"files": {"type": "array", "items": {"type": "string",
                                                                                       "format": "binary"}}}}
            ),
        },
        responses={202: ImportSerializer},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """manifest.json as the body (plain, gzip, or one object with `manifest`, `catalog`, …), or several files in the
        form field `files`. 202: a worker reads them; follow `url`."""
        with _closing(request.data):
            job = request_import(actor=caller(request), files=_files(request), **_options(request))
        answer = self.get_serializer(job).data
        return Response(answer, status=status.HTTP_202_ACCEPTED, headers={"Location": answer["url"]})


class DbtImportDetail(StrictParameters, generics.RetrieveAPIView[DbtImport]):
    """One import with its progress."""

    serializer_class = ImportSerializer
    queryset = DbtImport.objects.none()

    def get_queryset(self) -> Any:
        return DbtImport.objects.visible_to(caller(self.request)).select_related("project", "team")

    @extend_schema(operation_id="dbt_imports_read", responses=ImportSerializer)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


def _options(request: Request) -> dict[str, str]:
    """From the address, or from the form."""
    form = request.data if isinstance(request.data, QueryDict) else {}
    return {name: str(request.query_params.get(name) or form.get(name) or "") for name in OPTIONS}


def _files(request: Request) -> list[NamedPieces]:
    data = request.data
    if isinstance(data, dict) and not isinstance(data, QueryDict) and BODY in data:
        return [("", _pieces(data[BODY]))]
    return [(str(file.name), file.chunks()) for name in request.FILES for file in request.FILES.getlist(name)]


def _pieces(kept: IO[bytes]) -> Iterator[bytes]:
    while piece := kept.read(_PIECE):
        yield piece


def _closing(data: Any) -> contextlib.AbstractContextManager[Any]:
    """The file the body was kept in is gone when the request is done, whatever came of it."""
    kept = data.get(BODY) if isinstance(data, dict) else None
    return contextlib.closing(kept) if hasattr(kept, "close") else contextlib.nullcontext()
