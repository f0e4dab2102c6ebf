"""Reading documents strangers wrote: bytes -> plain data, or problems that say where and how to mend it.

YAML is read from the event stream, never by a constructor: no tags, no timestamps (a date stays the text its author
wrote), no base-60 numbers, duplicate keys refused, aliases counted so that a few lines cannot grow to gigabytes, depth
bounded without recursion. JSON obeys the same rules. Gzip is undone up to a limit. The bytes themselves are left to
the caller, who keeps them whole.
"""

import codecs
import contextlib
import gzip
import json
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from catalog.common.errors import Problem
from catalog.common.paths import parent_path
from catalog.common.yaml_reader import MAX_DEPTH, MAX_NODES, Unreadable, YamlReader

MAX_BYTES = 10 * 2**20  # of the document, gzip undone
GZIP_MAGIC = b"\x1f\x8b"

_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """What was read: `data` (None when it could not be), the decoded `text`, and the problems found on the way."""

    data: Any
    text: str = ""
    media_type: str = "application/yaml"
    problems: tuple[Problem, ...] = ()
    _lines: dict[str, int] = field(default_factory=dict)

    @property
    def is_readable(self) -> bool:
        return not any(problem.severity == "error" for problem in self.problems)

    def line_of(self, path: str) -> int | None:
        """The line (from 1) where the value at `path` begins, or that of its nearest parent that is known."""
        if not self._lines and self.text:
            self._lines.update(_lines_of(self.text))
        while path not in self._lines and path:
            path = parent_path(path)
        return self._lines.get(path)


def read_document(raw: bytes) -> Document:
    """Data and problems of one YAML or JSON document (gzip undone); never raises for what the bytes are."""
    try:
        text = decode(expand(raw))
    except Unreadable as error:
        return Document(None, problems=(error.problem,))
    is_json = text.lstrip()[:1] in ("{", "[")
    media_type = "application/json" if is_json else "application/yaml"
    try:
        data = _read_json(text) if is_json else YamlReader(text).read()
    except Unreadable as error:
        return Document(None, text, media_type, (error.problem,))
    return Document(data, text, media_type)


def expand(raw: bytes) -> bytes:
    """The bytes with gzip undone; Unreadable when they are too many, before or after."""
    if not raw.startswith(GZIP_MAGIC):
        return _within_limit(raw)
    try:
        with gzip.GzipFile(fileobj=BytesIO(raw)) as file:
            return _within_limit(file.read(MAX_BYTES + 1))
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable("gzip", f"The gzip data is damaged ({error}). Compress the file again.") from error


def _within_limit(data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
        raise Unreadable(
            "size",
            f"The document is larger than {MAX_BYTES // 2**20} MB. Split it, or leave out sample data.",
        )
    return data


def decode(data: bytes) -> str:
    """The text: UTF-8, or what the byte order mark says."""
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            "encoding",
            f"Byte {error.start} (line {line}) is not {encoding.upper()}: {error.reason}. Save the file as UTF-8.",
        ) from error
    if "\x00" in text:
        raise Unreadable("encoding", "The document holds null characters. Save the file as UTF-8 text.")
    if not text.strip():
        raise Unreadable("empty", "The document is empty.")
    return text


def _read_json(text: str) -> Any:
    try:
        data = json.loads(text, object_pairs_hook=_unique_pairs, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        try:  # YAML's flow style begins with a bracket too
            return YamlReader(text).read()
        except Unreadable:
            raise Unreadable("json", f"Line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except _DuplicateKey as error:
        YamlReader(text).read()  # knows the line and the path
        raise Unreadable("duplicate-key", f"The key {error} stands twice in one object.") from error
    except RecursionError as error:
        raise Unreadable("depth", f"Values are nested deeper than {MAX_DEPTH} levels.") from error
    except ValueError as error:  # a number with thousands of digits
        raise Unreadable("json", f"A value cannot be read: {error}.") from error
    _check_bounds(data)
    return data


class _DuplicateKey(Exception):
    pass


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DuplicateKey(repr(key))
        found[key] = value
    return found


def _no_constant(name: str) -> Any:
    raise Unreadable("json", f"{name} is not a JSON value. Write null, or the number as text.")


def _check_bounds(data: Any) -> None:
    count, stack = 0, [(data, 1)]
    while stack:
        value, depth = stack.pop()
        count += 1
        if depth > MAX_DEPTH:
            raise Unreadable("depth", f"Values are nested deeper than {MAX_DEPTH} levels.")
        if count > MAX_NODES:
            raise Unreadable("size", f"The document holds more than {MAX_NODES} values.")
        members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        stack.extend((member, depth + 1) for member in members)


def _lines_of(text: str) -> dict[str, int]:
    """Path -> line of everything in a document that was read before (JSON is read as YAML for this)."""
    lines: dict[str, int] = {"$": 1}
    with contextlib.suppress(Unreadable):  # JSON that YAML does not take: the lines up to there
        YamlReader(text, lines=lines).read()
    return lines
