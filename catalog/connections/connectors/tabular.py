"""CSV: delimiter and types found from the content, ragged rows reported with their place."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import LogicalType, ObservedField
from catalog.connections.connectors.profiling import rows_to_read
from catalog.connections.connectors.samples import Reservoir, Sample

DELIMITERS = (("auto", "Find out"), (",", "Comma"), (";", "Semicolon"), ("\t", "Tab"), ("|", "Bar"))
MAX_COLUMNS = 5_000
_NULLS = frozenset({"", "null", "NULL", "None", "NA", "N/A", "NaN", "nan", "\\N"})
_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})\Z")
_NUMBER = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\Z")
_PADDED = re.compile(r"[+-]?0[0-9]")  # 00123 is a code, not a number
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?\s?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)?\Z"
)
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?\Z")


def read_csv(text_lines: Iterable[str], *, delimiter: str = "auto", max_rows: int = 10_000) -> Sample:
    """The schema and a sample of a CSV with a header line.

    Raises SourceError: `empty` without a header, `malformed` with the line of a row that has more cells than the
    header or cannot be parsed.
    """
    ahead, rest = _peek(text_lines)
    if not ahead:
        raise SourceError("empty", "The file is empty.", "Write at least a header line.")
    used = found_delimiter(ahead) if delimiter == "auto" else delimiter
    reader = csv.reader(rest, delimiter=used, strict=True)
    header = _header(next(_parsed(reader), []))
    kept: Reservoir[list[str]] = Reservoir(rows_to_read(len(header), max_rows))
    for cells in _parsed(reader):
        if len(cells) > len(header):
            raise SourceError(
                "malformed",
                f"Line {reader.line_num} has {len(cells)} cells, and the header {len(header)}.",
                "Quote cells that hold the delimiter, or choose the right delimiter.",
            )
        if cells:
            kept.add(cells + [""] * (len(header) - len(cells)))
    columns = list(zip(*kept.kept, strict=True)) or [()] * len(header)
    fields = tuple(
        _field(name, place, column) for place, (name, column) in enumerate(zip(header, columns, strict=True))
    )
    rows = [[convert(f.logical_type, cell) for f, cell in zip(fields, row, strict=True)] for row in kept.kept]
    return Sample(fields, fields, rows, kept.seen, is_whole=True)


def _peek(text_lines: Iterable[str]) -> tuple[list[str], Iterator[str]]:
    """The first lines that are not empty, and all lines."""
    source = iter(text_lines)
    ahead: list[str] = []
    for line in source:
        ahead.append(line)
        if len(ahead) >= 20:
            break
    while ahead and not ahead[0].strip():
        ahead.pop(0)
    seen = list(ahead)

    def everything() -> Iterator[str]:
        yield from seen
        yield from source

    return ahead, everything()


def found_delimiter(first_lines: Sequence[str]) -> str:
    """The delimiter that cuts the first lines into the same, largest number of cells."""
    best, best_score = ",", (0.0, 0)
    for candidate in (",", ";", "\t", "|"):
        try:
            counts = [len(row) for row in csv.reader(first_lines, delimiter=candidate) if row]
        except csv.Error:
            continue
        if not counts:
            continue
        cells, times = Counter(counts).most_common(1)[0]
        score = (times / len(counts) if cells > 1 else 0.0, cells)
        if score > best_score:
            best, best_score = candidate, score
    return best


def _parsed(reader: Any) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise SourceError(
            "malformed", f"Line {reader.line_num}: {error}.", "Check quotes and delimiter."
        ) from error


def _header(cells: Sequence[str]) -> list[str]:
    """Names made unique and not empty."""
    if len(cells) > MAX_COLUMNS:
        raise SourceError("too_large", f"The header has {len(cells):,} columns.", "Check the delimiter.")
    seen: Counter[str] = Counter()
    names = []
    for place, cell in enumerate(cells):
        name = cell.strip()[:300] or f"column {place + 1}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def _field(name: str, place: int, column: Sequence[str]) -> ObservedField:
    return ObservedField(
        path=name,
        name=name,
        ordinal=place,
        logical_type=found_type(column),
        physical_type="text",
        is_nullable=True if any(cell.strip() in _NULLS for cell in column) else None,
    )


def found_type(column: Iterable[str]) -> LogicalType:
    """The narrowest type every cell that is not null fits; string when they differ, unknown when there is none."""
    found = {_type_of(text) for cell in column if (text := cell.strip()) not in _NULLS}
    if not found:
        return "unknown"
    if found == {"integer", "number"}:
        return "number"
    if found == {"date", "timestamp"}:
        return "timestamp"
    return found.pop() if len(found) == 1 else "string"


def _type_of(text: str) -> LogicalType:
    if _PADDED.match(text) and "." not in text:
        return "timestamp" if _TIMESTAMP.match(text) else "date" if _DATE.match(text) else _clock(text)
    if _INTEGER.match(text):
        return "integer"
    if _NUMBER.match(text):
        return "number"
    if text.lower() in {"true", "false"}:
        return "boolean"
    if _DATE.match(text):
        return "date"
    return "timestamp" if _TIMESTAMP.match(text) else _clock(text)


def _clock(text: str) -> LogicalType:
    return "time" if _TIME.match(text) else "string"


def convert(logical_type: LogicalType, cell: str) -> Any:
    """A cell as a value of its column's type; None for null, the text itself where it does not fit after all."""
    text = cell.strip()
    if text in _NULLS:
        return None
    try:
        if logical_type == "integer":
            return int(text)
        if logical_type == "number":
            return float(text)
        if logical_type == "boolean":
            return text.lower() == "true"
        if logical_type in {"date", "time", "timestamp"}:
            return as_moment(logical_type, text)
    except ValueError:
        return text
    return cell[:300]


def as_moment(logical_type: LogicalType, text: str) -> date | time | datetime:
    """ISO text as a date, time or (UTC where none is named) timestamp. Raises ValueError."""
    if logical_type == "time":
        return time.fromisoformat(text)
    if logical_type == "date":
        return date.fromisoformat(text)
    cleaned = text.replace(" UTC", "+00:00").replace(" Z", "+00:00")
    cleaned = re.sub(r"(\.\d{6})\d+", r"\1", cleaned)
    moment = datetime.fromisoformat(cleaned)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
