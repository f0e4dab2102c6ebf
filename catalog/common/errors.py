"""The errors services raise; meshportal maps each to one HTTP status, in one place.

Every error says what happened, what was kept and what to do next.
"""

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input, at `path` (JSON path such as `$.schema[0].name`, or a form field)."""

    path: str
    rule: str
    message: str
    severity: str = "error"  # or "warning"

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


@dataclass
class PortalError(Exception):
    """Base of the expected errors."""

    message: str
    kept: str = ""
    remedy: str = ""
    problems: list[Problem] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, self.kept, self.remedy) if part)


class NotAllowed(PortalError):
    """The actor sees the object but may not do this (403)."""


class NotFound(PortalError):
    """It does not exist, or the actor may not know that it does (404)."""


class Conflict(PortalError):
    """The object changed meanwhile, or its state forbids this (409)."""


class Invalid(PortalError):
    """The input is wrong (400, or errors beside the form's fields)."""


class StaleRevision(Conflict):
    """The object was changed by somebody else since it was read (409; 412 when the request carried If-Match)."""


class PreconditionRequired(PortalError):
    """A write over the API that does not say which revision it changes (428)."""
