"""One place where what went wrong becomes an HTTP status and a document: problem+json below /api/, a page elsewhere."""

import errno
import sqlite3
import sys
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.template.loader import get_template, select_template
from django.views.decorators.csrf import requires_csrf_token

from catalog.common import log_context
from catalog.common.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    PortalError,
    PreconditionRequired,
    StaleRevision,
)
from meshportal import journal

PROBLEM_TYPE = "application/problem+json"
AWAY = (OperationalError, InterfaceError)  # what a database raises that is away, restarting, locked or full
RETRY_SECONDS = 5
# SQLite says "no such table" with the same class of error; these are the codes of what is no mistake of ours.
SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
STATUS: dict[type[PortalError], int] = {
    NotAllowed: 403,
    NotFound: 404,
    PreconditionRequired: 428,
    StaleRevision: 409,
    Conflict: 409,
    Invalid: 400,
}


@dataclass
class ProblemDocument:
    """What is told about an error (RFC 9457), with what was kept and what to do beside the standard's members."""

    status: int
    detail: str = ""
    problems: list[dict[str, str]] = field(default_factory=list)
    kept: str = ""
    remedy: str = ""

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    def as_dict(self) -> dict[str, Any]:
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "problems": self.problems,
            "kept": self.kept,
            "remedy": self.remedy,
            "request_id": log_context.present().get("request_id", "-"),
        }


def document_of(error: PortalError, *, conditional: bool = False) -> ProblemDocument:
    """The document of an expected error. `conditional`: the request carried If-Match, so that a stale revision is
    412 (RFC 9110, 13.1.1) rather than 409."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    if conditional and isinstance(error, StaleRevision):
        status = 412
    return ProblemDocument(
        status=status,
        detail=error.message,
        problems=[problem.as_dict() for problem in error.problems],
        kept=error.kept,
        remedy=error.remedy,
    )


def is_away(error: BaseException | None) -> bool:
    """Whether neither the request is at fault nor the portal, but what it stands on: its database or its disk."""
    if isinstance(error, AWAY):
        cause = error.__cause__
        code = getattr(cause, "sqlite_errorcode", None) if isinstance(cause, sqlite3.Error) else None
        return code is None or code & 0xFF in SQLITE_AWAY
    return isinstance(error, OSError) and error.errno in NO_SPACE


def away(error: BaseException) -> ProblemDocument:
    """503: a while later the same request will do. It is noted for the operations page."""
    full = isinstance(error, OSError) or "is full" in str(error) or "No space left" in str(error)
    part, sentence = (
        ("disk", "The disk was full: nothing could be saved.")
        if full
        else ("database", "The database did not answer. Nothing was half saved.")
    )
    journal.note_rarely(Path(settings.DATA_DIR), part, sentence)
    return ProblemDocument(
        503,
        "The portal cannot write just now: its disk is full."
        if full
        else "The portal's database does not answer just now.",
        kept="Nothing was half saved.",
        remedy="Try again in a few seconds.",
    )


def answer(request: HttpRequest, error: PortalError) -> HttpResponse:
    """The page or problem document of an expected error raised by a plain view."""
    return respond(request, document_of(error, conditional="If-Match" in request.headers))


def respond(request: HttpRequest, problem: ProblemDocument) -> HttpResponse:
    """The problem as JSON below /api/, else as the page `<status>.html`, or `error.html` where there is none."""
    if request.path_info.startswith("/api/"):
        return JsonResponse(problem.as_dict(), status=problem.status, content_type=PROBLEM_TYPE)
    template = select_template([f"{problem.status}.html", "error.html"])
    return HttpResponse(template.render({"problem": problem}, request), status=problem.status)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception | None) -> HttpResponse:
    """400: what cannot be read at all (names of hosts, sizes, broken text)."""
    if isinstance(exception, TooManyFieldsSent):
        request.GET = (
            QueryDict()
        )  # the page around the error shows what was searched for; reading it fails again
    return respond(
        request,
        ProblemDocument(
            400, "The request cannot be read.", remedy="Check the address and what was sent, then try again."
        ),
    )


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception | None) -> HttpResponse:
    """403."""
    return respond(request, ProblemDocument(403, "You may not do this."))


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: Exception | None) -> HttpResponse:
    """404. It says nothing of the address, which might be somebody else's secret."""
    return respond(
        request,
        ProblemDocument(
            404, "There is nothing here, or nothing you may see.", remedy="Search for it by name."
        ),
    )


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault, or 503: database or disk are away. The log has the rest under the request id."""
    error = sys.exc_info()[1]  # Django calls this while it handles it
    if error is not None and is_away(error):
        return unavailable(request, error)
    problem = ProblemDocument(
        500, "The portal failed while answering. Nothing was half saved.", remedy="Try again in a moment."
    )
    return _respond_alone(request, problem)


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """The page or problem document for a request that met a database or disk that is away."""
    response = _respond_alone(request, away(error))
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _respond_alone(request: HttpRequest, problem: ProblemDocument) -> HttpResponse:
    """As `respond`, without the frame of the pages: it asks the database who looks."""
    if request.path_info.startswith("/api/"):
        return respond(request, problem)
    try:
        page = get_template("500.html").render({"problem": problem, "request": request})
        return HttpResponse(page, status=problem.status)
    except Exception:  # the page of an error must not fail itself, whatever is broken
        return HttpResponse(problem.detail, status=problem.status, content_type="text/plain")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form's token is missing or old."""
    return respond(
        request,
        ProblemDocument(
            403,
            "This form was open too long, or it did not come from the portal.",
            kept="Nothing was changed.",
            remedy="Go back, load the page anew and send it again.",
        ),
    )
