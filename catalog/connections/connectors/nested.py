"""JSON: nested schema inferred from samples of records; documents, arrays of records, and JSON lines."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.fieldpaths import child_path
from catalog.connections.connectors.observations import LogicalType, ObservedField
from catalog.connections.connectors.profiling import PRESENT, rows_to_read
from catalog.connections.connectors.samples import Reservoir, Sample
from catalog.connections.connectors.tabular import as_moment, found_type

MAX_DEPTH = 12
MAX_FIELDS = 5_000
MAX_KEYS = 300  # an object with more different keys is a map: its keys are data
MAX_KEY_LENGTH = 200
MAX_DOCUMENT = 32 * 1024 * 1024  # bytes; a larger document should be JSON lines
MAX_TEXT = 300
TEXTS_LOOKED_AT = 50  # texts of a field that decide whether it holds dates


def parse(text: str | bytes, where: str = "") -> Any:
    """A JSON value; NaN and infinities become null. Raises SourceError(malformed) with line and column."""
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        place = where or f"Line {error.lineno}, column {error.colno}"
        raise SourceError(
            "malformed", f"{place}: this is not JSON ({error.msg}).", "Check the format."
        ) from error
    except RecursionError as error:
        raise SourceError(
            "malformed", f"{where} The JSON is nested too deeply.".strip(), "Flatten it."
        ) from error
    except ValueError as error:  # numbers of thousands of digits, wrong encodings
        raise SourceError(
            "malformed", f"{where} This is not JSON that can be read.".strip(), "Check it."
        ) from error


def read_document(body: bytes, *, records_path: str = "", max_rows: int = 10_000) -> Sample:
    """The schema and a sample of the records in a JSON document (see `records_in`)."""
    if len(body) > MAX_DOCUMENT:
        raise SourceError(
            "too_large",
            f"The document has {len(body):,} bytes; {MAX_DOCUMENT:,} are read.",
            "Write it as JSON lines.",
        )
    if not body.strip():
        raise SourceError("empty", "The document is empty.", "Check what writes it.")
    records = records_in(parse(body.decode("utf-8-sig", "strict") if _is_utf8(body) else body), records_path)
    return _sampled(records, max_rows)


def read_lines(text_lines: Iterable[str], *, max_rows: int = 10_000) -> Sample:
    """The schema and a sample of JSON lines. All are counted, only those sampled are parsed."""
    kept: Reservoir[tuple[int, str]] = Reservoir(max_rows)
    kept.add_all((number, line) for number, line in enumerate(text_lines, 1) if line.strip())
    if not kept.seen:
        raise SourceError("empty", "The file is empty.", "Check what writes it.")
    records = [parse(line, f"Line {number}") for number, line in kept.kept]
    found = _sampled(
        [record if isinstance(record, dict) else {"value": record} for record in records], max_rows
    )
    return Sample(found.fields, found.flat, found.rows, kept.seen, is_whole=True)


def read_records(records: Iterable[Mapping[str, Any]], *, max_rows: int = 10_000) -> Sample:
    """The schema and a sample of records that are there already; all are counted."""
    return _sampled(records, max_rows)


def records_in(value: Any, records_path: str = "") -> list[dict[str, Any]]:
    """The records of a document: at `records_path` (`data.items`); else the array it is, or the only array of
    objects it holds; else the object itself, as one record."""
    for part in filter(None, records_path.split(".")):
        if not isinstance(value, dict) or part not in value:
            raise SourceError(
                "malformed", f"There is no “{part}” in the document.", "Check the path of records."
            )
        value = value[part]
    if isinstance(value, dict) and not records_path:
        arrays = [item for item in value.values() if isinstance(item, list) and any(map(_is_object, item))]
        value = arrays[0] if len(arrays) == 1 else value
    items = value if isinstance(value, list) else [value]
    return [item if isinstance(item, dict) else {"value": item} for item in items]


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        if body[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\x00" in body[:4]:
            return False  # json.loads knows UTF-16 and UTF-32
        raise SourceError(
            "malformed", f"Line {line} (byte {error.start + 1:,}) is not UTF-8.", "Write JSON as UTF-8."
        ) from error
    return True


@dataclass(slots=True)
class _Seen:
    """What the values at one path were, over all records."""

    kinds: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    children: dict[str, "_Seen"] = field(default_factory=dict)
    element: "_Seen | None" = None
    objects: int = 0

    def look(self, value: Any, depth: int) -> None:
        kind = _kind(value)
        self.kinds.add(kind)
        if kind == "string" and len(self.texts) < TEXTS_LOOKED_AT:
            self.texts.append(value)
        elif kind == "array" and depth < MAX_DEPTH:
            self.element = self.element or _Seen()
            for item in value[:100]:
                self.element.look(item, depth + 1)
        elif kind == "object" and depth < MAX_DEPTH:
            self.objects += 1
            for key, item in value.items():
                if len(self.children) <= MAX_KEYS or key in self.children:
                    self.children.setdefault(key, _Seen()).look(item, depth + 1)

    @property
    def is_map(self) -> bool:
        return len(self.children) > MAX_KEYS or any(len(key) > MAX_KEY_LENGTH for key in self.children)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _sampled(records: Iterable[Mapping[str, Any]], max_rows: int) -> Sample:
    kept: Reservoir[Mapping[str, Any]] = Reservoir(max_rows)
    kept.add_all(records)
    root = _Seen()
    for record in kept.kept:
        root.look(record, 0)
    fields: list[ObservedField] = []
    _collect(fields, root, "", "", kept.seen)
    flat = tuple(f for f in fields if "[]" not in f.path and "{}" not in f.path)
    rows = [_flattened(record, flat) for record in kept.kept[: rows_to_read(len(flat), max_rows)]]
    return Sample(tuple(fields), flat, rows, kept.seen, is_whole=True)


def _collect(fields: list[ObservedField], seen: _Seen, prefix: str, holder: str, total: int) -> None:
    for name, child in seen.children.items():
        if len(fields) >= MAX_FIELDS:
            return
        path = child_path(prefix, name)
        is_missing_somewhere = not prefix and total > 0 and "null" in child.kinds
        fields.append(
            ObservedField(
                path=path,
                name=name,
                parent_path=holder,
                ordinal=len(fields),
                logical_type=_logical(child),
                physical_type=" | ".join(sorted(child.kinds - {"null"})) or "null",
                is_nullable=True if is_missing_somewhere or "null" in child.kinds else None,
            )
        )
        inner, suffix = child, ""
        while inner.element is not None and not inner.children:
            inner, suffix = inner.element, suffix + "[]"
        if inner.children and not inner.is_map:
            _collect(fields, inner, path + suffix, path, total)


def _logical(seen: _Seen) -> LogicalType:
    kinds = seen.kinds - {"null"}
    if kinds == {"integer", "number"}:
        return "number"
    if len(kinds) != 1:
        return "unknown"
    kind = kinds.pop()
    if kind == "string":
        found = found_type(seen.texts)
        return found if found in {"date", "timestamp"} else "string"
    if kind == "object":
        return "map" if seen.is_map else "object"
    known: dict[str, LogicalType] = {
        "integer": "integer",
        "number": "number",
        "boolean": "boolean",
        "array": "array",
    }
    return known[kind]


def _flattened(record: Mapping[str, Any], flat: Sequence[ObservedField]) -> list[Any]:
    by_path: dict[str, Any] = {}
    for path, value in _walk(record, "", 0):
        by_path[path] = value
    return [_cell(f, by_path.get(f.path)) for f in flat]


def _walk(record: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        path = child_path(prefix, name)
        yield path, value
        if isinstance(value, dict) and depth < MAX_DEPTH and len(value) <= MAX_KEYS:
            yield from _walk(value, path, depth + 1)


def _cell(described: ObservedField, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        if described.logical_type in {"date", "timestamp"}:
            try:
                return as_moment(described.logical_type, value)
            except ValueError:
                return value[:MAX_TEXT]
        return value[:MAX_TEXT]
    return PRESENT
