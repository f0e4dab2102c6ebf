"""The five verbs on tables of PostgreSQL."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from catalog.search.backends.arrays import searching
from catalog.search.backends.postgres.connections import Connections
from catalog.search.backends.postgres.reading import PostgresSnapshot
from catalog.search.backends.postgres.store import DAMAGE, Store
from catalog.search.documents import DocKey, IndexUnavailable, SearchDocument, SearchHits, Suggestion
from catalog.search.query import SearchQuery

CAP = 64 * 1024 * 1024  # bytes of caches and arrays a reading process holds
T = TypeVar("T")


class PostgresBackend:
    """See `catalog.search.backends.base.SearchBackend`. Any number of processes on any number of hosts may use it.

    `parameters` gives what `psycopg.connect` takes, asked for each new connection.
    """

    def __init__(self, parameters: Callable[[], dict[str, Any]], memory_cap: int = CAP) -> None:
        self._connections = Connections(parameters)
        self._store = Store(self._connections, memory_cap)

    def upsert(self, documents: Iterable[SearchDocument]) -> None:
        batch = {document.key: document for document in documents}
        if batch:
            self._store.write(set(batch), list(batch.values()))

    def remove(self, keys: Iterable[DocKey]) -> None:
        gone = set(keys)
        if gone:
            self._store.write(gone, ())

    def rebuild(self, documents: Iterable[SearchDocument]) -> None:
        self._store.rebuild(documents)

    def fingerprints(self) -> Mapping[DocKey, int]:
        return self._store.snapshot(newest=True).fingerprints()

    def count(self) -> int:
        return self._store.count()

    def exclusive(self) -> AbstractContextManager[bool]:
        return self._connections.exclusive()

    def search(self, query: SearchQuery, held: frozenset[str]) -> SearchHits:
        return self._read(lambda snapshot: searching.search(snapshot, query, snapshot.audience(held)))

    def suggest(self, query: SearchQuery, held: frozenset[str], limit: int) -> tuple[Suggestion, ...]:
        return self._read(lambda snapshot: searching.suggest(snapshot, query, snapshot.audience(held), limit))

    def _read(self, ask: Callable[[PostgresSnapshot], T]) -> T:
        """Ask a snapshot; once more with everything read anew, as rows may have gone since it was made."""
        try:
            return ask(self._store.snapshot())
        except DAMAGE:
            self._store.forget()
        try:
            return ask(self._store.snapshot())
        except DAMAGE as error:
            raise IndexUnavailable(f"The search index cannot be read: {error!r}.") from error

    def close(self) -> None:
        """Close the idle connections."""
        self._connections.close()
