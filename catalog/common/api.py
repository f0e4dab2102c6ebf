"""What every API view shares: strict query parameters, pages, sorting.

A parameter nobody reads is a question misunderstood, so it is refused (400) instead of ignored, and so is a value
that is not one of those documented.
"""

from collections.abc import Iterable, Mapping
from typing import IO, Any, ClassVar

from django.core.paginator import InvalidPage
from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework.filters import BaseFilterBackend
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from catalog.common.documents import MAX_BYTES
from catalog.common.errors import Invalid, NotFound, Problem

MAX_PAGE_SIZE = 100
BODY = "document"
DEFAULT_PAGE_SIZE = 25


def check_parameters(request: Request, allowed: Iterable[str]) -> None:
    """Raise Invalid naming every query parameter that is not among `allowed`."""
    known = sorted(set(allowed))
    unknown = sorted(set(request.query_params) - set(known))
    if not unknown:
        return
    words = f"Known here: {', '.join(known)}." if known else "This address takes none."
    raise Invalid(
        "The address holds query parameters that mean nothing here.",
        problems=[Problem(name, "unknown_parameter", f"Unknown parameter. {words}") for name in unknown],
    )


def whole_number(request: Request, name: str, default: int, *, minimum: int, maximum: int) -> int:
    """A query parameter as a whole number between `minimum` and `maximum`; raises Invalid when it is not."""
    raw = request.query_params.get(name)
    if raw is None:
        return default
    if raw.isascii() and raw.isdigit() and len(raw) <= 18 and minimum <= int(raw) <= maximum:
        return int(raw)
    message = f"Use a whole number from {minimum} to {maximum}."
    raise Invalid(f"The parameter {name} is not valid.", problems=[Problem(name, "number", message)])


class PortalPagination(PageNumberPagination):
    """`?page=` from 1 and `?page_size=` up to 100. A page beyond the last is 404, anything not a number 400."""

    page_size = DEFAULT_PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE
    furthest_page = 1_000_000

    def get_page_size(self, request: Request) -> int:
        return whole_number(
            request, "page_size", self.page_size or DEFAULT_PAGE_SIZE, minimum=1, maximum=MAX_PAGE_SIZE
        )

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        self.request = request
        number = whole_number(request, "page", 1, minimum=1, maximum=self.furthest_page)
        paginator = self.django_paginator_class(queryset, self.get_page_size(request))
        try:
            self.page = paginator.page(number)
        except InvalidPage as error:
            raise NotFound(f"There is no page {number}; the last is {paginator.num_pages}.") from error
        return list(self.page)


class SortFilter(BaseFilterBackend):
    """`?sort=name,-updated_at` over the view's `sort_fields`: parameter value -> model field (or a list of fields).

    The primary key is always the last criterion, so that no row is met on two pages or on none. The view's
    `default_sort` (a key of `sort_fields`, perhaps with a minus) counts when nothing was asked.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        fields: dict[str, str] = getattr(view, "sort_fields", {})
        if not fields or not _is_list(view):
            return queryset
        wanted = request.query_params.get("sort") or str(getattr(view, "default_sort", next(iter(fields))))
        order = []
        for item in wanted.split(","):
            minus, name = ("-", item[1:]) if item.startswith("-") else ("", item)
            if name not in fields:
                message = (
                    f"Sort by one of {', '.join(sorted(fields))}; a leading minus turns the order round."
                )
                raise Invalid(
                    "The parameter sort is not valid.", problems=[Problem("sort", "choice", message)]
                )
            order.append(minus + fields[name])
        return queryset.order_by(*order, "pk")

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        fields = sorted(getattr(view, "sort_fields", {}))
        if not fields:
            return []
        words = f"Comma-separated: {', '.join(fields)}; a leading minus turns the order round."
        return [
            {
                "name": "sort",
                "required": False,
                "in": "query",
                "description": words,
                "schema": {"type": "string"},
            }
        ]


def _is_list(view: Any) -> bool:
    """Whether the view answers with a list: an action `list`, or a plain list view."""
    action = getattr(view, "action", None)
    return action == "list" if action is not None else not getattr(view, "kwargs", {}).get(_lookup(view))


def _lookup(view: Any) -> str:
    return str(getattr(view, "lookup_url_kwarg", None) or getattr(view, "lookup_field", "pk"))


class StrictParameters:
    """Mixin before APIView: refuses query parameters that neither the view, its filters nor its pages know.

    A view that reads parameters itself names them in `query_parameters`.
    """

    query_parameters: ClassVar[frozenset[str]] = frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]  # a mixin: APIView stands behind it
        check_parameters(request, self.allowed_parameters())

    def allowed_parameters(self) -> set[str]:
        """What this request may carry; filters, pages and sorting exist for lists only."""
        allowed = set(self.query_parameters)
        if not _is_list(self):
            return allowed
        if filterset := getattr(self, "filterset_class", None):
            allowed |= set(filterset.base_filters)
        if getattr(self, "pagination_class", None):
            allowed |= {"page", "page_size"}
        if getattr(self, "sort_fields", None):
            allowed.add("sort")
        return allowed


class DocumentParser(BaseParser):
    """The body as it is, under BODY: one document, whatever its content type says; its kind is found by content.

    It is a dictionary because the check against forged requests asks form bodies for its token.
    """

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return {BODY: stream.read(MAX_BYTES + 1)}


def document_of(request: Request) -> bytes:
    """The one document a request carries as its body; empty where there is none."""
    return request.data.get(BODY, b"") if not isinstance(request.data, QueryDict | list) else b""


class YamlRenderer(BaseRenderer):
    """YAML that is text already."""

    media_type = "application/yaml"
    format = "yaml"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return str(data).encode()
