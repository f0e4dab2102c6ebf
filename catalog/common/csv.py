"""CSV exports that a spreadsheet shows as text and never runs."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class _Echo:
    """A file whose `write` hands the line back, so that csv.writer can feed a stream."""

    def write(self, line: str) -> str:
        return line


def neutralise(value: Any) -> str:
    """The cell's text; one that a spreadsheet would take for a formula gets a leading apostrophe.

    Covers `= + - @`, tab, carriage return and newline, and the full-width forms spreadsheets read the same way
    (OWASP, CSV injection). Numbers stay numbers. None is empty, moments are ISO 8601 in UTC.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    text = ", ".join(str(item) for item in value) if isinstance(value, list | tuple | set) else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(DANGEROUS) else text


def lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The file line by line (RFC 4180), the header first, every cell neutralised."""
    writer = csv.writer(_Echo())
    yield writer.writerow([neutralise(cell) for cell in header])
    for row in rows:
        yield writer.writerow([neutralise(cell) for cell in row])


def csv_response(
    filename: str, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """A download that is written while it is read; `rows` is best a generator over `queryset.iterator()`."""
    response = StreamingHttpResponse(lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, filename)
    response["X-Content-Type-Options"] = "nosniff"
    return response
