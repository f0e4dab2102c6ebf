"""Log lines: one line each, with what they belong to (request, task, crawl run), without secrets.

MESHPORTAL_LOG_FORMAT chooses between lines for people and JSON objects for machines.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from catalog.common import log_context
from meshportal import redaction

FORMATS = ("line", "json")


def marks_of(record: logging.LogRecord) -> dict[str, str]:
    """What a record belongs to; Django's lines about an answer are written after it, and name its request."""
    name = getattr(getattr(record, "request", None), "portal_id", None)
    return ({"request_id": name} if name else {}) | log_context.present()


class _Redacting(logging.Formatter):
    """Formats, then takes out secrets: of the message, its arguments and the traceback alike."""

    def __init__(self, fmt: str | None = None, *, known: tuple[str, ...] = ()) -> None:
        super().__init__(fmt)
        self.known = redaction.known_values(known)

    def redacted(self, text: str) -> str:
        return redaction.redact(text, self.known)


class LineFormatter(_Redacting):
    """Keeps a message on its line, so that what a stranger sends cannot forge a log entry."""

    def format(self, record: logging.LogRecord) -> str:
        return self.redacted(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        marks = marks_of(record)
        request = marks.pop("request_id", "-")
        record.marks = " ".join([request, *(f"{name}={value}" for name, value in marks.items())])
        return super().formatMessage(record)


class JsonFormatter(_Redacting):
    """One JSON object a line: time, level, logger, message, the marks in force, `extra` fields, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        marks: dict[str, Any] = dict.fromkeys(log_context.NAMES) | marks_of(record)
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.redacted(record.getMessage()),
            **marks,
            "process": record.process,
            "thread": record.threadName,
        }
        if record.exc_info:
            fields["exception"] = self.redacted(self.formatException(record.exc_info))
        for name, value in getattr(record, "facts", {}).items():  # logging's `extra={"facts": {…}}`
            fields.setdefault(name, self.redacted(value) if isinstance(value, str) else value)
        return json.dumps(fields, default=lambda value: self.redacted(str(value)))


def configuration(level: str, form: str, known: tuple[str, ...]) -> dict[str, Any]:
    """Django's LOGGING: one line an event on standard error. `known`: secrets that must not stand in any."""
    formatter: dict[str, Any] = {"()": "meshportal.logs.JsonFormatter", "known": known}
    if form == "line":
        line = "%(asctime)s %(levelname)s %(name)s [%(marks)s] %(message)s"
        formatter = {"()": "meshportal.logs.LineFormatter", "fmt": line, "known": known}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"chosen": formatter},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "chosen"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            "catalog": {"level": level},
            "lineage": {"level": level},
            "meshportal": {"level": level},
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "celery": {"level": "WARNING"},
            "py.warnings": {"level": "WARNING"},
        },
    }
