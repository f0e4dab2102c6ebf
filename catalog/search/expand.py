"""What an unfinished or misspelt word stands for, judged by what the reader may see; shared by all backends."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from catalog.search import analysis, ranking
from catalog.search.documents import Correction
from catalog.search.lexicon import Lexicon

Uses = Callable[
    [str, tuple[str, ...]], int
]  # (term, fields) -> in how many visible documents, counted once a field


class Expander:
    """Finds the words to search for in place of a typed one, and keeps account of what it changed."""

    def __init__(self, uses: Uses, lexicons: Callable[[], Sequence[Lexicon]]) -> None:
        self._uses = uses
        self._lexicons = lexicons
        self.corrections: list[Correction] = []
        self.unknown: list[str] = []

    def alternatives(
        self, term: str, surface: str, fields: tuple[str, ...], is_open: bool, may_correct: bool
    ) -> list[str]:
        """Words of which a document needs one.

        The typed word itself when it is known (with its completions while it is open); else its completions; else the
        nearest spellings, most used first. Empty when nothing visible is like it.
        """
        known = [surface] if self._uses(term, fields) else []
        if is_open:
            found = [*known, *(word for word in self._completions(surface, fields) if word != surface)]
            if found:
                return found
        if known:
            return known
        found = self._replacements(surface, fields, is_open) if may_correct else []
        if found:
            self.corrections.append(Correction(surface, tuple(found[: ranking.MAX_CORRECTIONS])))
        else:
            self.unknown.append(surface)
        return found

    def _replacements(self, surface: str, fields: tuple[str, ...], is_open: bool) -> list[str]:
        if not is_open and len(surface) >= ranking.MIN_COMPLETED:
            completed = self._completions(surface, fields)
            if completed:
                return completed
        return self._spellings(surface, fields)

    def _completions(self, beginning: str, fields: tuple[str, ...]) -> list[str]:
        words = {word for lexicon in self._lexicons() for word in lexicon.starting(beginning)}
        in_order = sorted(words, key=lambda word: (len(word), word))
        used = (word for word in in_order if self._uses(analysis.stem(word), fields))
        return self._by_use(islice(used, ranking.MAX_EXPANSIONS), fields)

    def _spellings(self, surface: str, fields: tuple[str, ...]) -> list[str]:
        near = {
            word: distance
            for lexicon in self._lexicons()
            for distance, word in lexicon.near(surface, ranking.tolerance(surface))
        }
        for distance in sorted(set(near.values())):
            found = self._by_use((word for word, away in near.items() if away == distance), fields)
            if found:
                return found[: ranking.MAX_CORRECTIONS]
        return []

    def _by_use(self, words: Iterable[str], fields: tuple[str, ...]) -> list[str]:
        """Those words the reader can find something by, most used first."""
        counted = [(self._uses(analysis.stem(word), fields), word) for word in words]
        return [word for uses, word in sorted(counted, key=lambda item: (-item[0], item[1])) if uses]
