"""REST framework's exceptions and ours, as RFC 9457 problem documents."""

import math
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from catalog.common.errors import PortalError
from meshportal.errors import PROBLEM_TYPE, RETRY_SECONDS, ProblemDocument, away, document_of, is_away

INVALID = "Some of what was sent is not valid."


class ProblemResponse(Response):
    """A problem document, JSON whatever renderer the view would have used, so that an error is always readable."""

    @property
    def rendered_content(self) -> str:
        self["Content-Type"] = PROBLEM_TYPE
        return JSONRenderer().render(self.data).decode()


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's EXCEPTION_HANDLER; None (a 500 of ours) only for what nobody expected."""
    request = context.get("request")
    conditional = request is not None and "If-Match" in request.headers
    problem = document_for(error, conditional=conditional)
    if problem is None:
        return None
    set_rollback()
    return ProblemResponse(problem.as_dict(), status=problem.status, headers=_headers(error))


def document_for(error: Exception, *, conditional: bool = False) -> ProblemDocument | None:
    """The problem document of any exception a view may raise, None for an unexpected one."""
    if isinstance(error, PortalError):
        return document_of(error, conditional=conditional)
    if isinstance(error, exceptions.ValidationError):
        return ProblemDocument(400, INVALID, list(_flatten(error.get_full_details())))
    if isinstance(error, exceptions.APIException):
        return ProblemDocument(error.status_code, str(error.detail))
    if isinstance(error, Http404):
        return ProblemDocument(404, "There is nothing here, or nothing you may see.")
    if isinstance(error, PermissionDenied):
        return ProblemDocument(403, "You may not do this.")
    if isinstance(error, DjangoValidationError):
        return ProblemDocument(400, INVALID, list(_of_django(error)))
    if isinstance(error, RequestDataTooBig):
        return ProblemDocument(413, "The request is larger than the portal accepts.")
    if is_away(error):
        return away(error)
    if isinstance(error, BadRequest | SuspiciousOperation | DataError | OverflowError):
        # A number or text that no column can hold: the sender's mistake, found late.
        return ProblemDocument(400, "The request holds a value that cannot be stored or compared.")
    return None


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(auth_header)
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))  # whole seconds, and none too early
    if is_away(error):
        headers["Retry-After"] = str(RETRY_SECONDS)
    return headers


def _flatten(details: Any, path: str = "$") -> Iterator[dict[str, str]]:
    """One entry per message: `$.ports[0].name` for the nested details REST framework collects."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {
            "path": path,
            "rule": str(details["code"]),
            "message": str(details["message"]),
            "severity": "error",
        }
    elif isinstance(details, dict):
        for key, value in details.items():
            yield from _flatten(value, path if key == "non_field_errors" else f"{path}.{key}")
    elif isinstance(details, list):
        for place, value in enumerate(details):
            message = isinstance(value, dict) and set(value) == {"message", "code"}
            yield from _flatten(value, path if message else f"{path}[{place}]")


def _of_django(error: DjangoValidationError) -> Iterator[dict[str, str]]:
    if hasattr(error, "error_dict"):
        for name, errors in error.error_dict.items():
            path = "$" if name == "__all__" else f"$.{name}"
            for item in errors:
                for message in item.messages:
                    yield {
                        "path": path,
                        "rule": item.code or "invalid",
                        "message": message,
                        "severity": "error",
                    }
    else:
        for message in error.messages:
            yield {"path": "$", "rule": error.code or "invalid", "message": message, "severity": "error"}
