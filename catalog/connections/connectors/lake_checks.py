"""Checks of lake tables: their Parquet files of the newest version, read by DuckDB, and only when a check asks.

How many files and bytes is bounded as for other Parquet; where that is too much, or rows are marked as deleted beside
the data, nothing certain can be said and nothing is.
"""

import glob
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.connections.connectors import check_files, parquet
from catalog.connections.connectors.base import CrawlContext, Wanted
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.lakefiles import LakeFiles
from catalog.connections.connectors.observations import ObservedCheck, ObservedField
from catalog.connections.connectors.relational import quote


@dataclass(frozen=True, slots=True)
class LakeData:
    """The data of a table: its files by path below the location with their bytes, and its columns with DuckDB's types.

    `query_of` makes the query from a session and the names DuckDB calls the files by, in the order of `sizes`.
    """

    sizes: Mapping[str, int]
    columns: Mapping[str, str]
    query_of: Callable[[Any, Sequence[str]], str]


def measured(
    item: Wanted,
    files: LakeFiles,
    data_of: Callable[[], LakeData],
    fields: Sequence[ObservedField],
    context: CrawlContext,
) -> Iterator[ObservedCheck]:
    """The answers of the checks of a table; `data_of` may raise why there can be none."""
    if not item.checks:
        return
    try:
        data = data_of()
        if any(glob.has_magic(path) for path in data.sizes):
            raise SourceError("unsupported", "A name of a data file holds * ? or [.", "Write it anew.")
        names, filesystem = files.openable(data.sizes)
    except SourceError as error:
        context.remaining()
        yield from check_files.unanswered(item, error)
        return
    known = [field for field in fields if _top(field) in data.columns]
    yield from check_files.of_query(
        item, names, lambda database: data.query_of(database, names), known, context, filesystem=filesystem
    )


def few_enough(count: int) -> None:
    """Raises SourceError when a table has more files than a crawl reads."""
    if count > parquet.FILES_READ:
        words = f"The table has more files than a crawl reads whole ({parquet.FILES_READ})."
        raise SourceError("unsupported", words, "Compact it.")


def without_marks(has_marks: bool) -> None:
    """Raises SourceError when rows are marked as deleted beside the data: the files would tell of them too."""
    if has_marks:
        raise SourceError(
            "unsupported", "The table marks rows as deleted beside its data.", "Compact it, so that they go."
        )


def nothing_of(columns: Mapping[str, str]) -> str:
    """A query that gives no row, with the columns in their types."""
    listed = ", ".join(f"NULL::{kind} AS {quote(name)}" for name, kind in columns.items())
    return f"SELECT {listed or 'NULL AS _'} WHERE false"


def struct_of(children: Sequence[tuple[str, str | None]]) -> str | None:
    """DuckDB's type of a record; None when one of a child is not known."""
    if not children or not all(kind for _, kind in children):
        return None
    return f"STRUCT({', '.join(f'{quote(name)} {kind}' for name, kind in children)})"


def _top(field: ObservedField) -> str:
    return field.name if not field.parent_path else field.path.split(".")[0].split("[")[0].split("{")[0]
