"""Small middleware: request ids, refusal of broken text, the person's time zone, expected errors as pages."""

import re
import uuid
import zoneinfo
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from catalog.common import log_context
from catalog.common.errors import PortalError
from meshportal import errors

Answer = Callable[[HttpRequest], HttpResponse]
PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Names every request: in the log, on the error page, in the X-Request-ID header of the answer."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        name = given if PLAIN_ID.fullmatch(given) else uuid.uuid4().hex
        request.portal_id = name  # type: ignore[attr-defined]  # for lines Django writes when all this is over
        with log_context.carrying(request_id=name):
            response = self.get_response(request)
        response["X-Request-ID"] = name
        return response


class RefuseBrokenTextMiddleware:
    """Answers 400 to addresses that no database could store: NUL characters and bytes that are not UTF-8."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if is_broken(request.path_info) or (("%" in query or "\x00" in query) and is_broken_query(query)):
            return errors.bad_request(request, None)
        return self.get_response(request)


def is_broken(text: str) -> bool:
    """Whether a decoded path holds a NUL, or percent signs left over from bytes that were not UTF-8."""
    return "\x00" in text or "\ufffd" in text or bool(re.search(r"%[89A-Fa-f][0-9A-Fa-f]", text))


def is_broken_query(query: str) -> bool:
    """Whether a raw query string decodes to something with a NUL or to bytes that are not UTF-8."""
    raw = unquote_to_bytes(query)
    if b"\x00" in raw:
        return True
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


class TimeZoneMiddleware:
    """Shows times in the signed-in person's zone; UTC for everybody else and for a zone that is not known here."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = getattr(request.user, "time_zone", "") or "UTC"
        try:
            zone = zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            return self.get_response(request)
        with timezone.override(zone):
            return self.get_response(request)


class PortalErrorMiddleware:
    """Turns the errors services raise into pages with the right status; the REST API has its own handler."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return errors.answer(request, error) if isinstance(error, PortalError) else None
