"""Postings on their way to disk, a list a term: what Whoosh's own pool keeps and sorts one tuple a posting.

Grouped by term there is nothing to sort but the terms. When `limit` bytes are held they go to a nameless file, which
vanishes with the process; the lists of a term are joined again when they are read.
"""

import heapq
import pickle
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import IO, NamedTuple

POSTING_BYTES = 12  # an id and a count, with the slack of growing arrays
VALUE_BYTES = 48  # a bytes object and its place in a list, beside its content
TERM_BYTES = 400  # two arrays and their place in a dictionary


class PostingList(NamedTuple):
    """The documents of a term, ascending, how often it stands in each, and (`words` only) its packed positions."""

    ids: "array[int]"
    counts: "array[float]"
    values: list[bytes]

    def extend(self, later: "PostingList") -> None:
        """Add postings of later documents."""
        self.ids.extend(later.ids)
        self.counts.extend(later.counts)
        self.values.extend(later.values)


Group = tuple[str, bytes, PostingList]  # field, term as UTF-8, its postings


class TermPool:
    """Collects the postings of a segment; documents must come in ascending order."""

    def __init__(self, folder: str, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._fields: dict[str, dict[str, PostingList]] = {}
        self._size = 0
        self._runs: list[IO[bytes]] = []

    def add(self, field: str, doc: int, terms: Sequence[str]) -> None:
        """The terms of one field of a document, repeated as often as they stand in it."""
        held = self._of(field)
        counted = Counter(terms)
        for term, count in counted.items():
            found = held.get(term)
            if found is None:
                found = self._new(held, term)
            found.ids.append(doc)
            found.counts.append(count)
        self._grow(POSTING_BYTES * len(counted))

    def add_places(self, field: str, doc: int, terms: Sequence[str]) -> None:
        """As `add`, with the positions at which each term stands."""
        held = self._of(field)
        places: dict[str, array[int]] = {}
        for place, term in enumerate(terms):
            at = places.get(term)
            if at is None:
                at = places[term] = array("I")
            at.append(place)
        for term, at in places.items():
            found = held.get(term)
            if found is None:
                found = self._new(held, term)
            found.ids.append(doc)
            found.counts.append(len(at))
            found.values.append(at.tobytes())
        self._grow((POSTING_BYTES + VALUE_BYTES) * len(places) + 4 * len(terms))

    def add_list(self, field: str, term: str, added: PostingList) -> None:
        """Postings of a whole term, of documents after all that are there."""
        held = self._of(field)
        found = held.get(term) or self._new(held, term)
        found.extend(added)
        self._grow(POSTING_BYTES * len(added.ids) + sum(VALUE_BYTES + len(value) for value in added.values))

    def _of(self, field: str) -> dict[str, PostingList]:
        if self._size >= self._limit:
            self._save()
        return self._fields.setdefault(field, {})

    def _new(self, held: dict[str, PostingList], term: str) -> PostingList:
        found = held[term] = PostingList(array("I"), array("f"), [])
        self._size += TERM_BYTES
        return found

    def _grow(self, size: int) -> None:
        self._size += size

    def _save(self) -> None:
        """Put what is held into a file, in order."""
        run = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # closed by `close`
        self._runs.append(run)
        for group in _in_order(self._fields):
            pickle.dump(group, run, pickle.HIGHEST_PROTOCOL)
        self._fields, self._size = {}, 0

    def groups(self) -> Iterator[Group]:
        """Every term once, in the order of fields and terms. Empties the pool."""
        if not self._runs:
            yield from _in_order(self._fields)
            return
        self._save()
        joined: Group | None = None
        for group in heapq.merge(*map(_read, self._runs), key=itemgetter(0, 1)):
            if joined is None or joined[:2] != group[:2]:
                if joined is not None:
                    yield joined
                joined = group
                continue
            joined[2].extend(group[2])
        if joined is not None:
            yield joined

    def close(self) -> None:
        for run in self._runs:
            run.close()
        self._runs, self._fields = [], {}


def _in_order(fields: Mapping[str, Mapping[str, PostingList]]) -> Iterator[Group]:
    for field in sorted(fields):
        held = ((term.encode("utf-8", "surrogatepass"), postings) for term, postings in fields[field].items())
        for term, postings in sorted(held, key=itemgetter(0)):
            yield field, term, postings


def _read(run: IO[bytes]) -> Iterator[Group]:
    run.seek(0)
    with suppress(EOFError):
        while True:
            yield pickle.load(run)  # noqa: S301  # written by this process a moment ago, into a file without a name
