"""The five verbs on Whoosh files."""

import errno
import pickle
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from itertools import chain, islice
from pathlib import Path

import numpy as np

from catalog.search.backends.arrays import searching
from catalog.search.backends.whoosh.segment import DamagedIndex
from catalog.search.backends.whoosh.store import Store
from catalog.search.backends.whoosh.writing import DocumentWriter
from catalog.search.documents import (
    DocKey,
    IndexUnavailable,
    SearchDocument,
    SearchHits,
    Suggestion,
)
from catalog.search.query import SearchQuery

AT_ONCE = 200  # documents looked for at once among those that are there
CAP = 64 * 1024 * 1024  # bytes of caches and arrays a reading process holds


class WhooshBackend:
    """See `catalog.search.backends.base.SearchBackend`. Writing belongs to one process at a time: `exclusive`."""

    def __init__(self, folder: Path, memory_cap: int = CAP) -> None:
        self._store = Store(folder, memory_cap)

    def upsert(self, documents: Iterable[SearchDocument]) -> None:
        """One commit, however many documents come; they are written as they come, and not held.

        A writer killed before its end leaves nothing.
        """
        stream = iter(documents)
        while batch := list(islice(stream, AT_ONCE)):
            stream = self._write(chain(batch, stream))

    def remove(self, keys: Iterable[DocKey]) -> None:
        gone = set(keys)
        snapshot = self._store.snapshot(newest=True)
        if outdated := snapshot.docs_of(gone):
            with self._writer() as writer:
                for doc in outdated:
                    writer.delete_document(doc)

    def _write(self, documents: Iterable[SearchDocument]) -> Iterator[SearchDocument]:
        """Write and commit until a key comes a second time; returns what is left from there on."""
        snapshot = self._store.snapshot(newest=True)
        written: set[DocKey] = set()
        stream = iter(documents)
        with self._writer() as writer:
            while batch := list(islice(stream, AT_ONCE)):
                news = list(_until_known(batch, written))
                for doc in snapshot.docs_of({document.key for document in news}):
                    writer.delete_document(doc)
                for document in news:
                    writer.add(document)
                if len(news) < len(batch):
                    return chain(batch[len(news) :], stream)
        return iter(())

    @contextmanager
    def _writer(self) -> Iterator[DocumentWriter]:
        self._store.check()  # before what is damaged is merged into what is new
        index = self._store.open_index()
        writer = DocumentWriter(index, self._store.held())
        try:
            yield writer
        except BaseException:
            writer.cancel()
            raise
        try:
            writer.commit()
        except _DAMAGE as error:  # met while segments are merged
            if isinstance(error, OSError) and error.errno in NO_SPACE:
                raise
            raise IndexUnavailable(f"The search index cannot be read: {error!r}.") from error
        self._store.seal(index)
        self._store.look_again()

    def rebuild(self, documents: Iterable[SearchDocument]) -> None:
        index = self._store.create_index()
        try:
            writer = DocumentWriter(index)
            try:
                for document in documents:
                    writer.add(document)
            except BaseException:
                writer.cancel()
                raise
            writer.commit()
            self._store.seal(index)
        except BaseException:
            self._store.discard(index)  # it would fill the disk a little more at every attempt
            raise
        self._store.make_current(index)
        self._store.look_again()

    def fingerprints(self) -> Mapping[DocKey, int]:
        return self._store.snapshot(newest=True).fingerprints()

    def count(self) -> int:
        self._store.check()
        return int(np.count_nonzero(self._store.snapshot().alive))

    def exclusive(self) -> AbstractContextManager[bool]:
        return self._store.exclusive()

    def search(self, query: SearchQuery, held: frozenset[str]) -> SearchHits:
        snapshot = self._store.snapshot()
        with self._reading():
            return searching.search(snapshot, query, snapshot.audience(held))

    def suggest(self, query: SearchQuery, held: frozenset[str], limit: int) -> tuple[Suggestion, ...]:
        snapshot = self._store.snapshot()
        with self._reading():
            return searching.suggest(snapshot, query, snapshot.audience(held), limit)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Files changed by somebody else make their reader raise anything; our own mistakes must be seen."""
        try:
            yield
        except _DAMAGE as error:
            raise IndexUnavailable(f"The search index cannot be read: {error!r}.") from error
        except Exception as error:
            if self._store.is_intact():
                raise
            raise IndexUnavailable(f"The search index is damaged: {error!r}.") from error


NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
# What reading a damaged file raises; anything else is our own mistake and must be seen.
_DAMAGE = (DamagedIndex, pickle.UnpicklingError, zlib.error, struct.error, EOFError, OSError)


def _until_known(documents: Iterable[SearchDocument], known: set[DocKey]) -> Iterator[SearchDocument]:
    """Documents until one has a key of `known`, which grows by theirs."""
    for document in documents:
        if document.key in known:
            return
        known.add(document.key)
        yield document
