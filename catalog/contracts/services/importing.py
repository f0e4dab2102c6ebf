"""One document in: read and judged without the database, then applied in one transaction."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.accounts.models import User
from catalog.common.announcing import together
from catalog.common.documents import Document, read_document
from catalog.common.errors import Conflict, PortalError, Problem
from catalog.contracts import detect, lenient, semantics, validation
from catalog.contracts.reading import converted
from catalog.contracts.results import (
    IGNORED,
    IMPORTED,
    REFUSED,
    UNCHANGED,
    WARNED,
    ImportOptions,
    ImportResult,
    Session,
)
from catalog.contracts.services.contracts import apply_contract
from catalog.contracts.services.descriptors import apply_product


@dataclass(frozen=True, slots=True)
class Reading:
    """A document read and judged, before anything is written."""

    raw: bytes
    document: Document
    identity: detect.Identity
    problems: tuple[Problem, ...]

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.document.data
        return data

    @property
    def is_refused(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


def judge(raw: bytes) -> Reading:
    """Read and validate a document; touches no database. Problems carry the line they stand in."""
    document = read_document(raw)
    identity = detect.identify(document.data)
    problems = list(document.problems)
    if identity.is_converted and document.is_readable:
        problems += lenient.check(document.data, identity)
        if not any(problem.severity == "error" for problem in problems):
            problems += semantics.check_identifier(converted(document.data, identity))
    elif identity.is_readable_here:
        problems += validation.validate(document.data, identity)
        if not any(problem.severity == "error" for problem in problems):
            check = semantics.check_contract if identity.kind == detect.ODCS else semantics.check_product
            problems += check(document.data)
    return Reading(raw, document, identity, tuple(_with_line(document, problem) for problem in problems))


def import_document(
    *,
    actor: User | None,
    raw: bytes,
    path: str = "",
    options: ImportOptions | None = None,
    now: dt.datetime | None = None,
) -> ImportResult:
    """Import one contract or product descriptor and say what became of it; other kinds than ODCS 3 and Bitol ODPS are
    read by what they say in these.

    Never raises for what the document is or what the actor may not do: the result is `refused`, with problems, and
    nothing was changed. Known documents of other standards are `ignored`. The same bytes twice are `unchanged`.
    """
    reading = judge(raw)
    identity = reading.identity
    empty = ImportResult(path, identity.kind, identity.version, REFUSED, problems=reading.problems)
    if reading.is_refused:
        return empty
    if not identity.is_readable_here:
        return replace(empty, status=IGNORED, problems=(*reading.problems, _why_ignored(identity)))
    session = Session(actor, options or ImportOptions(), path, now or timezone.now(), list(reading.problems))
    try:
        keys, is_changed = take_in(session, reading)
    except PortalError as error:
        return replace(empty, problems=(*reading.problems, *_problems_of(error)))
    status = status_of(is_changed, session.notes)
    return replace(empty, status=status, keys=keys, problems=tuple(session.notes))


def take_in(session: Session, reading: Reading) -> tuple[tuple[str, ...], bool]:
    """Apply a document that was read and judged: the keys it is about, and whether anything changed.

    Raises PortalError, and then nothing was changed.
    """
    apply = apply_contract if reading.identity.is_contract else apply_product
    data = converted(reading.data, reading.identity)
    try:
        with transaction.atomic(), together():
            keys, is_changed = apply(
                session, reading.raw, replace(reading.document, data=data), reading.identity
            )
    except IntegrityError as error:
        raise Conflict(
            "The same was imported at the same moment.", "Nothing was changed.", "Send it again."
        ) from error
    return tuple(keys), is_changed


def status_of(is_changed: bool, notes: list[Problem]) -> str:
    """What became of a document that was not refused."""
    if not is_changed:
        return UNCHANGED
    return WARNED if any(note.severity == "warning" for note in notes) else IMPORTED


def _why_ignored(identity: detect.Identity) -> Problem:
    if identity.kind == detect.UNKNOWN:
        return Problem(
            "$", "unknown-kind", "This is no document the portal knows. Nothing was read from it.", "info"
        )
    if identity.kind == detect.REGISTRY:
        message = "This is an entry of the Registry of Open Data. Harvest its folder with harvest_open_data."
        return Problem("$", "other-kind", message, "info")
    words = f"{identity.label} {identity.version}".strip()
    message = f"This is a {words}. This version of the portal does not read it; nothing was changed."
    return Problem("$", "other-kind", message, "info")


def _with_line(document: Document, problem: Problem) -> Problem:
    line = document.line_of(problem.path) if problem.message[:5] != "Line " else None
    return replace(problem, message=f"Line {line}: {problem.message}") if line else problem


def _problems_of(error: PortalError) -> list[Problem]:
    words = " ".join(part for part in (error.message, error.remedy) if part)
    found = [Problem("$", problem.rule, f"{problem.path}: {problem.message}") for problem in error.problems]
    return found or [Problem("$", type(error).__name__.lower(), words)]
