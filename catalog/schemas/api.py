"""The schema of a product's ports in the REST API."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts import kernel
from catalog.common.errors import Invalid, NotFound, Problem
from catalog.products.port_api import PortViews
from catalog.schemas import listing
from catalog.schemas.pages import (
    Question,
    SchemaPage,
    definitions_of,
    port_key,
    record_values_read,
    schema_page,
)
from catalog.schemas.serializers import DefinitionSerializer, FieldPage, FieldSerializer

_PARAMETERS = [
    OpenApiParameter(
        "port", description="name/version of the port; by default the first whose schema is known."
    ),
    OpenApiParameter("q", description="Words that path or description hold."),
    OpenApiParameter("show", enum=[key for key in listing.SHOWN if key], description="Which fields."),
    OpenApiParameter("sort", enum=["name"], description="By name instead of the source's order."),
]


class ProductSchema(PortViews):
    """The fields of one port, observed against declared."""

    serializer_class: Any = FieldSerializer

    @extend_schema(operation_id="products_schema", parameters=_PARAMETERS, responses=FieldPage)
    def get(self, request: Request, domain: str, slug: str) -> Response:
        page = schema_page(self.caller, self.find(), self._question(request))
        self._tagged = None
        asked = request.query_params.get("port")
        if asked and (page.port is None or port_key(page.port) != asked):
            raise NotFound("The product has no such port.", remedy="Its ports are listed under …/ports/.")
        rows: Any = self.paginate_queryset(page.chosen)
        lines: Any = page.lines_of(rows)
        record_values_read(self.caller, page, lines)
        context = {"may_see_values": page.may_see_values}
        response = self.get_paginated_response(FieldSerializer(lines, many=True, context=context).data)
        response.data |= _about(page)
        return response

    def allowed_parameters(self) -> set[str]:
        return {"port", "q", "show", "sort", "page", "page_size"}

    def _question(self, request: Request) -> Question:
        given = request.query_params
        choices = {"show": set(listing.SHOWN) - {""}, "sort": {"name"}}
        problems = [
            Problem(name, "choice", f"Use one of {', '.join(sorted(known))}.")
            for name, known in choices.items()
            if name in given and given[name] not in known
        ]
        if problems:
            raise Invalid("A parameter is not valid.", problems=problems)
        return Question(
            port=given.get("port", ""),
            query=given.get("q", ""),
            show=given.get("show", ""),
            sort=given.get("sort", ""),
        )


class PortDefinition(PortViews):
    """The SQL of the view behind a port, for those who edit the product or run the store."""

    serializer_class: Any = DefinitionSerializer

    @extend_schema(operation_id="ports_definition", responses=DefinitionSerializer)
    def get(self, request: Request, domain: str, slug: str, name: str, version: str) -> Response:
        port = self.find_port()
        kernel.require(self.caller, "port.view_definition", port, "You may not see the SQL behind this port.")
        self._tagged = None
        found = definitions_of(self.caller, port, 1)
        if not found:
            raise NotFound(
                "No SQL is known: the port is no view, or its store does not tell.",
                remedy="Some stores show the SQL of a view only to accounts that may see it (MySQL: SHOW VIEW).",
            )
        return Response(DefinitionSerializer(found[0]).data)


def _about(page: SchemaPage) -> dict[str, Any]:
    return {
        "port": port_key(page.port) if page.port else None,
        "version": page.version.number if page.version else None,
        "seen_at": page.version.seen_at if page.version else None,
        "conformance": page.conformance.share if page.version else None,
    }
