"""An index of PostgreSQL as of one commit: segments in arrays, posting lists fetched when a query needs them."""

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from catalog.search import analysis, ranking
from catalog.search.backends.arrays.cache import ByteCache
from catalog.search.backends.arrays.layout import NUMBERS
from catalog.search.backends.arrays.segment import (
    NO_POSTINGS,
    ColumnTable,
    FacetTable,
    NamedDocuments,
    PlaceArray,
    Postings,
    column_table,
)
from catalog.search.backends.arrays.snapshot import Audience, Snapshot
from catalog.search.backends.postgres.building import FIELD_CODES, NUMPY_CODES
from catalog.search.backends.postgres.packing import Damaged, unbundle, unpack, unpack_rising
from catalog.search.documents import FACET_FIELDS, FacetValue
from catalog.search.lexicon import Lexicon

AHEAD = 64  # words of which the lists are fetched together when one of them is asked for
FIELD_NAMES = {code: name for name, code in FIELD_CODES.items()}

Row = tuple[int, int, bytes]  # segment, field code, packed list
FetchTerms = Callable[
    [Sequence[str]], Iterable[tuple[str, int, int, bytes]]
]  # term, segment, field code, list
FetchPlaces = Callable[[str], Iterable[tuple[int, bytes]]]  # segment, packed list


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A row of the segment table, without what may change."""

    id: int
    size: int
    numbers: bytes
    names: bytes
    facets: bytes
    columns: bytes
    lexicon: bytes


class PostgresSegment(NamedDocuments):
    """A segment's numbers, names, facets and columns. Raises Damaged for bytes that make no sense."""

    def __init__(self, row: SegmentRow) -> None:
        self.id, self.size = row.id, row.size
        self.numbers: dict[str, npt.NDArray[Any]] = {}
        at = 0
        for name, code in NUMBERS.items():
            dtype = np.dtype(NUMPY_CODES[code])
            self.numbers[name] = _fixed(row.numbers[at : at + dtype.itemsize * row.size], dtype, row.size)
            at += dtype.itemsize * row.size
        self.names = _fixed(row.names, np.dtype(f"S{ranking.PREFIX_BYTES}"), row.size)
        tables = [_facet(raw) for raw in unbundle(row.facets)]
        if len(tables) != len(FACET_FIELDS):
            raise Damaged("A segment has not the facets it should have.")
        self.facets = dict(zip(FACET_FIELDS, tables, strict=True))
        paths, docs, ordinals = unbundle(zlib.decompress(row.columns))
        self._paths: list[str] = json.loads(paths)
        self._path_ordinals = unpack(ordinals)  # flat, in the order of documents
        self._path_starts = np.searchsorted(unpack_rising(docs), np.arange(row.size + 1)).astype(np.int32)
        self._lexicon = row.lexicon

    @property
    def nbytes(self) -> int:
        held = sum(array.nbytes for array in self.numbers.values()) + self.names.nbytes
        held += sum(t.docs.nbytes + t.ordinals.nbytes + 150 * len(t.values) for t in self.facets.values())
        held += self._path_ordinals.nbytes + self._path_starts.nbytes + 100 * len(self._paths)
        held += len(self._lexicon)
        if "columns" in self.__dict__:
            held += self.columns.docs.nbytes * 2 + 300 * len(self.columns.paths)
        return held

    def column_paths(self, doc: int) -> list[str]:
        first, last = self._path_starts[doc], self._path_starts[doc + 1]
        return [self._paths[place] for place in self._path_ordinals[first:last].tolist()]

    @cached_property
    def columns(self) -> ColumnTable:
        docs = np.flatnonzero(np.diff(self._path_starts)).tolist()
        return column_table((doc, self.column_paths(doc)) for doc in docs)

    def words(self) -> list[str]:
        """Every unstemmed word of the segment, in order."""
        text = zlib.decompress(self._lexicon).decode("utf-8", "surrogatepass")
        return text.split("\n") if text else []


def _fixed(raw: bytes, dtype: np.dtype[Any], size: int) -> npt.NDArray[Any]:
    if len(raw) != dtype.itemsize * size:
        raise Damaged("A column of a segment is too short.")
    return np.frombuffer(raw, dtype)


def _facet(raw: bytes) -> FacetTable:
    values, docs, ordinals = unbundle(raw)
    held = tuple(FacetValue(*value) for value in json.loads(values))
    return FacetTable(held, unpack_rising(docs).astype(np.int32), unpack(ordinals).astype(np.int32))


class TermLists(dict[str, Postings]):
    """Field -> the documents of one term."""

    @property
    def nbytes(self) -> int:
        return 300 + sum(postings.nbytes for postings in self.values())


class PostgresSnapshot(Snapshot):
    """All fields of a term come with one question, and the words of a completion or correction together."""

    def __init__(
        self,
        segments: list[PostgresSegment],
        dead: list[list[int]],
        version: int,
        cap: int,
        fetch: tuple[FetchTerms, FetchPlaces],
    ) -> None:
        super().__init__(list(segments), dead, version, cap)
        self._own = segments
        self._base_of = {segment.id: base for segment, base in zip(segments, self.bases, strict=False)}
        self._fetch_terms, self._fetch_places = fetch
        self._terms: ByteCache[TermLists] = ByteCache(self.room // 2, lambda held: held.nbytes)
        self._ahead: tuple[list[str], dict[str, int]] = ([], {})

    @property
    def nbytes(self) -> int:
        return super().nbytes + self._terms.nbytes

    def postings(self, field: str, term: str) -> Postings:
        return self._terms.get(term, lambda: self._with_those_after(term)).get(field, NO_POSTINGS)

    def _read_postings(self, field: str, term: str) -> Postings:
        return self.postings(field, term)

    def _with_those_after(self, term: str) -> TermLists:
        """The lists of a term; where it is one of many candidates those of the next ones are fetched with it."""
        stems, places = self._ahead
        at = places.get(term)
        wanted = [term] if at is None else stems[at : at + AHEAD]
        return self.prefetch(wanted)[term]

    def prefetch(self, wanted: Sequence[str]) -> dict[str, TermLists]:
        """Fetch the lists of these terms together and keep them, as far as there is room."""
        found: dict[str, dict[int, list[tuple[int, bytes]]]] = {term: {} for term in wanted}
        for term, segment, code, raw in self._fetch_terms(wanted):
            if segment in self._base_of:
                found[term].setdefault(code, []).append((self._base_of[segment], raw))
        lists = {
            term: TermLists({FIELD_NAMES[code]: _joined(parts) for code, parts in fields.items()})
            for term, fields in found.items()
        }
        for term, held in lists.items():
            self._terms.get(term, lambda held=held: held)  # type: ignore[misc]  # a value made already
        return lists

    def _read_places(self, word: str) -> PlaceArray:
        found = []
        for segment, raw in sorted(self._fetch_places(word)):
            if segment in self._base_of:
                ids, positions = unbundle(raw)
                docs = unpack_rising(ids) + self._base_of[segment]
                found.append(docs << 32 | unpack(positions).astype(np.int64))
        return np.concatenate(found) if found else np.empty(0, np.int64)

    def _read_audience(self, held: frozenset[str]) -> Audience:
        self.prefetch(sorted(held))
        return super()._read_audience(held)

    @cached_property
    def _lexicon(self) -> Lexicon:
        return _LexiconThatTells({word for segment in self._own for word in segment.words()}, self._expect)

    @property
    def lexicons(self) -> list[Lexicon]:
        return [self._lexicon]

    def _expect(self, words: Iterable[str]) -> None:
        """Candidates in the order in which they will be asked for."""
        stems = list(dict.fromkeys(map(analysis.stem, words)))
        self._ahead = (stems, {stem: place for place, stem in enumerate(stems)})


class _LexiconThatTells(Lexicon):
    """A lexicon that says which words it found, before each is looked up."""

    def __init__(self, words: Iterable[str], tell: Callable[[Iterable[str]], None]) -> None:
        super().__init__(words)
        self._tell = tell

    def starting(self, beginning: str) -> list[str]:
        found = super().starting(beginning)
        self._tell(sorted(found, key=lambda word: (len(word), word)))
        return found

    def near(self, word: str, errors: int) -> list[tuple[int, str]]:
        found = super().near(word, errors)
        self._tell(word for _, word in found)
        return found


def _joined(parts: list[tuple[int, bytes]]) -> Postings:
    """One list from those of the segments, given with their bases."""
    ids, counts = [], []
    for base, raw in sorted(parts):
        packed_ids, packed_counts = unbundle(raw)
        docs = (unpack_rising(packed_ids) + base).astype(np.int32)
        ids.append(docs)
        counts.append(
            unpack(packed_counts).astype(np.float32) if packed_counts else np.ones(len(docs), np.float32)
        )
    return Postings(np.concatenate(ids), np.concatenate(counts))
