"""The postings and places of an index on Whoosh files: those of its segments, one after the other."""

import numpy as np

from catalog.search.backends.arrays.segment import NO_POSTINGS, PlaceArray, Postings
from catalog.search.backends.arrays.snapshot import Snapshot
from catalog.search.backends.whoosh.segment import WhooshSegment
from catalog.search.lexicon import Lexicon


class WhooshSnapshot(Snapshot):
    """A snapshot of segments that are files of this host."""

    def __init__(
        self, segments: list[WhooshSegment], deleted: list[list[int]], generation: int, cap: int
    ) -> None:
        super().__init__(segments, deleted, generation, cap)
        self._files = segments

    @property
    def lexicons(self) -> list[Lexicon]:
        return [segment.lexicon for segment in self._files]

    def _read_postings(self, field: str, term: str) -> Postings:
        found = [
            (base, segment.postings(field, term))
            for base, segment in zip(self.bases, self._files, strict=False)
        ]
        found = [(base, postings) for base, postings in found if len(postings.ids)]
        if not found:
            return NO_POSTINGS
        return Postings(
            np.concatenate([postings.ids + np.int32(base) for base, postings in found]),
            np.concatenate([postings.counts for _, postings in found]),
        )

    def _read_places(self, word: str) -> PlaceArray:
        found = [s.places(word) + (b << 32) for b, s in zip(self.bases, self._files, strict=False)]
        return np.concatenate(found) if found else np.empty(0, np.int64)
