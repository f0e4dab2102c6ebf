"""`reference`: the page of every address and every background task, made from the code."""

import inspect
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.urls import URLPattern, URLResolver, get_resolver

from meshportal.celery import app, beat_schedule

HEAD = """# Reference

Made by `./mesh manage reference > docs/reference.md` from the code; a test compares the two.
The REST API is described in full by its OpenAPI document, at `/api/v1/schema/` of a running portal.
"""


class Command(BaseCommand):
    help = "Print the reference of addresses and background tasks, in Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        pages = [(path, words) for path, words in addresses() if not path.startswith("/api/")]
        endpoints = [(path, words) for path, words in addresses() if path.startswith("/api/")]
        self.stdout.write(HEAD)
        self._table("Pages", "Address", pages)
        self._table("REST API", "Address", endpoints)
        self._table("Background tasks", "Task", tasks())

    def _table(self, title: str, column: str, rows: list[tuple[str, str]]) -> None:
        self.stdout.write(f"## {title}\n\n| {column} | What it is |\n| --- | --- |")
        for name, words in sorted(rows):
            self.stdout.write(f"| `{name}` | {words} |")
        self.stdout.write("")


def addresses() -> list[tuple[str, str]]:
    """Every address with the first sentence of its view's documentation."""
    return list(_flatten(get_resolver().url_patterns, "/"))


def _flatten(patterns: list[URLPattern | URLResolver], path: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            view: Any = pattern.callback
            yield (
                here,
                first_sentence(getattr(view, "view_class", None) or getattr(view, "cls", None) or view),
            )
        else:
            yield from _flatten(pattern.url_patterns, here)


def tasks() -> list[tuple[str, str]]:
    """Every task of ours, with how often beat rings it."""
    periods = {name: entry["schedule"] for name, entry in beat_schedule().items()}
    found = []
    for name, task in app.tasks.items():
        if name.startswith("celery."):
            continue
        every = f" Every {periods[name]}." if name in periods else ""
        found.append((name, first_sentence(task.run) + every))
    return found


def first_sentence(documented: Any) -> str:
    """The first paragraph of a docstring on one line, safe inside a table."""
    words = (inspect.getdoc(documented) or "(undocumented)").split("\n\n")[0]
    return " ".join(words.split()).replace("|", "\\|")
