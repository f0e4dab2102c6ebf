"""The index in its tables: snapshots for readers, commits for the one writer."""

import json
import struct
import time
import zlib
from collections.abc import Iterable, Sequence
from threading import Lock

import numpy as np
from psycopg import Connection, IsolationLevel
from psycopg.errors import UndefinedTable

from catalog.search.backends.postgres import building, tables
from catalog.search.backends.postgres.building import WORDS
from catalog.search.backends.postgres.connections import Connections, Row
from catalog.search.backends.postgres.packing import Damaged, pack_rising, unpack_rising
from catalog.search.backends.postgres.reading import PostgresSegment, PostgresSnapshot, SegmentRow
from catalog.search.backends.postgres.tables import named
from catalog.search.documents import DocKey, IndexUnavailable, SearchDocument

SEGMENT_DOCUMENTS = 8_192  # of a rebuild; segments of this size are not merged any more
MERGE_FACTOR = 8  # so many segments of about one size become one
KEPT_SECONDS = 60  # how long what was merged stays, for readers in the middle of a search

# What reading damaged rows raises; anything else is our own mistake and must be seen.
DAMAGE = (Damaged, UndefinedTable, json.JSONDecodeError, zlib.error, struct.error, UnicodeDecodeError)


class Store:
    """Reads and writes the index in use. Segments already read are kept from snapshot to snapshot."""

    def __init__(self, connections: Connections, memory_cap: int, check_seconds: float = 0.25) -> None:
        self._connections = connections
        self._cap = memory_cap
        self._check_seconds = check_seconds
        self._lock = Lock()
        self._snapshot: PostgresSnapshot | None = None
        self._seen: tuple[int, int] | None = None
        self._checked_at = 0.0
        self._segments: dict[tuple[int, int], PostgresSegment] = {}

    # --- reading

    def snapshot(self, newest: bool = False) -> PostgresSnapshot:
        """The index as of the last commit (looked for at most every `check_seconds` unless `newest`).

        While one thread reads a new commit the others go on with the old one.
        """
        held = self._snapshot
        if held is not None and not newest and time.monotonic() - self._checked_at < self._check_seconds:
            return held
        if not self._lock.acquire(blocking=held is None or newest):
            assert held is not None  # noqa: S101  # only those who hold one do not wait
            return held
        try:
            return self._refreshed()
        finally:
            self._lock.release()

    def look_again(self) -> None:
        """Have the next reader of this process look for a new commit at once."""
        self._checked_at = 0.0

    def forget(self) -> None:
        """Have the next reader read everything anew."""
        with self._lock:
            self._snapshot, self._seen, self._segments = None, None, {}

    def _refreshed(self) -> PostgresSnapshot:
        try:
            with self._connections.borrow() as connection:
                seen = tables.current(connection)
                if self._snapshot is None or seen != self._seen:
                    connection.isolation_level = IsolationLevel.REPEATABLE_READ
                    try:
                        with connection.transaction():
                            seen = tables.current(connection)
                            self._snapshot = self._read(connection, *seen)
                    finally:
                        connection.isolation_level = None
                    self._seen = seen
        except IndexUnavailable:
            self._snapshot = None
            raise
        except DAMAGE as error:
            self._snapshot = None
            raise IndexUnavailable(f"The search index cannot be read: {error!r}.") from error
        self._checked_at = time.monotonic()
        return self._snapshot

    def _read(self, connection: Connection[Row], index_id: int, version: int) -> PostgresSnapshot:
        cursor = connection.cursor(binary=True)
        statement = "SELECT id, dead FROM {segment} WHERE merged_at IS NULL ORDER BY id"
        dead = {
            number: unpack_rising(raw).tolist() if raw else []
            for number, raw in cursor.execute(named(statement, index_id)).fetchall()
        }
        held = {number: self._segments.get((index_id, number)) for number in dead}
        unread = [number for number, segment in held.items() if segment is None]
        if unread:
            statement = (
                "SELECT id, size, numbers, names, facets, columns, lexicon FROM {segment} WHERE id = ANY(%s)"
            )
            for row in cursor.execute(named(statement, index_id), [unread]):
                held[row[0]] = PostgresSegment(SegmentRow(*row))
        segments = [segment for segment in held.values() if segment is not None]
        self._segments = {(index_id, segment.id): segment for segment in segments}

        def terms(wanted: Sequence[str]) -> list[tuple[str, int, int, bytes]]:
            return self._fetch_terms(index_id, wanted)

        def places(word: str) -> list[tuple[int, bytes]]:
            return self._fetch_places(index_id, word)

        return PostgresSnapshot(segments, list(dead.values()), version, self._cap, (terms, places))

    def _fetch_terms(self, index_id: int, wanted: Sequence[str]) -> list[tuple[str, int, int, bytes]]:
        statement = "SELECT term, segment, field, list FROM {posting} WHERE term = ANY(%s) AND field <> %s"
        terms = {term.encode("utf-8", "surrogatepass"): term for term in wanted}
        with self._connections.borrow() as connection:
            cursor = connection.cursor(binary=True)
            rows = cursor.execute(named(statement, index_id), [list(terms), WORDS]).fetchall()
        return [(terms[term], segment, field, raw) for term, segment, field, raw in rows]

    def _fetch_places(self, index_id: int, word: str) -> list[tuple[int, bytes]]:
        statement = "SELECT segment, list FROM {posting} WHERE term = %s AND field = %s"
        asked = [word.encode("utf-8", "surrogatepass"), WORDS]
        with self._connections.borrow() as connection:
            return connection.cursor(binary=True).execute(named(statement, index_id), asked).fetchall()

    def count(self) -> int:
        """How many documents the index holds."""
        try:
            with self._connections.borrow() as connection:
                index_id, _ = tables.current(connection)
                statement = "SELECT coalesce(sum(size - dead_count), 0)::bigint FROM {segment} WHERE merged_at IS NULL"
                row = connection.execute(named(statement, index_id)).fetchone()
        except UndefinedTable as error:
            raise IndexUnavailable("The tables of the search index are missing.") from error
        return int(row[0]) if row else 0

    # --- writing

    def write(self, keys: set[DocKey], documents: Sequence[SearchDocument]) -> None:
        """One commit: the documents of `keys` go, `documents` come. A writer killed before its end leaves nothing."""
        built = building.build(documents) if documents else None
        try:
            with self._connections.borrow() as connection, connection.transaction():
                index_id, _ = tables.current(connection, lock=True)
                gone = _take_out(connection, index_id, keys)
                if built is None and not gone:
                    return
                if built is not None:
                    segment = tables.insert_segment(connection, index_id, built)
                    _insert_documents(connection, index_id, segment, documents)
                _merge(connection, index_id)
                connection.execute(
                    "UPDATE meshportal_search_index SET version = version + 1 WHERE id = %s", [index_id]
                )
        except DAMAGE as error:
            raise IndexUnavailable(f"The search index cannot be written: {error!r}.") from error
        self.look_again()

    def rebuild(self, documents: Iterable[SearchDocument]) -> None:
        """A new index with exactly these documents, beside the one in use and then in its place."""
        with self._connections.borrow() as connection:
            with connection.transaction():
                index_id = tables.create(connection)
            for batch in building.batches(iter(documents), SEGMENT_DOCUMENTS):
                built = building.build(batch)
                with connection.transaction():
                    keys = {document.key for document in batch}
                    _take_out(connection, index_id, keys)
                    segment = tables.insert_segment(connection, index_id, built)
                    _insert_documents(connection, index_id, segment, batch)
            connection.execute(named("ANALYZE {posting}, {document}", index_id))
            with connection.transaction():
                tables.make_current(connection, index_id)
        self.look_again()


def _take_out(connection: Connection[Row], index_id: int, keys: set[DocKey]) -> int:
    """Forget the documents of these keys; how many there were."""
    statement = (
        "DELETE FROM {document} d USING unnest(%s::text[], %s::bigint[]) AS gone (kind, id)"
        " WHERE d.kind = gone.kind AND d.id = gone.id RETURNING d.segment, d.slot"
    )
    asked = [[key.kind for key in keys], [key.id for key in keys]]
    slots: dict[int, list[int]] = {}
    for segment, slot in connection.execute(named(statement, index_id), asked).fetchall():
        slots.setdefault(segment, []).append(slot)
    for segment, dead in slots.items():
        held = connection.execute(named("SELECT dead FROM {segment} WHERE id = %s", index_id), [segment])
        (raw,) = held.fetchone() or (b"",)
        everything = np.union1d(unpack_rising(raw) if raw else np.empty(0, np.int64), dead)
        connection.execute(
            named("UPDATE {segment} SET dead = %s, dead_count = %s WHERE id = %s", index_id),
            [pack_rising(everything), len(everything), segment],
        )
    return sum(map(len, slots.values()))


def _insert_documents(
    connection: Connection[Row], index_id: int, segment: int, documents: Sequence[SearchDocument]
) -> None:
    into = named("COPY {document} (kind, id, segment, slot, body) FROM STDIN (FORMAT BINARY)", index_id)
    with connection.cursor().copy(into) as copy:
        copy.set_types(["text", "int8", "int4", "int4", "bytea"])
        for slot, document in enumerate(documents):
            copy.write_row((*document.key, segment, slot, building.to_bytes(document)))


def _merge(connection: Connection[Row], index_id: int) -> None:
    """Keep the number of segments small: of MERGE_FACTOR of about one size, and of the mostly dead, one is made."""
    statement = "SELECT id, size - dead_count, dead_count FROM {segment} WHERE merged_at IS NULL ORDER BY id"
    levels: dict[int, list[int]] = {}
    chosen: set[int] = set()
    for number, living, dead in connection.execute(named(statement, index_id)).fetchall():
        if dead > living:
            chosen.add(number)
        elif living < SEGMENT_DOCUMENTS // 2:
            levels.setdefault(living.bit_length() // 3, []).append(number)  # a factor of eight a level
    for numbers in levels.values():
        if len(numbers) >= MERGE_FACTOR:
            chosen.update(numbers)
    if chosen:
        _merge_into_one(connection, index_id, sorted(chosen))
    _drop_merged(connection, index_id)


def _merge_into_one(connection: Connection[Row], index_id: int, chosen: list[int]) -> None:
    statement = "DELETE FROM {document} WHERE segment = ANY(%s) RETURNING body"
    cursor = connection.cursor(binary=True)
    documents = [building.from_bytes(raw) for (raw,) in cursor.execute(named(statement, index_id), [chosen])]
    if documents:
        segment = tables.insert_segment(connection, index_id, building.build(documents))
        _insert_documents(connection, index_id, segment, documents)
    connection.execute(named("UPDATE {segment} SET merged_at = now() WHERE id = ANY(%s)", index_id), [chosen])


def _drop_merged(connection: Connection[Row], index_id: int) -> None:
    statement = "DELETE FROM {segment} WHERE merged_at < now() - make_interval(secs => %s) RETURNING id"
    gone = [number for (number,) in connection.execute(named(statement, index_id), [KEPT_SECONDS]).fetchall()]
    if gone:
        connection.execute(named("DELETE FROM {posting} WHERE segment = ANY(%s)", index_id), [gone])
