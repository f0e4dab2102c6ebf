"""An index as it stood at one commit: its segments side by side, and who may see what in them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from catalog.search import ranking
from catalog.search.backends.arrays import layout
from catalog.search.backends.arrays.cache import ByteCache
from catalog.search.backends.arrays.segment import NO_POSTINGS, IntArray, PlaceArray, Postings, Segment
from catalog.search.documents import DocKey, FacetValue
from catalog.search.lexicon import Lexicon

EVERYTHING = "all"  # the token of readers who see everything, as in the permission kernel
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Audience:
    """What one set of tokens may see: the documents, how many, and how long their fields are on average."""

    mask: Mask
    count: int
    mean_lengths: dict[str, float]

    @property
    def nbytes(self) -> int:
        return self.mask.nbytes + 500


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet over all segments; a value may have several ordinals while an old label still stands somewhere."""

    values: tuple[FacetValue, ...]
    docs: IntArray
    ordinals: IntArray

    def mask(self, chosen: npt.NDArray[np.bool_], size: int) -> Mask:
        """Documents carrying one of the chosen ordinals."""
        found = np.zeros(size, np.bool_)
        found[self.docs[chosen[self.ordinals]]] = True
        return found

    def choose(self, values: frozenset[str]) -> npt.NDArray[np.bool_]:
        """Which ordinals have one of these values."""
        return np.fromiter((v.value in values for v in self.values), np.bool_, count=len(self.values))


class Snapshot(ABC):
    """Segments with their offsets: documents are numbered through, 0 to size. Immutable but for its caches."""

    def __init__(
        self, segments: Sequence[Segment], deleted: list[list[int]], generation: int, cap: int
    ) -> None:
        self.segments = segments
        self.generation = generation
        self.bases = np.cumsum([0, *(segment.size for segment in segments)]).tolist()
        self.size: int = self.bases[-1]
        self.alive = np.ones(self.size, np.bool_)
        for base, gone in zip(self.bases, deleted, strict=False):
            self.alive[np.array(gone, np.int64) + base] = False
        self.room = max(cap - sum(segment.nbytes for segment in segments) - 2 * self.size, cap // 8)
        self._postings: ByteCache[Postings] = ByteCache(self.room // 2, lambda held: held.nbytes)
        self._places: ByteCache[PlaceArray] = ByteCache(self.room // 4, lambda held: held.nbytes)
        self._audiences: ByteCache[Audience] = ByteCache(self.room // 4, lambda held: held.nbytes)
        self._columns: dict[str, npt.NDArray[Any]] = {}
        self._facets: dict[str, Facet] = {}

    def numbers(self, name: str) -> npt.NDArray[Any]:
        """One number a document, over all segments (see `layout.NUMBERS`)."""
        found = self._columns.get(name)
        if found is None:
            parts = [segment.numbers[name] for segment in self.segments]
            found = np.concatenate(parts) if parts else np.empty(0, np.float64)
            self._columns[name] = found
        return found

    def facet(self, name: str) -> Facet:
        """A facet's values and who carries them, over all segments."""
        found = self._facets.get(name)
        if found is None:
            found = self._facets[name] = self._join_facet(name)
        return found

    def _join_facet(self, name: str) -> Facet:
        places: dict[FacetValue, int] = {}
        docs, ordinals = [NO_POSTINGS.ids], [NO_POSTINGS.ids]
        for base, segment in zip(self.bases, self.segments, strict=False):
            table = segment.facets[name]
            renumbered = [places.setdefault(value, len(places)) for value in table.values]
            docs.append(table.docs + np.int32(base))
            ordinals.append(np.array(renumbered, np.int32)[table.ordinals])
        return Facet(tuple(places), np.concatenate(docs), np.concatenate(ordinals))

    def postings(self, field: str, term: str) -> Postings:
        """Documents of a term over all segments, the deleted ones among them."""
        return self._postings.get((field, term), lambda: self._read_postings(field, term))

    @abstractmethod
    def _read_postings(self, field: str, term: str) -> Postings:
        """The documents of a term over all segments."""

    def places(self, word: str) -> PlaceArray:
        """Where a word stands over all segments: document << 32 | position, ascending."""
        return self._places.get(word, lambda: self._read_places(word))

    @abstractmethod
    def _read_places(self, word: str) -> PlaceArray:
        """Where a word stands over all segments."""

    @property
    @abstractmethod
    def lexicons(self) -> Sequence[Lexicon]:
        """The unstemmed words of the segments, for completions and corrections."""

    @property
    def nbytes(self) -> int:
        """Memory held by the arrays and caches, in bytes."""
        held = sum(segment.nbytes for segment in self.segments)
        return held + self._postings.nbytes + self._places.nbytes + self._audiences.nbytes

    def audience(self, held: frozenset[str]) -> Audience:
        """What holders of these tokens may see."""
        return self._audiences.get(held, lambda: self._read_audience(held))

    def _read_audience(self, held: frozenset[str]) -> Audience:
        if EVERYTHING in held:
            mask = self.alive
        else:
            mask = np.zeros(self.size, np.bool_)
            for token in held:
                mask[self.postings("audience", token).ids] = True
            mask &= self.alive
        count = int(np.count_nonzero(mask))
        means = {
            name: max(float(self.numbers(f"length_{name}")[mask].mean()), 1.0) if count else 1.0
            for name in ranking.FIELDS
        }
        return Audience(mask, count, means)

    def with_name_prefix(self, prefix: bytes) -> IntArray:
        """Documents whose name begins so."""
        found = [
            segment.with_name_prefix(prefix) + np.int32(base)
            for base, segment in zip(self.bases, self.segments, strict=False)
        ]
        return np.concatenate(found) if found else NO_POSTINGS.ids

    @cached_property
    def name_rank(self) -> IntArray:
        """The place of every document in the order of names. Segments are sorted already, so this only merges runs."""
        rank = np.empty(self.size, np.int32)
        if self.size:
            order = np.concatenate(
                [s.name_order + np.int32(b) for b, s in zip(self.bases, self.segments, strict=False)]
            )
            names = np.concatenate([segment.sorted_names for segment in self.segments])
            _, ranks = np.unique(names, return_inverse=True)
            rank[order] = ranks
        return rank

    def column_paths(self, doc: int) -> list[str]:
        """The columns of one port document."""
        place = int(np.searchsorted(self.bases, doc, side="right")) - 1
        return self.segments[place].column_paths(doc - self.bases[place])

    def key(self, doc: int) -> DocKey:
        return DocKey(_KINDS[int(self.numbers("kind")[doc])], int(self.numbers("row")[doc]))

    def docs_of(self, keys: set[DocKey]) -> list[int]:
        """The living documents with these keys."""
        wanted = np.array([key.id * 2 + layout.KIND_CODES[key.kind] for key in keys], np.int64)
        held = self.numbers("row") * 2 + self.numbers("kind")
        found: list[int] = np.flatnonzero(np.isin(held, wanted) & self.alive).tolist()
        return found

    def fingerprints(self) -> dict[DocKey, int]:
        kinds, rows = self.numbers("kind"), self.numbers("row")
        prints = self.numbers("fingerprint")
        return {
            DocKey(_KINDS[int(kinds[doc])], int(rows[doc])): int(prints[doc])
            for doc in np.flatnonzero(self.alive).tolist()
        }


_KINDS = {code: kind for kind, code in layout.KIND_CODES.items()}
