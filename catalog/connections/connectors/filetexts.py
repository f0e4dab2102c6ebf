"""Schema, sample and row count of CSV and JSON files of one set, wherever the files are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog.common.decoding import DecodingError, gunzipped
from catalog.connections.connectors import nested, tabular, text
from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.config import Config, ConfigField
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.filesets import FileSet, partitions_of
from catalog.connections.connectors.observations import ObservedField
from catalog.connections.connectors.samples import Sample

PIECE = 256 * 1024
FILES_READ = (
    20  # of a set of text files: the newest tell the schema, and the rows of all are estimated from them
)
TITLES = {"csv": "CSV", "json": "JSON", "jsonl": "JSON lines", "parquet": "Parquet"}
TEXT_FIELDS = (
    ConfigField(
        name="encoding", label="Encoding of texts", kind="choice", default="auto", choices=text.ENCODINGS
    ),
    ConfigField(
        name="delimiter", label="Delimiter of CSV", kind="choice", default="auto", choices=tabular.DELIMITERS
    ),
    ConfigField(
        name="records",
        label="Path of records in JSON",
        help="Where the array of records is, such as data.items. Empty: found.",
    ),
)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a set: `path` with `/`, bytes, seconds since 1970, and how to read it in pieces."""

    path: str
    size: int
    modified: float
    pieces: Callable[[], Iterator[bytes]]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def read_texts(
    config: Config, item: FileSet, files: Sequence[StoredFile], context: CrawlContext, most: int
) -> tuple[Sample, int | None, bool]:
    """Schema and sample of the newest files, the rows of all, and whether that number is an estimate.

    At most `most` bytes are read (decompressed); rows of what was not read are estimated from its size.
    """
    size = sum(file.size for file in files)
    left, read = most, 0
    samples: list[Sample] = []
    for file in sorted(files, key=lambda file: file.modified)[-FILES_READ:]:
        if file.size == 0 or (samples and file.size > left):
            continue
        context.remaining()
        counted = _Counted(left)
        sample = _read_text(config, item, file, counted, context)
        samples.append(sample if counted.is_whole else replace(sample, is_whole=False))
        left -= counted.total
        read += counted.wire
        if left <= 0:
            break
    merged = _merged(samples, partitions_of([file.path for file in files]))
    is_whole = read >= size and all(sample.is_whole for sample in samples)
    if is_whole:
        return merged, merged.seen, False
    return merged, round(merged.seen * size / read) if read else None, True


class _Counted:
    """Bytes of one file: as stored, and decompressed up to a limit where reading just ends (a sample is enough)."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.wire = 0
        self.total = 0
        self.is_whole = True

    def pieces(self, file: StoredFile, is_gzip: bool, context: CrawlContext) -> Iterator[bytes]:
        source = self._stored(file, context)
        try:
            for piece in gunzipped(source, 64 * self.limit + PIECE) if is_gzip else source:
                if self.total + len(piece) > self.limit:
                    self.is_whole = False
                    last = piece.rfind(b"\n")
                    yield piece[: last + 1]  # whole lines only
                    return
                self.total += len(piece)
                yield piece
        except DecodingError as error:
            raise SourceError("too_large" if error.is_bomb else "malformed", str(error)) from error
        finally:
            source.close()

    def _stored(self, file: StoredFile, context: CrawlContext) -> Any:
        for piece in file.pieces():
            context.remaining()
            self.wire += len(piece)
            yield piece


def _read_text(
    config: Config, item: FileSet, file: StoredFile, counted: _Counted, context: CrawlContext
) -> Sample:
    pieces = counted.pieces(file, item.is_gzip, context)
    try:
        if item.format == "json":
            body = b"".join(pieces)
            if not counted.is_whole:
                raise SourceError(
                    "too_large", "The document is larger than is read.", "Write it as JSON lines."
                )
            return nested.read_document(body, records_path=config["records"], max_rows=context.max_rows)
        found = text.lines(pieces, config["encoding"])
        if item.format == "jsonl":
            return nested.read_lines(found, max_rows=context.max_rows)
        return tabular.read_csv(found, delimiter=config["delimiter"], max_rows=context.max_rows)
    except SourceError as error:
        raise SourceError(error.code, f"{file.name}: {error.message}", error.remedy) from error


def _merged(samples: Sequence[Sample], partitions: Sequence[str]) -> Sample:
    """The samples of several files as one: fields by path, of the newest file that has them."""
    by_path: dict[str, ObservedField] = {}
    for sample in reversed(samples):
        for field in sample.fields:
            by_path.setdefault(field.path, field)
    for name in partitions:
        described = ObservedField(
            path=name, name=name, logical_type="string", physical_type="partition", is_nullable=False
        )
        by_path.setdefault(name, described)
    fields = tuple(replace(field, ordinal=place) for place, field in enumerate(by_path.values()))
    flat_paths = {field.path for sample in samples for field in sample.flat}
    flat = tuple(field for field in fields if field.path in flat_paths)
    rows: list[Sequence[Any]] = []
    for sample in samples:
        places = {field.path: place for place, field in enumerate(sample.flat)}
        order = [places.get(field.path) for field in flat]
        rows += [[None if place is None else row[place] for place in order] for row in sample.rows]
    return Sample(fields, flat, rows, sum(sample.seen for sample in samples), is_whole=True)
