"""Reading request bodies: JSON that any database can store, or a clear 400."""

import codecs
import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from catalog.common.errors import Invalid, Problem

LARGEST_INTEGER = 2**63 - 1


class StrictJSONParser(BaseParser):
    """JSON in UTF-8, at most MESHPORTAL_MAX_UPLOAD_BYTES long.

    Refused with the path of the place: NUL characters, halves of surrogate pairs, whole numbers beyond 64 bits,
    NaN and Infinity, a key twice in one object, nesting beyond what can be read.
    """

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw: bytes = stream.read(limit + 1)
        if len(raw) > limit:
            raise RequestDataTooBig
        if raw.startswith(codecs.BOM_UTF8):
            raw = raw[len(codecs.BOM_UTF8) :]
        try:
            data = json.loads(
                raw.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object_once
            )
            problems = list(_unstorable(data, "$"))
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not JSON that can be read: {_sentence(error)}") from error
        if problems:
            raise Invalid("Some of what was sent cannot be stored.", problems=problems[:100])
        return data


def _sentence(error: Exception) -> str:
    return "it is nested too deeply." if isinstance(error, RecursionError) else f"{error}."


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _object_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:80]!r} stands twice in one object")
    return made


def _unstorable(value: Any, path: str) -> Any:
    """Yields a Problem for every value in the document that no database column could hold."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _unstorable(key, f"{path}.~")
            yield from _unstorable(item, f"{path}.{key}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _unstorable(item, f"{path}[{place}]")
    elif isinstance(value, str):
        if "\x00" in value:
            yield Problem(path, "text", "A text may not hold NUL characters.")
        elif not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            yield Problem(path, "text", "A text may not hold half of a surrogate pair.")
    elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        yield Problem(path, "number", "A whole number must fit 64 bits.")
