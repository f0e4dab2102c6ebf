"""What a search backend is: five verbs over neutral documents, and a meter to compare it with the database.

A new backend passes `tests/catalog/search/backends/test_contract.py`.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from catalog.search.documents import DocKey, SearchDocument, SearchHits, Suggestion
from catalog.search.query import SearchQuery


class SearchBackend(Protocol):
    """`held` are the reader's audience tokens (`catalog.accounts.kernel.held_tokens`); `all` sees everything.

    Whatever a backend answers (rows, counts, facets, corrections, suggestions, scores) comes from what the reader may
    see alone. Reading raises IndexUnavailable when the index is missing or damaged.
    """

    def upsert(self, documents: Iterable[SearchDocument]) -> None:
        """Add the documents, each in place of the one with its key. Done when it returns."""

    def remove(self, keys: Iterable[DocKey]) -> None:
        """Forget the documents; unknown keys are no error."""

    def search(self, query: SearchQuery, held: frozenset[str]) -> SearchHits:
        """One page of the result, with counts and facets over the whole of it."""

    def suggest(self, query: SearchQuery, held: frozenset[str], limit: int) -> tuple[Suggestion, ...]:
        """Products, ports and columns the unfinished query may mean, by the ranker of `search`."""

    def rebuild(self, documents: Iterable[SearchDocument]) -> None:
        """Put exactly these documents in place of everything; searches go on, in the old index, until it is done."""

    def fingerprints(self) -> Mapping[DocKey, int]:
        """The key and fingerprint of every document held: what the drift meter compares."""

    def count(self) -> int:
        """How many documents are held."""

    def exclusive(self) -> AbstractContextManager[bool]:
        """The right to write, for one holder among all processes; False when somebody else has it.

        It ends with the process, however that ends.
        """
