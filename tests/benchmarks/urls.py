"""The portal's addresses, two bare pages beside them, and a bare address that stores what is posted."""

import html
import re
from functools import cache
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import include, path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.search.views import results
from lineage.models import LineageEvent
from lineage.openlineage.api import BODY, EventParser

WORDS = "Every play of a track by a listener, ten seconds or longer. "
VALUE = re.compile(r'(?<=>)[^<\n]+(?=<)|(?<=href=")[^"]*(?=")|(?<=title=")[^"]*(?=")')
LISTING = Template("{% for markup, value in parts %}{{ markup|safe }}{{ value }}{% endfor %}")
written: dict[str, list[tuple[str, str]]] = {}


@cache
def bare_text(size: int) -> Template:
    text = "<!doctype html><html lang=en><title>{{ title }}</title><p>{{ word }}</p><p>"
    return Template(text + (WORDS * (size // len(WORDS) + 1))[: size - 70])


def bare(request: HttpRequest, size: int) -> HttpResponse:
    """A page of about `size` bytes behind the same middleware, made by a template with two variables."""
    assert request.user.is_authenticated
    return HttpResponse(bare_text(size).render(Context({"title": "Bare", "word": request.user.username})))


def bare_results(request: HttpRequest) -> HttpResponse:
    """The very bytes of the results page, written by a plain template from a list of constants: no search, no query,
    no component. Every text and every address on the page is one value of that template."""
    assert request.user.is_authenticated
    asked = request.GET.urlencode()
    if asked not in written:
        written[asked] = parts(results(request).content.decode())
    return HttpResponse(LISTING.render(Context({"parts": written[asked]})))


def parts(page: str) -> list[tuple[str, str]]:
    """The page as pairs of markup and the value after it."""
    found, at = [], 0
    for value in VALUE.finditer(page):
        found.append((page[at : value.start()], html.unescape(value[0])))
        at = value.end()
    return [*found, (page[at:], "")]


class BareStore(APIView):
    """Keeps the body as it is, in one insert, behind the same sign-in as every address of the API."""

    parser_classes = (EventParser,)
    throttle_classes = ()

    def post(self, request: Request) -> Response:
        body = request.data[BODY]
        now = timezone.now()
        LineageEvent.objects.create(
            received_at=now, event_at=now, kind="run", digest=uuid4().hex, body=body, size=len(body), state="projected",
            sent_by=request.user,
        )  # fmt: skip
        return Response(status=201)


urlpatterns = [
    path("api/bare/store", BareStore.as_view()),
    path("bare/<int:size>/", bare),
    path("bare/results/", bare_results),
    path("", include("meshportal.urls")),
]
