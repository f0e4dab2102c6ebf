"""Search over REST: the engine's answer with rows loaded and checked, parameters read strictly."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.api import check_parameters
from catalog.search.backends import get_backend
from catalog.search.documents import FACETS, IndexUnavailable
from catalog.search.page import meant_terms
from catalog.search.parameters import CHOICES, read_strictly
from catalog.search.results import Row, load_rows
from catalog.search.serializers import SearchAnswer, SuggestAnswer
from catalog.search.suggesting import completions
from catalog.trust.serializers import MarkSerializer


class SearchUnavailable(APIException):
    status_code = 503
    default_detail = "The search index is missing or damaged and is being built anew. Try again in a minute."
    wait = 30  # seconds: becomes Retry-After


def _parameter(name: str) -> OpenApiParameter:
    repeated = name in FACETS
    words = "Repeat it for any of several values." if repeated else ""
    return OpenApiParameter(name, str, many=repeated, enum=CHOICES.get(name), description=words)


class Search(APIView):
    """`GET /api/v1/search/`: what the caller may see of products, ports or columns."""

    @extend_schema(
        operation_id="search",
        parameters=[
            OpenApiParameter("q", str, description='Words, "phrases", field:value, -not.'),
            *(_parameter(name) for name in ("kind", *FACETS, "sort")),
            OpenApiParameter("page", int),
            OpenApiParameter("page_size", int),
        ],
        responses=SearchAnswer,
    )
    def get(self, request: Request) -> Response:
        user = caller(request)
        query = read_strictly(request.query_params, user)
        try:
            found = get_backend().search(query, kernel.held_tokens(user))
        except IndexUnavailable as error:
            raise SearchUnavailable from error
        return Response(
            {
                "count": found.count,
                "page": query.page,
                "results": [result(row, request) for row in load_rows(user, found)],
                "facets": {
                    name: [{"value": v.value, "label": v.label, "count": v.count} for v in values]
                    for name, values in found.facets.items()
                },
                "corrections": [{"typed": c.typed, "used": list(c.used)} for c in found.corrections],
                "terms": [
                    {"slug": t.slug, "name": t.name, "url": request.build_absolute_uri(t.get_absolute_url())}
                    for t in meant_terms(user, query)
                ],
                "unknown": list(found.unknown),
            }
        )


class Suggest(APIView):
    """`GET /api/v1/search/suggest/?q=`: completions of an unfinished query."""

    @extend_schema(
        operation_id="search_suggest", parameters=[OpenApiParameter("q", str)], responses=SuggestAnswer
    )
    def get(self, request: Request) -> Response:
        check_parameters(request, {"q"})
        try:
            found = completions(caller(request), request.query_params.get("q", ""))
        except IndexUnavailable as error:
            raise SearchUnavailable from error
        return Response(
            {
                "suggestions": [
                    {
                        "kind": item.kind,
                        "key": item.key,
                        "text": item.text,
                        "about": item.about,
                        "url": request.build_absolute_uri(item.url),
                    }
                    for item in found
                ]
            }
        )


def result(row: Row, request: Request) -> dict[str, Any]:
    """A row as the API says it; `highlights` are HTML whose only tag is `<mark>`, everything else is plain."""
    found: dict[str, Any] = {
        "kind": row.kind,
        "key": row.key,
        "title": row.name,
        "url": request.build_absolute_uri(row.url),
        "domain": row.product.domain,
        "score": row.score,
        "highlights": row.highlights,
        "matched": [{"field": match.field, "text": match.text} for match in row.matched],
        "trust": MarkSerializer(row.marks, many=True).data if row.kind != "column" else [],
    }
    if row.kind == "product":
        found["ports"] = [
            {
                "key": line.port.key,
                "title": line.port.title,
                "url": request.build_absolute_uri(line.port.url),
                "kind": line.port.kind,
                "score": line.score,
                "columns": [match.text for match in line.columns],
            }
            for line in row.ports
        ]
    return found
