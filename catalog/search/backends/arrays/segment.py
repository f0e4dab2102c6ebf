"""One segment of an index: its documents in arrays, whoever keeps them; and what every segment can do with them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from catalog.search import analysis, columns
from catalog.search.documents import FacetValue

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]
PlaceArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Postings:
    """The documents of a term within its segment, ascending, with how often it stands in each."""

    ids: IntArray
    counts: FloatArray

    @property
    def nbytes(self) -> int:
        return self.ids.nbytes + self.counts.nbytes + 200


NO_POSTINGS = Postings(np.empty(0, np.int32), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class FacetTable:
    """A facet's values and, flat, which document carries which: `docs[i]` carries `values[ordinals[i]]`."""

    values: tuple[FacetValue, ...]
    docs: IntArray
    ordinals: IntArray


@dataclass(frozen=True, slots=True)
class ColumnTable:
    """Columns of the segment's ports: distinct paths, and flat (document, path) pairs in the ports' order."""

    paths: tuple[str, ...]
    by_term: dict[str, IntArray]  # term -> places in `paths`
    by_name: dict[str, IntArray]  # canonical form of a path or of its last step -> places
    docs: IntArray
    ordinals: IntArray


class Segment(Protocol):
    """What a snapshot asks of a segment. Deletions belong to the snapshot, not here."""

    size: int
    numbers: dict[str, npt.NDArray[Any]]  # see `layout.NUMBERS`
    facets: dict[str, FacetTable]

    @property
    def nbytes(self) -> int:
        """Memory held by the arrays, in bytes."""

    @property
    def name_order(self) -> IntArray:
        """Documents in the order of their names."""

    @property
    def sorted_names(self) -> npt.NDArray[np.bytes_]:
        """The beginnings of the names (`ranking.name_bytes`) in order."""

    @property
    def columns(self) -> ColumnTable:
        """The columns of all ports."""

    def with_name_prefix(self, prefix: bytes) -> IntArray:
        """Documents whose name begins so."""

    def column_paths(self, doc: int) -> list[str]:
        """The column paths of one port document."""


class NamedDocuments:
    """The names of a segment's documents in order. Subclasses set `names`."""

    names: npt.NDArray[np.bytes_]

    @cached_property
    def name_order(self) -> IntArray:
        """Documents in the order of their names."""
        return np.argsort(self.names, kind="stable").astype(np.int32)

    @cached_property
    def sorted_names(self) -> npt.NDArray[np.bytes_]:
        """The beginnings of the names in order."""
        return self.names[self.name_order]

    def with_name_prefix(self, prefix: bytes) -> IntArray:
        """Documents whose name begins so."""
        first = np.searchsorted(self.sorted_names, prefix)
        last = np.searchsorted(self.sorted_names, prefix + b"\xff")
        return self.name_order[first:last]


def column_table(of_ports: Iterable[tuple[int, Iterable[str]]]) -> ColumnTable:
    """The table of the columns of ports, given as documents with their paths."""
    places: dict[str, int] = {}
    docs, ordinals = [], []
    for doc, found_paths in of_ports:
        for path in found_paths:
            docs.append(doc)
            ordinals.append(places.setdefault(path, len(places)))
    by_term: dict[str, list[int]] = {}
    by_name: dict[str, list[int]] = {}
    for path, place in places.items():
        for term in set(analysis.terms(path)):
            by_term.setdefault(term, []).append(place)
        for name in columns.names_of(path):
            by_name.setdefault(name, []).append(place)
    return ColumnTable(
        tuple(places),
        {term: np.array(found, np.int32) for term, found in by_term.items()},
        {name: np.array(found, np.int32) for name, found in by_name.items()},
        np.array(docs, np.int32),
        np.array(ordinals, np.int32),
    )
