"""REST: the feed of events, and the list of their types."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters, whole_number
from catalog.common.errors import Invalid, NotFound, Problem
from catalog.events import envelope, selectors
from catalog.events.types import SHARED, TYPES
from catalog.products.models import DataProduct

DEFAULT_LIMIT, MOST = 100, 1_000
FURTHEST = 2**62


class EnvelopeShape(serializers.Serializer[Any]):
    """An event as CloudEvents 1.0."""

    specversion = serializers.CharField()
    id = serializers.UUIDField()
    source = serializers.CharField()  # type: ignore[assignment]  # the envelope's own name
    type = serializers.CharField()
    subject = serializers.CharField()
    time = serializers.DateTimeField()
    datacontenttype = serializers.CharField()
    position = serializers.CharField(help_text="Its place in the feed.")
    data = serializers.DictField()  # type: ignore[assignment]  # the envelope's own name


class FeedShape(serializers.Serializer[Any]):
    """Events in the order of their commits."""

    events = EnvelopeShape(many=True)
    cursor = serializers.IntegerField(
        help_text="Give it as `after` the next time, also when `events` is empty."
    )
    has_more = serializers.BooleanField(help_text="Whether there is more already.")
    next = serializers.CharField(help_text="The address to ask next.")


class TypeShape(serializers.Serializer[Any]):
    """A type of event and what its data holds."""

    name = serializers.CharField()
    words = serializers.CharField()
    members = serializers.DictField(child=serializers.CharField())


class Feed(StrictParameters, GenericAPIView[Any]):
    """What happened in the part of the mesh the caller may see, in order."""

    pagination_class = None
    serializer_class = FeedShape
    query_parameters = frozenset({"after", "limit", "type", "product"})

    @extend_schema(
        operation_id="events_list",
        parameters=[
            OpenApiParameter(
                "after", int, description="The cursor of the answer before; 0 begins at the beginning."
            ),
            OpenApiParameter("limit", int, description=f"At most so many events, up to {MOST}."),
            OpenApiParameter(
                "type", str, description="These types, separated by commas; `access.*` all of a kind."
            ),
            OpenApiParameter("product", str, description="Only those of a product: `domain/slug`."),
        ],
        responses=FeedShape,
    )
    def get(self, request: Request) -> Response:
        """Events after a cursor. What the caller may not see is left out, and the cursor moves on all the same."""
        after = whole_number(request, "after", 0, minimum=0, maximum=FURTHEST)
        limit = whole_number(request, "limit", DEFAULT_LIMIT, minimum=1, maximum=MOST)
        user = caller(request)
        types = types_named(request.query_params.get("type", ""))
        product_id = _product(request)
        page = selectors.page_of(user, after=after, limit=limit, types=types, product_id=product_id)
        query = request.query_params.copy()
        query["after"] = str(page.cursor)
        return Response(
            {
                "events": [envelope.of(event) for event in page.events],
                "cursor": page.cursor,
                "has_more": page.has_more,
                "next": f"{request.build_absolute_uri(request.path)}?{query.urlencode()}",
            }
        )


def types_named(text: str) -> list[str]:
    """Types of a comma-separated list; `access.*` stands for all of that kind. Raises Invalid naming what is none."""
    found: list[str] = []
    for name in filter(None, (item.strip() for item in text.split(","))):
        stem = name[:-1] if name.endswith(".*") else ""
        matching = [known for known in TYPES if known == name or (stem and known.startswith(stem))]
        if not matching:
            words = f"There are no events {name[:60]!r}. /api/v1/events/types/ lists those there are."
            raise Invalid(words, problems=[Problem("type", "choice", words)])
        found += matching
    return found


def _product(request: Request) -> int | None:
    key = request.query_params.get("product")
    if key is None:
        return None
    domain, _, slug = key.partition("/")
    visible = DataProduct.objects.visible_to(caller(request))
    found = visible.filter(domain__slug=domain, slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound("There is no such product, or you may not see it.")
    return int(found)


class Types(StrictParameters, GenericAPIView[Any]):
    """The types of events."""

    pagination_class = None
    serializer_class = TypeShape

    @extend_schema(operation_id="events_types", responses=TypeShape(many=True))
    def get(self, request: Request) -> Response:
        """Every type there is, when it is told, and what its data holds."""
        rows = [
            {
                "name": item.name,
                "words": item.words,
                "members": {name: SHARED[name] for name in item.shared} | item.fields,
            }
            for item in TYPES.values()
        ]
        return Response(rows)
