"""Fragments: the parts of pages that are drawn many times over, as compiled Jinja macros (`*.jinja`).

A page is a Django template. What stands in it a hundred times (a row, a trust strip, a filter) is a fragment: the same
folders, nearly the same language, several times as fast. A fragment is the macro named like its file; it sees what it
is given and the components of `catalog.templatetags.fragment_tools`, and nothing of the request. A name it does not
know is an error.
"""

from collections.abc import Callable
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from django.template import engines
from django.utils.safestring import SafeString, mark_safe


def render_fragment(name: str, **values: Any) -> SafeString:
    """The HTML of `templates/<name>`; every value is escaped unless it is safe already."""
    return mark_safe(_macro(name)(**values))  # noqa: S308  # the engine escapes


@cache
def _macro(name: str) -> Callable[..., str]:
    template = engines["fragments"].env.get_template(name)  # type: ignore[attr-defined]
    macro: Callable[..., str] = getattr(template.module, PurePosixPath(name).stem)
    return macro
