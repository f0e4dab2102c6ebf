"""The data files of an Iceberg table's newest snapshot, for checks: manifests are read here, columns found by id.

Sources: https://iceberg.apache.org/spec/ (manifests, column projection), https://duckdb.org/docs/data/parquet/overview
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from catalog.connections.connectors import lake_checks
from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.lake_checks import LakeData
from catalog.connections.connectors.lakefiles import LakeFile, LakeFiles

_TYPES: Final = {
    "BooleanType": "BOOLEAN",
    "IntegerType": "INTEGER",
    "LongType": "BIGINT",
    "FloatType": "FLOAT",
    "DoubleType": "DOUBLE",
    "DateType": "DATE",
    "TimeType": "TIME",
    "TimestampType": "TIMESTAMP",
    "TimestamptzType": "TIMESTAMPTZ",
    "TimestampNanoType": "TIMESTAMP_NS",
    "TimestamptzNanoType": "TIMESTAMPTZ",
    "StringType": "VARCHAR",
    "UUIDType": "UUID",
    "FixedType": "BLOB",
    "BinaryType": "BLOB",
}


@dataclass(slots=True)
class Place:
    """Where the files of a table are: what stands in front of their addresses, and the folder that means."""

    files: LakeFiles
    base: str
    folder: str
    context: CrawlContext
    _listed: dict[str, dict[str, LakeFile]] = field(default_factory=dict)
    _read: int = 0

    def below(self, uri: str) -> str:
        """The path below the location of an address. Raises SourceError."""
        start, found = _normal(self.base).rstrip("/") + "/", _normal(uri)
        inside = found.removeprefix(start)
        if inside == found or ".." in inside.split("/"):
            raise SourceError(
                "not_allowed",
                "The table's data lie outside its location.",
                "Name the location that holds them.",
            )
        return f"{self.folder}/{inside}".lstrip("/")

    def new_input(self, uri: str) -> "_Input":
        """A manifest or a list of them, as the library asks for files. Raises SourceError."""
        path = self.below(uri)
        folder = path.rpartition("/")[0]
        if folder not in self._listed:
            self._listed[folder] = {file.path: file for file in self.files.listed(folder)}
        file = self._listed[folder].get(path)
        if file is None:
            raise SourceError("gone", "A manifest of the table is missing.", "Check what writes it.")
        self._read += file.size
        if self._read > self.context.max_bytes:
            raise SourceError("too_large", "The manifests are larger than is read.", "Rewrite the manifests.")
        return _Input(uri, self.files.read(file))


@dataclass(frozen=True, slots=True)
class _Input:
    location: str
    body: bytes

    def open(self, seekable: bool = True) -> io.BytesIO:
        return io.BytesIO(self.body)


def _normal(uri: str) -> str:
    """An address without what may differ: `s3a:` is `s3:`, `file:///a` is `/a`."""
    parts = urlsplit(uri)
    if parts.scheme in ("", "file"):
        return "/" + uri.removeprefix("file:").lstrip("/")
    scheme = "s3" if parts.scheme in ("s3a", "s3n") else parts.scheme
    return f"{scheme}:{uri.partition(':')[2]}"


def data_of(metadata: Any, place: Place) -> LakeData:
    """What is to be read of the newest snapshot. Raises SourceError for what cannot be."""
    is_steady = len({str(schema.fields) for schema in metadata.schemas}) == 1
    columns = {item: kind for item in metadata.schema().fields if (kind := _column(item, is_steady))}
    sizes: dict[str, int] = {}
    for entry in _entries(metadata, place):
        if entry.file_format.value.upper() != "PARQUET":
            raise SourceError(
                "unsupported", f"Data of the form {entry.file_format.value} are not read.", "Write Parquet."
            )
        sizes[place.below(entry.file_path)] = int(entry.file_size_in_bytes)
        lake_checks.few_enough(len(sizes))
    spec = next((s for s in metadata.partition_specs if s.spec_id == metadata.default_spec_id), None)
    needed = {part.source_id for part in spec.fields if str(part.transform) == "identity"} if spec else set()
    kinds = {item.name: kind for item, kind in columns.items()}

    def query_of(database: Any, names: Sequence[str]) -> str:
        if not names:
            return lake_checks.nothing_of(kinds)
        _check_ids(database, names, needed & {item.field_id for item in columns})
        mapped = ", ".join(_mapped(item, kind) for item, kind in columns.items())
        listed = ", ".join(map(_literal, names))
        return f"SELECT * FROM read_parquet([{listed}], schema = MAP {{{mapped}}})"  # noqa: S608

    return LakeData(sizes, kinds, query_of)


def _entries(metadata: Any, place: Place) -> Iterator[Any]:
    """The live data files, manifest by manifest."""
    from pyiceberg.manifest import DataFileContent, read_manifest_list

    library: Any = place  # which asks for no more than what it uses
    snapshot = metadata.current_snapshot()
    if snapshot is None:
        return
    if not snapshot.manifest_list:
        raise SourceError("unsupported", "The snapshot lists no manifests.", "Write the table anew.")
    try:
        for manifest in read_manifest_list(library.new_input(snapshot.manifest_list)):
            place.context.remaining()
            found = [entry.data_file for entry in manifest.fetch_manifest_entry(library)]
            lake_checks.without_marks(any(file.content != DataFileContent.DATA for file in found))
            yield from found
    except (ValueError, KeyError, EOFError, IndexError, TypeError, AttributeError) as error:
        raise SourceError(
            "malformed", "A manifest of the table cannot be read.", "Check what writes it."
        ) from error


def _check_ids(database: Any, names: Sequence[str], needed: set[int]) -> None:
    """Raises SourceError for files whose columns have no ids, or not those of partitions: they were moved in."""
    listed = ", ".join(map(_literal, names))
    query = f"SELECT list(field_id) FILTER (field_id IS NOT NULL) FROM parquet_schema([{listed}]) GROUP BY file_name"  # noqa: S608
    for (found,) in database.execute(query).fetchall():
        if not found or not needed <= set(found):
            raise SourceError(
                "unsupported", "Data files do not say which column is which.", "Rewrite the data files."
            )


def _mapped(item: Any, kind: str) -> str:
    default = getattr(item, "initial_default", None)
    value = "NULL" if default is None else _literal(str(default))
    return f"{item.field_id}: {{name: {_literal(item.name)}, type: {_literal(kind)}, default_value: {value}}}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _column(item: Any, is_steady: bool) -> str | None:
    """The type of a column. Nested ones are found by name, so only where names never changed."""
    is_nested = type(item.field_type).__name__ in ("StructType", "ListType", "MapType")
    return _type(item.field_type) if is_steady or not is_nested else None


def _type(declared: Any) -> str | None:
    kind = type(declared).__name__
    if kind == "DecimalType":
        return f"DECIMAL({declared.precision}, {declared.scale})"
    if kind == "StructType":
        return lake_checks.struct_of([(f.name, _type(f.field_type)) for f in declared.fields])
    if kind == "ListType":
        inner = _type(declared.element_type)
        return inner and f"{inner}[]"
    if kind == "MapType":
        key, value = _type(declared.key_type), _type(declared.value_type)
        return f"MAP({key}, {value})" if key and value else None
    return _TYPES.get(kind)
