"""What the present log lines belong to: a request, a task, a crawl run. The formatters write it on every line."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

NAMES = ("request_id", "task_id", "run_id")
_NOTHING: dict[str, str] = {}
_present: ContextVar[dict[str, str]] = ContextVar("log_context", default=_NOTHING)


def present() -> dict[str, str]:
    """The marks in force here, by name; a copy."""
    return dict(_present.get())


@contextmanager
def carrying(**marks: object) -> Iterator[None]:
    """Log lines inside carry these marks (of NAMES) beside those in force already."""
    token = _present.set(_present.get() | {name: str(value) for name, value in marks.items()})
    try:
        yield
    finally:
        _present.reset(token)
