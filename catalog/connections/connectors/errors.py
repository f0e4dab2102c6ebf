"""The one error connectors raise, and the redaction of secrets from every message."""

import re
from collections.abc import Iterable

from catalog.connections.connectors.observations import ErrorCode, Failure

HIDDEN = "•••"
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_ASSIGNED = re.compile(
    r"(?i)\b(password|passwd|pwd|secret|token|api[_-]?key)\s*[=:]\s*('[^']*'|\"[^\"]*\"|\S+)"
)
MAX_MESSAGE = 600


class SourceError(Exception):
    """A source could not be reached or read. `message` says what happened, `remedy` what to do about it."""

    def __init__(self, code: ErrorCode, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def as_failure(self) -> Failure:
        return Failure(self.code, self.message, self.remedy)


class Cancelled(Exception):
    """Somebody asked the crawl to stop; not a failure of the source."""


def redact(text: object, secrets: Iterable[str] = ()) -> str:
    """`text` on one line, without the given secrets, user info of URLs and `password=…` pairs, bounded in length.

    Drivers quote connection strings in their errors; no such message leaves a connector unredacted.
    """
    words = " ".join(str(text).split())
    for secret in sorted({item for item in secrets if item}, key=len, reverse=True):
        words = words.replace(secret, HIDDEN)
    words = _USERINFO.sub(f"{HIDDEN}@", words)
    words = _ASSIGNED.sub(lambda match: f"{match[1]}={HIDDEN}", words)
    return words if len(words) <= MAX_MESSAGE else words[: MAX_MESSAGE - 1] + "…"
