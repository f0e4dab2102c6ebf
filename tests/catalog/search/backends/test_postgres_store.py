"""The index in tables: several processes, swaps, damage, other formats, a writer killed at any moment, merging."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.db.utils import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from catalog.search.backends.postgres import PostgresBackend, building, connections, packing, store
from catalog.search.documents import DocKey, IndexUnavailable
from catalog.search.query import opened, parse
from tests import postgres_server as postgres
from tests.factories.search import make_document, make_mesh, make_queries

MESH = frozenset({"mesh"})
ALL = frozenset({"all"})
ROOT = Path(__file__).parents[4]
NewBackend = Callable[[], PostgresBackend]

WRITER = """
import sys
from psycopg.conninfo import conninfo_to_dict
from catalog.search.backends.postgres import PostgresBackend
from catalog.search.documents import DocKey, SearchDocument
backend = PostgresBackend(lambda: dict(conninfo_to_dict(sys.argv[1])))
with backend.exclusive() as had:
    assert had
    print("ready", flush=True)
    for turn in range(10_000):
        backend.upsert([
            SearchDocument(DocKey("product", row), row, f"turn {turn} row {row}", frozenset({"mesh"}))
            for row in range(1, 41)
        ])
"""


@pytest.fixture(autouse=True)
def _no_index_yet(postgres_server: postgres.Server) -> None:
    drop_everything(postgres_server)


def drop_everything(server: postgres.Server) -> None:
    for (name,) in server.run("SELECT tablename FROM pg_tables WHERE tablename LIKE 'meshportal_search_%'"):
        server.run(f"DROP TABLE {name}")  # a name of our own


def tables(server: postgres.Server, kind: str) -> list[object]:
    found = server.run(f"SELECT tablename FROM pg_tables WHERE tablename LIKE 'meshportal_search_%_{kind}'")
    return [name for (name,) in found]


def test_no_index_is_said(new_postgres_backend: NewBackend) -> None:
    backend = new_postgres_backend()
    for ask in (
        lambda: backend.search(parse("x"), MESH),
        backend.count,
        lambda: backend.upsert([make_document("x")]),
    ):
        with pytest.raises(IndexUnavailable, match="no search index yet"):
            ask()


def test_another_process_sees_commits_and_swaps(
    new_postgres_backend: NewBackend, postgres_server: postgres.Server
) -> None:
    writer, reader = new_postgres_backend(), new_postgres_backend()
    writer.rebuild([make_document("First", row=1)])
    assert reader.search(parse("first"), MESH).count == 1
    writer.upsert([make_document("Second", row=2)])
    writer.remove([DocKey("product", 1)])
    time.sleep(0.3)
    assert [hit.key.id for hit in reader.search(parse(""), MESH).hits] == [2]
    writer.rebuild([make_document("Third", row=3)])
    time.sleep(0.3)
    assert [hit.key.id for hit in reader.search(parse(""), MESH).hits] == [3]
    writer.rebuild([])
    assert len(tables(postgres_server, "segment")) == 2, "only the current index and the one before are kept"


def test_searches_go_on_while_the_index_is_rebuilt(new_postgres_backend: NewBackend) -> None:
    """Also for a reader that looks for a new index more slowly than indexes come and go."""
    backend, reader = new_postgres_backend(), new_postgres_backend()
    backend.rebuild(make_mesh(10))
    counts, stop = set(), threading.Event()

    def look() -> None:
        while not stop.is_set():
            counts.add(reader.search(parse("", kind="port"), ALL).count)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for size in (20, 10, 20, 10, 20):
        backend.rebuild(make_mesh(size))
    time.sleep(0.4)
    stop.set()
    for thread in threads:
        thread.join()
    assert counts == {10, 20}


@pytest.mark.parametrize("harm", ["cut", "noise", "table", "pointer", "format"])
def test_damage_is_unavailability_and_a_rebuild_heals_it(
    new_postgres_backend: NewBackend, postgres_server: postgres.Server, harm: str
) -> None:
    new_postgres_backend().rebuild(make_mesh(40))
    (segment,), (posting,) = tables(postgres_server, "segment"), tables(postgres_server, "posting")
    postgres_server.run(
        {
            "cut": f"UPDATE {segment} SET numbers = substr(numbers, 1, 50)",
            "noise": f"UPDATE {segment} SET facets = '\\x00ff00ff00ff'",
            "table": f"DROP TABLE {posting}, {segment}",
            "pointer": "DELETE FROM meshportal_search_index",
            "format": "UPDATE meshportal_search_index SET format = '0'",
        }[harm]  # names of our own
    )
    backend = new_postgres_backend()
    with pytest.raises(IndexUnavailable):
        backend.search(parse("play"), MESH)
    with pytest.raises(IndexUnavailable):
        backend.fingerprints()
    backend.rebuild(make_mesh(40))
    assert backend.search(parse(""), ALL).count == 40


def test_damage_inside_postings_is_unavailability(
    new_postgres_backend: NewBackend, postgres_server: postgres.Server
) -> None:
    backend = new_postgres_backend()
    backend.rebuild(make_mesh(40))
    (posting,) = tables(postgres_server, "posting")
    postgres_server.run(f"UPDATE {posting} SET list = '\\xffffffff'")
    with pytest.raises(IndexUnavailable):
        new_postgres_backend().search(parse("play"), MESH)


def test_a_writer_killed_at_any_moment_leaves_a_whole_index(
    new_postgres_backend: NewBackend, postgres_server: postgres.Server
) -> None:
    backend = new_postgres_backend()
    backend.rebuild([])
    for pause in (0.15, 0.31, 0.47):
        command = [sys.executable, "-c", WRITER, postgres_server.url()]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with backend.exclusive() as had:
            assert not had
        time.sleep(pause)
        process.kill()
        process.wait()
        process.stdout.close()
        end = time.monotonic() + 10
        while not _has_the_lock(backend):  # the server notices that its client is gone
            assert time.monotonic() < end
            time.sleep(0.02)
        assert backend.search(parse("", page_size=100), MESH).count in (0, 1, 40, 41)
        with backend.exclusive() as had:
            assert had
            backend.upsert([make_document("after the fall", row=99)])
        assert backend.search(parse("fall"), MESH).count == 1


def _has_the_lock(backend: PostgresBackend) -> bool:
    with backend.exclusive() as had:
        return had


def test_segments_of_many_small_commits_are_merged(
    new_postgres_backend: NewBackend, postgres_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "KEPT_SECONDS", 0)
    backend = new_postgres_backend()
    backend.rebuild(make_mesh(30))
    for row in range(1, 80):
        backend.upsert([make_document(f"turn {row}", row=row, columns=("a_b",), updated_at=row)])
    assert backend.search(parse(""), ALL).count == 79
    assert backend.search(parse("turn 33"), ALL).hits[0].key.id == 33
    assert len(backend._store.snapshot().segments) < 20
    (segment,), (posting,) = tables(postgres_server, "segment"), tables(postgres_server, "posting")
    living = f"SELECT count(*) FROM {segment}"
    strays = f"SELECT count(*) FROM {posting} WHERE segment NOT IN (SELECT id FROM {segment})"
    assert postgres_server.run(living)[0][0] < 20, "what was merged is gone"
    assert postgres_server.run(strays) == [(0,)]


def test_mostly_deleted_segments_are_written_anew(
    new_postgres_backend: NewBackend, postgres_server: postgres.Server
) -> None:
    backend = new_postgres_backend()
    backend.rebuild(make_mesh(40))
    backend.remove([DocKey(kind, row) for kind in ("product", "port") for row in range(1, 30)])
    snapshot = backend._store.snapshot(newest=True)
    assert snapshot.alive.all()
    assert backend.count() == snapshot.size == 22


def test_caches_stay_below_their_cap(postgres_server: postgres.Server) -> None:
    cap = 400_000
    backend = PostgresBackend(lambda: dict(psycopg.conninfo.conninfo_to_dict(postgres_server.url())), cap)
    backend.rebuild(make_mesh(300))
    for text, _ in make_queries(120):
        backend.search(parse(text), MESH)
    snapshot = backend._store.snapshot()
    held = snapshot._terms.nbytes + snapshot._places.nbytes + snapshot._audiences.nbytes
    assert 0 < held <= cap
    backend.close()


def test_a_question_costs_a_few_statements_however_many_words_it_completes(
    new_postgres_backend: NewBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = new_postgres_backend()
    backend.rebuild(
        make_document(f"pl{a}{b}y stream", row=n)
        for n, (a, b) in enumerate(((a, b) for a in "abcdefghij" for b in "klmnopqrst"), start=1)
    )
    asked: list[object] = []
    real = backend._store._fetch_terms
    monkeypatch.setattr(backend._store, "_fetch_terms", lambda *given: asked.append(given) or real(*given))
    found = backend.suggest(opened(parse("pl")), MESH, 8)
    assert len(found) == 8
    assert len(asked) <= 4
    asked.clear()
    assert backend.search(parse("stream playbck"), MESH).count == 0
    assert len(asked) <= 6


def test_a_connection_the_server_has_closed_is_replaced(
    new_postgres_backend: NewBackend, postgres_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.0)
    backend = new_postgres_backend()
    backend.rebuild([make_document("First", row=1)])
    postgres_server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    assert backend.search(parse("first"), MESH).count == 1


def test_a_server_that_is_away_is_no_damage() -> None:
    """It must not make the worker build the index anew."""
    parameters = {"host": "127.0.0.1", "port": postgres.free_port(), "connect_timeout": 2}
    backend = PostgresBackend(lambda: parameters)
    with pytest.raises(OperationalError):
        backend.count()
    with pytest.raises(OperationalError), backend.exclusive():
        pass


@given(st.lists(st.integers(0, 2**63 - 1)), st.lists(st.binary()))
def test_packed_is_what_is_unpacked(numbers: list[int], parts: list[bytes]) -> None:
    assert packing.unpack(packing.pack(numbers)).tolist() == numbers
    rising = sorted(numbers)
    assert packing.unpack_rising(packing.pack_rising(rising)).tolist() == rising
    assert packing.unbundle(packing.bundle(parts)) == parts


def test_a_document_comes_back_whole() -> None:
    for document in (*make_mesh(3), make_document("\ud800 é", texts=("\x00",), quality=None, prior=-0.25)):
        assert building.from_bytes(building.to_bytes(document)) == document
