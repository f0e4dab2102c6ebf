"""The index folder: swaps, damage, other formats, a writer killed at any moment, the memory cap."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from catalog.search.backends.arrays.cache import ByteCache
from catalog.search.backends.whoosh import WhooshBackend
from catalog.search.documents import DocKey, IndexUnavailable
from catalog.search.query import parse
from tests.factories.search import make_document, make_mesh, make_queries

MESH = frozenset({"mesh"})
ROOT = Path(__file__).parents[4]

WRITER = """
import sys
from pathlib import Path
from catalog.search.backends.whoosh import WhooshBackend
from catalog.search.documents import DocKey, SearchDocument
backend = WhooshBackend(Path(sys.argv[1]))
with backend.exclusive() as had:
    assert had
    print("ready", flush=True)
    for turn in range(10_000):
        backend.upsert([
            SearchDocument(DocKey("product", row), row, f"turn {turn} row {row}", frozenset({"mesh"}))
            for row in range(1, 41)
        ])
"""


def test_no_index_is_said(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable, match="no search index yet"):
        WhooshBackend(tmp_path).search(parse("x"), MESH)


def test_another_process_sees_commits_and_swaps(tmp_path: Path) -> None:
    """Two backends on one folder stand for two processes: they share nothing in memory."""
    writer, reader = WhooshBackend(tmp_path), WhooshBackend(tmp_path)
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
    assert len(list(tmp_path.glob("v*-*"))) == 2, "only the current index and the one before are kept"


def test_searches_go_on_while_the_index_is_rebuilt(tmp_path: Path) -> None:
    backend, reader = WhooshBackend(tmp_path), WhooshBackend(tmp_path)
    backend.rebuild(make_mesh(10))
    counts, stop = set(), threading.Event()

    def look() -> None:
        while not stop.is_set():
            counts.add(reader.search(parse("", kind="port"), frozenset({"all"})).count)
            time.sleep(0.01)

    thread = threading.Thread(target=look)
    thread.start()
    for size in (20, 10, 20):
        backend.rebuild(make_mesh(size))
    time.sleep(0.4)
    stop.set()
    thread.join()
    assert counts == {10, 20}


# Whoosh forgets to close a file it finds damaged; the garbage collector does it, and warns.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("harm", ["cut", "noise", "toc", "gone", "pointer", "format"])
def test_damage_is_unavailability_and_a_rebuild_heals_it(tmp_path: Path, harm: str) -> None:
    WhooshBackend(tmp_path).rebuild(make_mesh(40))
    (folder,) = tmp_path.glob("v*-*")
    segment, contents = next(folder.glob("*.seg")), next(folder.glob("*.toc"))
    if harm == "cut":
        segment.write_bytes(segment.read_bytes()[:200])
    elif harm == "noise":
        size = segment.stat().st_size
        segment.write_bytes(bytes(range(256)) * (size // 256))
    elif harm == "toc":
        contents.write_bytes(b"\0" * 20)
    elif harm == "gone":
        segment.unlink()
    elif harm == "pointer":
        (tmp_path / "CURRENT").write_text("../../elsewhere")
    else:
        (tmp_path / "CURRENT").write_text("v0-1-1")
    backend = WhooshBackend(tmp_path)
    with pytest.raises(IndexUnavailable):
        backend.search(parse("play"), MESH)
    with pytest.raises(IndexUnavailable):
        backend.fingerprints()
    backend.rebuild(make_mesh(40))
    assert backend.search(parse(""), frozenset({"all"})).count == 40


def test_damage_inside_postings_is_unavailability(tmp_path: Path) -> None:
    """Noise in the middle of the file, where opening does not look, is met by a query."""
    WhooshBackend(tmp_path).rebuild(make_mesh(200))
    segment = next(next(tmp_path.glob("v*-*")).glob("*.seg"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 8 : len(content) * 7 // 8] = b"\xff" * (len(content) * 7 // 8 - len(content) // 8)
    segment.write_bytes(content)
    backend = WhooshBackend(tmp_path)

    def search_everything() -> None:
        for text, _ in make_queries(40):
            backend.search(parse(text), MESH)

    with pytest.raises(IndexUnavailable):
        search_everything()


def test_a_writer_killed_at_any_moment_leaves_a_whole_index(tmp_path: Path) -> None:
    """Every state a reader meets is one whole batch, and the lock goes with the process."""
    backend = WhooshBackend(tmp_path)
    backend.rebuild([])
    for pause in (0.15, 0.31, 0.47):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with backend.exclusive() as had:
            assert not had
        time.sleep(pause)
        process.kill()
        process.wait()
        process.stdout.close()
        hits = WhooshBackend(tmp_path).search(parse("", page_size=100), MESH)
        assert hits.count in (0, 40)
        with backend.exclusive() as had:
            assert had
            backend.upsert([make_document("after the fall", row=1)])
        assert WhooshBackend(tmp_path).search(parse("fall"), MESH).count == 1


def test_caches_stay_below_their_cap(tmp_path: Path) -> None:
    cap = 400_000
    backend = WhooshBackend(tmp_path, memory_cap=cap)
    backend.rebuild(make_mesh(300))
    for text, _ in make_queries(120):
        backend.search(parse(text), MESH)
    snapshot = backend._store.snapshot()
    held = snapshot._postings.nbytes + snapshot._places.nbytes + snapshot._audiences.nbytes
    assert 0 < held <= cap


def test_the_least_recently_used_leave_the_cache_first() -> None:
    made: list[str] = []
    cache: ByteCache[bytes] = ByteCache(10, len)

    def get(key: str) -> None:
        cache.get(key, lambda: made.append(key) or b"1234")  # type: ignore[func-returns-value]

    for key in ("a", "b", "a", "c", "a", "b"):
        get(key)
    assert made == ["a", "b", "c", "b"]
    assert cache.nbytes == 8


def test_segments_of_many_small_commits_are_merged(tmp_path: Path) -> None:
    backend = WhooshBackend(tmp_path)
    backend.rebuild(make_mesh(30))
    for row in range(1, 40):
        backend.upsert([make_document(f"turn {row}", row=row)])
    assert backend.search(parse(""), frozenset({"all"})).count == 39
    assert len(backend._store.snapshot().segments) < 12
