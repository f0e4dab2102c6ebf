"""The reference backend: plain Python over documents in memory, one at a time, as the ranking module tells it.

Slow and simple on purpose. Tests compare the others with it; small meshes and unit tests may use it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock

from catalog.search import columns, ranking, terms
from catalog.search.backends.memory.reading import Entry, Reading
from catalog.search.documents import (
    COLUMN,
    FACETS,
    PORT,
    PRODUCT,
    DocKey,
    FacetCount,
    Hit,
    PortHit,
    SearchDocument,
    SearchHits,
    Suggestion,
)
from catalog.search.lexicon import Lexicon
from catalog.search.query import SearchQuery

Row = tuple[tuple[float, bytes | str, int], Hit]  # what a row is sorted by, and the row


class MemoryBackend:
    """See `catalog.search.backends.base.SearchBackend`; lives and ends with its process."""

    def __init__(self) -> None:
        self._entries: dict[DocKey, Entry] = {}
        self._lexicon: Lexicon | None = None
        self._lock = Lock()

    def upsert(self, documents: Iterable[SearchDocument]) -> None:
        self._entries = self._entries | {document.key: Entry(document) for document in documents}
        self._lexicon = None

    def remove(self, keys: Iterable[DocKey]) -> None:
        gone = set(keys)
        self._entries = {key: entry for key, entry in self._entries.items() if key not in gone}
        self._lexicon = None

    def rebuild(self, documents: Iterable[SearchDocument]) -> None:
        self._entries = {document.key: Entry(document) for document in documents}
        self._lexicon = None

    def fingerprints(self) -> Mapping[DocKey, int]:
        return {key: entry.document.fingerprint() for key, entry in self._entries.items()}

    def count(self) -> int:
        return len(self._entries)

    @contextmanager
    def exclusive(self) -> Iterator[bool]:
        had = self._lock.acquire(blocking=False)
        try:
            yield had
        finally:
            if had:
                self._lock.release()

    def _words(self) -> Lexicon:
        if self._lexicon is None:
            words = {word for entry in self._entries.values() for word in entry.sequence}
            self._lexicon = Lexicon(words - {terms.GAP})
        return self._lexicon

    def _read(self, query: SearchQuery, held: frozenset[str]) -> Reading:
        visible = [
            entry
            for entry in self._entries.values()
            if "all" in held or not held.isdisjoint(entry.document.audience)
        ]
        return Reading(query, visible, self._words)

    def search(self, query: SearchQuery, held: frozenset[str]) -> SearchHits:
        reading = self._read(query, held)
        kind = PRODUCT if query.kind == PRODUCT else PORT
        matches = [e for e in reading.visible if e.document.key.kind == kind and reading.matches(e)]
        rows = {entry.document.key: _rows(reading, entry) for entry in matches}
        passed = [entry for entry in matches if entry.passes(query.filters)]
        count = sum(len(rows[entry.document.key]) for entry in passed)
        start = (query.page - 1) * query.page_size
        hits = sorted((hit for entry in passed for hit in rows[entry.document.key]), key=lambda item: item[0])
        found = {name: _facet(matches, rows, query, name) for name in FACETS}
        loose = {
            name: sum(len(rows[e.document.key]) for e in matches if e.passes(query.filters, name))
            for name in query.filters
        }
        return SearchHits(
            count,
            tuple(hit for _, hit in hits[start : start + query.page_size]),
            found,
            tuple(reading.expander.corrections),
            tuple(reading.expander.unknown),
            {name: more for name, more in loose.items() if more > count},
            frozenset(stem for need in reading.needs for stem in need.stems),
        )

    def suggest(self, query: SearchQuery, held: frozenset[str], limit: int) -> tuple[Suggestion, ...]:
        reading = self._read(query, held)
        if not reading.needs:
            return ()
        matches = [entry for entry in reading.visible if reading.matches(entry)]
        ordered = sorted(
            matches, key=lambda entry: (-reading.score(entry), entry.name, entry.document.key.id)
        )
        found = {PRODUCT: list[Suggestion](), PORT: list[Suggestion]()}
        for entry in ordered:
            key = entry.document.key
            found[key.kind].append(Suggestion(key.kind, "", reading.score(entry), key))
        ports: Counter[str] = Counter()
        for entry in reading.visible:
            if entry.document.key.kind == PORT:
                needs = reading.column_needs
                ports.update(p for p in entry.document.columns if columns.met(p, needs) == len(needs))
        named = [
            Suggestion(
                COLUMN, path, columns.score(reading.canonical in columns.names_of(path), 1, 1, 0), None, n
            )
            for path, n in ports.items()
        ]
        named.sort(key=lambda s: (-s.score, -s.count, s.text))
        return ranking.spread((found[PRODUCT], found[PORT], named), limit)


def _rows(reading: Reading, entry: Entry) -> list[Row]:
    """The rows a document gives, each with the key it is sorted by."""
    document, query = entry.document, reading.query
    score = reading.score(entry)
    if query.kind != COLUMN:
        hit = _product(reading, entry, score) if query.kind == PRODUCT else _port(reading, entry, score)
        return [((_leading(query.sort, document, score), entry.name, document.key.id), hit)]
    needs = reading.column_needs
    met = {path: columns.met(path, needs) for path in document.columns}
    best = max(met.values(), default=0)
    rows: list[Row] = []
    for path, words in met.items():
        if needs and (words == 0 or words < best):
            continue
        exact = reading.canonical in columns.names_of(path)
        own = columns.score(exact, words, len(needs), score)
        hit = Hit(document.key, document.product_id, own, column=path)
        rows.append(((_leading(query.sort, document, own), path, document.key.id), hit))
    return rows


def _leading(sort: str, document: SearchDocument, score: float) -> float:
    quality = -1.0 if document.quality is None else document.quality
    by = {"name": 0.0, "updated": -float(document.updated_at), "quality": -quality}
    return by.get(sort, -score)


def _product(reading: Reading, entry: Entry, score: float) -> Hit:
    inside = [
        other
        for other in reading.visible
        if other.document.key.kind == PORT
        and other.document.product_id == entry.document.product_id
        and reading.relevance(other) > 0
    ]
    best = sorted(inside, key=lambda other: (-reading.score(other), other.document.key.id))[
        : ranking.PORTS_INSIDE
    ]
    ports = tuple(
        PortHit(other.document.key, reading.score(other), _port(reading, other, 0.0).columns)
        for other in best
    )
    return Hit(entry.document.key, entry.document.product_id, score, ports=ports)


def _port(reading: Reading, entry: Entry, score: float) -> Hit:
    found = columns.matched_columns(entry.document.columns, reading.column_needs, ranking.COLUMNS_INSIDE)
    return Hit(entry.document.key, entry.document.product_id, score, columns=found)


def _facet(
    matches: list[Entry], rows: Mapping[DocKey, list[Row]], query: SearchQuery, name: str
) -> tuple[FacetCount, ...]:
    counts: Counter[str] = Counter()
    labels: dict[str, str] = {}
    for entry in matches:
        if entry.passes(query.filters, ignoring=name):
            for value in entry.document.facets.get(name, ()):
                counts[value.value] += len(rows[entry.document.key])
                labels[value.value] = value.label
    ordered = sorted(counts.items(), key=lambda item: (-item[1], labels[item[0]].casefold(), item[0]))
    return tuple(FacetCount(value, labels[value], count) for value, count in ordered if count)
