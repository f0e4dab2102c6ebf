"""The words of an index: what begins so, and what is within a few typing errors."""

from bisect import bisect_left
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt


class Lexicon:
    """A sorted list of words, searched by beginning and by optimal string alignment distance.

    The distance (Damerau-Levenshtein restricted to one edit a substring) counts insertions, deletions, substitutions
    and swaps of neighbours. The first letter must be right: people rarely mistype it, and it cuts the work by ten.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted(words)
        self._lengths = np.fromiter(
            (len(word) for word in self._words), dtype=np.int16, count=len(self._words)
        )

    def __len__(self) -> int:
        return len(self._words)

    @property
    def nbytes(self) -> int:
        """An estimate of the memory held."""
        return int(self._lengths.sum(dtype=np.int64)) + 58 * len(self._words)

    def starting(self, beginning: str) -> list[str]:
        """Every word that begins so, in order."""
        first, last = self._span(beginning)
        return self._words[first:last]

    def near(self, word: str, errors: int) -> list[tuple[int, str]]:
        """Words within `errors` of `word`, with their distance, nearest first; not `word` itself."""
        if errors <= 0 or not word:
            return []
        first, last = self._span(word[0])
        close = np.abs(self._lengths[first:last] - len(word)) <= errors
        candidates = [self._words[first + int(place)] for place in np.flatnonzero(close)]
        if not candidates:
            return []
        distances = _distances(word, candidates)
        found = [
            (int(distance), candidate)
            for distance, candidate in zip(distances, candidates, strict=True)
            if 0 < distance <= errors
        ]
        return sorted(found)

    def _span(self, beginning: str) -> tuple[int, int]:
        first = bisect_left(self._words, beginning)
        last = bisect_left(self._words, beginning + "\U0010ffff", lo=first)
        return first, last


def _distances(word: str, candidates: list[str]) -> npt.NDArray[np.uint8]:
    """Optimal string alignment distance of `word` to every candidate, one column of the table for all at once."""
    grid = np.array(candidates)
    longest = grid.dtype.itemsize // 4
    letters = grid.view(np.uint32).reshape(len(candidates), longest).T
    typed = [ord(letter) for letter in word]
    count = len(candidates)
    before: npt.NDArray[np.uint8] = np.zeros((longest + 1, count), np.uint8)
    last = np.repeat(np.arange(longest + 1, dtype=np.uint8)[:, None], count, axis=1)
    for i, letter in enumerate(typed):
        now = np.empty_like(last)
        now[0] = i + 1
        differs = (letters != letter).astype(np.uint8)
        for j in range(1, longest + 1):
            best = np.minimum(np.minimum(last[j], now[j - 1]) + 1, last[j - 1] + differs[j - 1])
            if i and j > 1:
                swapped = (letters[j - 2] == letter) & (letters[j - 1] == typed[i - 1])
                best = np.where(swapped, np.minimum(best, before[j - 2] + 1), best)
            now[j] = best
        before, last = last, now
    ends = np.fromiter((len(candidate) for candidate in candidates), dtype=np.intp, count=count)
    result: npt.NDArray[np.uint8] = last[ends, np.arange(count)]
    return result
