"""Filters and facet counts: one pass over flat arrays instead of a walk over documents."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from catalog.search.backends.arrays.snapshot import Mask, Snapshot
from catalog.search.documents import FACETS, FacetCount


class Filtering:
    """The filters of a query applied to its matches, remembering which filter refused what.

    With the number of refusing filters a document, "all but my own filter" costs one comparison: a document counts for
    a facet when nobody refuses it, or that facet's filter alone does.
    """

    def __init__(self, snapshot: Snapshot, matches: Mask, filters: Mapping[str, frozenset[str]]) -> None:
        self._snapshot = snapshot
        self._matches = matches
        self._refused: dict[str, Mask] = {}
        self._refusals = np.zeros(snapshot.size, np.int8)
        for name, values in filters.items():
            if values:
                facet = snapshot.facet(name)
                refused = ~facet.mask(facet.choose(values), snapshot.size)
                self._refused[name] = refused
                self._refusals += refused

    @property
    def passed(self) -> Mask:
        """Matches that no filter refuses."""
        passed: Mask = self._matches & (self._refusals == 0)
        return passed

    def ignoring(self, name: str) -> Mask:
        """Matches that no other filter refuses."""
        refused = self._refused.get(name)
        if refused is None:
            return self.passed
        passed: Mask = self._matches & (self._refusals - refused == 0)
        return passed

    def without(self, weights: npt.NDArray[np.float64] | None) -> dict[str, int]:
        """For each filter that excludes something: how many rows there would be without it."""
        total = _total(self.passed, weights)
        counts = {name: _total(self.ignoring(name), weights) for name in self._refused}
        return {name: count for name, count in counts.items() if count > total}

    def count(self, weights: npt.NDArray[np.float64] | None) -> dict[str, tuple[FacetCount, ...]]:
        """Every facet's values with their rows, most frequent first; `weights` are rows a document (columns)."""
        return {name: self._count(name, weights) for name in FACETS}

    def _count(self, name: str, weights: npt.NDArray[np.float64] | None) -> tuple[FacetCount, ...]:
        facet = self._snapshot.facet(name)
        chosen = self.ignoring(name)[facet.docs]
        counts = np.bincount(
            facet.ordinals[chosen],
            weights=None if weights is None else weights[facet.docs[chosen]],
            minlength=len(facet.values),
        )
        merged: dict[str, tuple[int, str]] = {}
        for place in np.flatnonzero(counts).tolist():
            value, label = facet.values[place]
            merged[value] = (merged.get(value, (0, ""))[0] + int(counts[place]), label)
        ordered = sorted(merged.items(), key=lambda item: (-item[1][0], item[1][1].casefold(), item[0]))
        return tuple(FacetCount(value, label, count) for value, (count, label) in ordered)


def _total(mask: Mask, weights: npt.NDArray[np.float64] | None) -> int:
    return int(np.count_nonzero(mask)) if weights is None else int(weights[mask].sum())
