"""The data files of a Delta table at its newest version, for checks.

Source: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (add file, partition value serialization).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from catalog.connections.connectors import lake_checks
from catalog.connections.connectors.delta_schema import type_of
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.lake_checks import LakeData
from catalog.connections.connectors.relational import quote


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file as the log names it, its bytes, and the values of the partition it is of."""

    path: str
    size: int
    partition: Mapping[str, Any]


def files_of(added: Any, partitions: Sequence[str]) -> list[DataFile]:
    """The files of the library's add actions."""
    paths, sizes = added.column("path").to_pylist(), added.column("size_bytes").to_pylist()
    values = {
        name: added.column(f"partition.{name}").to_pylist()
        for name in partitions
        if f"partition.{name}" in added.schema.names
    }
    return [
        DataFile(str(path), int(sizes[place] or 0), {name: found[place] for name, found in values.items()})
        for place, path in enumerate(paths)
    ]


def data_of(
    table: str, files: Sequence[DataFile], schema: Any, *, has_marks: bool, has_mapping: bool
) -> LakeData:
    """What is to be read of the table in the folder `table`. Raises SourceError for what cannot be."""
    lake_checks.few_enough(len(files))
    lake_checks.without_marks(has_marks)
    if has_mapping:
        words = "The table's columns have other names in its files (column mapping)."
        raise SourceError("unsupported", words, "Write it without column mapping.")
    sizes = {_below(table, file.path): file.size for file in files}
    declared = schema.get("fields", ()) if isinstance(schema, dict) else ()
    kinds = {str(item.get("name", "")): type_of(item.get("type")) for item in declared}
    columns = {name: kind for name, kind in kinds.items() if kind}

    def query_of(_: Any, names: Sequence[str]) -> str:
        listed = ", ".join(map(quote, columns)) or "*"
        parts = [_part(name, file, columns) for name, file in zip(names, files, strict=True)]
        together = " UNION ALL BY NAME ".join([lake_checks.nothing_of(columns), *parts])
        return f"SELECT {listed} FROM ({together})"  # noqa: S608

    return LakeData(sizes, columns, query_of)


def _below(table: str, path: str) -> str:
    """The path below the location of a file, as the log writes it: relative to the table, encoded as in an address."""
    found = unquote(path)
    if ":" in path.split("/")[0] or found.startswith("/") or ".." in found.split("/"):
        raise SourceError("not_allowed", "The table's data lie outside its folder.", "Copy the table whole.")
    return f"{table}/{found}".lstrip("/")


def _part(name: str, file: DataFile, columns: Mapping[str, str]) -> str:
    values = [
        f"{_literal(value)}::{columns[column]} AS {quote(column)}"
        for column, value in file.partition.items()
        if column in columns
    ]
    return (
        f"SELECT {', '.join(['*', *values])} FROM read_parquet([{_literal(name)}], hive_partitioning = false)"  # noqa: S608
    )


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "'" + text.replace("'", "''") + "'"
