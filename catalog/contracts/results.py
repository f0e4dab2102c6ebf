"""What an import answers: one result a document, the same for command, page and API."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from catalog.accounts.models import User
from catalog.common.errors import Problem

IMPORTED, WARNED, UNCHANGED, REFUSED, IGNORED = "imported", "warned", "unchanged", "refused", "ignored"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`keys` are the products (`listening/play-events`) and contracts (their own ids) the document is about."""

    path: str
    kind: str
    version: str
    status: str
    keys: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "kind": self.kind,
            "version": self.version,
            "status": self.status,
            "keys": list(self.keys),
            "problems": [problem.as_dict() for problem in self.problems],
        }


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """`create_missing`: make domains and teams the documents name (else such documents are refused).

    Products without a domain of their own go to `default_domain` (a slug).
    """

    create_missing: bool = True
    default_domain: str = "unassigned"
    is_demo: bool = False


@dataclass(slots=True)
class Session:
    """One document on its way in: who brings it, from where, when, and what is noted on the way."""

    actor: User | None
    options: ImportOptions
    path: str
    now: dt.datetime
    notes: list[Problem] = field(default_factory=list)

    def note(self, path: str, rule: str, message: str, severity: str = "info") -> None:
        """Something people should know; `warning` makes the result `warned`, `info` does not."""
        self.notes.append(Problem(path, rule, message, severity))
