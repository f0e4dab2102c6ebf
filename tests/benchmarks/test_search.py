"""Search at 10,000 products: how quick, how much quicker than stock Whoosh, and whether it counts right.

    ./mesh bench tests/benchmarks/test_search.py -s            (BENCH_PRODUCTS=100000 for a larger mesh)

200 different queries, none repeated, by a reader who may see 60 % of the mesh, every facet counted, in a process
that opens the index cold (its caches hold nothing, capped at 64 MB). Times are printed by the clock and in processor
time; the limit is held in processor time, so that a busy neighbour does not decide it. The ratio to stock Whoosh is
measured side by side on the same files.
"""

import os
import sqlite3
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from whoosh import query as wq
from whoosh.searching import Searcher
from whoosh.sorting import Facets, FieldFacet

from catalog.search import analysis, ranking, terms
from catalog.search.backends.whoosh import WhooshBackend
from catalog.search.documents import FACETS, SearchDocument
from catalog.search.query import parse
from tests.factories.search import make_mesh, make_queries

pytestmark = [pytest.mark.benchmark, pytest.mark.slow]

PRODUCTS = int(os.environ.get("BENCH_PRODUCTS", "10000"))
QUERIES = 200
STOCK_QUERIES = 24  # stock Whoosh is asked a part of the plain ones: it takes its time
CAP = 64 * 1024 * 1024
MESH = frozenset({"mesh"})
P95_MS = 15.0
TIMES_FASTER = 8.0


@dataclass
class Mesh:
    folder: Path
    documents: list[SearchDocument]


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Mesh:
    folder = tmp_path_factory.mktemp("index")
    documents = list(make_mesh(PRODUCTS))
    begun = time.perf_counter()
    WhooshBackend(folder).rebuild(documents)
    print(f"\n{PRODUCTS} products and ports indexed in {time.perf_counter() - begun:.0f} s")
    return Mesh(folder, documents)


def clock(action: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds on the clock on the wall, and of this thread's processor time (which neighbours do not lengthen)."""
    begun, begun_thread = time.perf_counter(), time.thread_time()
    action()
    return (time.perf_counter() - begun) * 1000, (time.thread_time() - begun_thread) * 1000


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def told(label: str, times: list[tuple[float, float]]) -> str:
    wall, thread = [item[0] for item in times], [item[1] for item in times]
    return (
        f"{label:<14} p50 {statistics.median(wall):7.1f}   p95 {p95(wall):7.1f}   max {max(wall):7.1f} ms"
        f"   (processor p50 {statistics.median(thread):7.1f}   p95 {p95(thread):7.1f} ms)"
    )


def test_searches_are_quick_cold_and_warm(mesh: Mesh) -> None:
    backend = WhooshBackend(mesh.folder, CAP)
    print(f"\nopening, first query {clock(lambda: backend.search(parse('zzz'), MESH))[0]:.0f} ms")
    p95_of = {}
    for state in ("cold", "warm"):
        times: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for text, shape in make_queries(QUERIES):
            times[shape].append(clock(partial(backend.search, parse(text), MESH)))
        for shape, found in times.items():
            print(told(f"{state} {shape}", found))
            p95_of[state, shape] = p95([thread for _, thread in found])
    snapshot = backend._store.snapshot()
    held = sum(segment.nbytes for segment in snapshot.segments)
    held += snapshot._postings.nbytes + snapshot._places.nbytes + snapshot._audiences.nbytes
    print(f"arrays and caches {held / 1e6:.0f} MB")
    assert held <= CAP * 1.05
    if PRODUCTS <= 10_000:
        assert p95_of["cold", "and"] < P95_MS


def stock(mesh: Mesh) -> Iterator[Searcher]:
    index = WhooshBackend(mesh.folder)._store.open_index()
    with index.searcher() as searcher:
        yield searcher


def stock_query(text: str, kind: str = "product") -> wq.Query:
    """The same question in Whoosh's own words: every term in any field, a token of the audience, products only."""
    needed = [
        wq.Or([wq.Term(name, term) for name in ranking.FIELDS])
        for part in analysis.parts(text)
        for term in (analysis.stem(part),)
    ]
    return wq.And([*needed, wq.Term("audience", "mesh"), wq.Term("kind", kind)])


def plain_queries() -> list[str]:
    """Those without a misspelt word, so that both engines are asked the same."""
    return [text for text, shape in make_queries(QUERIES) if shape == "and"][:STOCK_QUERIES]


def test_much_quicker_than_whooshs_own_facets_on_the_same_files(mesh: Mesh) -> None:
    facets = Facets()
    for name in FACETS:
        facets.add_facet(name, FieldFacet(f"facet_{name}", allow_overlap=True))
    ours, theirs = [], []
    backend = WhooshBackend(mesh.folder, CAP)
    backend.search(parse("zzz"), MESH)
    for searcher in stock(mesh):
        for text in plain_queries():
            ours.append(clock(partial(backend.search, parse(text), MESH)))
            theirs.append(clock(partial(searcher.search, stock_query(text), limit=20, groupedby=facets)))
    print(f"\n{told('arrays', ours)}\n{told('stock Whoosh', theirs)}")
    times = p95([wall for wall, _ in theirs]) / p95([wall for wall, _ in ours])
    print(f"{times:.0f} times as fast at p95")
    assert times >= TIMES_FASTER


def test_the_same_hits_as_stock_whoosh(mesh: Mesh) -> None:
    """Plain words and phrases; rows compared as sets, because stock Whoosh ranks by another formula."""
    backend = WhooshBackend(mesh.folder, CAP)
    snapshot = backend._store.snapshot()
    phrases = [text for text, shape in make_queries(QUERIES) if shape == "phrase"][:STOCK_QUERIES]
    found = 0
    for searcher in stock(mesh):
        for text in [*plain_queries(), *phrases]:
            query = stock_query(text)
            if text.startswith('"'):
                query = wq.And([query, wq.Phrase("words", analysis.parts(text))])
            expected = {snapshot.key(doc).id for doc in searcher.docs_for_query(query)}
            hits, rows, page = backend.search(parse(text, page_size=1), MESH), set(), 1
            while len(rows) < hits.count:
                part = backend.search(parse(text, page_size=500, page=page), MESH).hits
                rows |= {hit.key.id for hit in part}
                page += 1
            assert rows == expected, text
            found += len(rows)
    print(f"\n{found} hits are the same")
    assert found > STOCK_QUERIES


def test_counts_and_facets_are_those_of_sql(mesh: Mesh) -> None:
    """The same documents in SQL tables, asked the same."""
    database = sqlite3.connect(":memory:")
    database.executescript(
        "CREATE TABLE seen (doc INTEGER PRIMARY KEY);"
        "CREATE TABLE word (term TEXT, doc INTEGER, PRIMARY KEY (term, doc)) WITHOUT ROWID;"
        "CREATE TABLE facet (doc INTEGER, name TEXT, value TEXT);"
    )
    products = [document for document in mesh.documents if document.key.kind == "product"]
    database.executemany("INSERT INTO seen VALUES (?)", ((d.key.id,) for d in products if MESH & d.audience))
    database.executemany(
        "INSERT OR IGNORE INTO word VALUES (?, ?)",
        ((term, d.key.id) for d in products for found in terms.by_field(d).values() for term in found),
    )
    database.executemany(
        "INSERT INTO facet VALUES (?, ?, ?)",
        ((d.key.id, name, v.value) for d in products for name, values in d.facets.items() for v in values),
    )
    database.execute("CREATE INDEX facet_doc ON facet (doc)")
    backend = WhooshBackend(mesh.folder, CAP)
    for text in plain_queries():
        wanted = [analysis.stem(part) for part in analysis.parts(text)]
        matching = " INTERSECT ".join(["SELECT doc FROM word WHERE term = ?"] * len(wanted))
        matching = f"{matching} INTERSECT SELECT doc FROM seen"
        (count,) = database.execute(f"SELECT COUNT(*) FROM ({matching})", wanted).fetchone()
        expected: dict[str, dict[str, int]] = {name: {} for name in FACETS}
        for name, value, number in database.execute(
            f"SELECT name, value, COUNT(*) FROM facet WHERE doc IN ({matching}) GROUP BY 1, 2",
            wanted,
        ):
            expected[name][value] = number
        hits = backend.search(parse(text), MESH)
        assert hits.count == count, text
        assert {n: {v.value: v.count for v in values} for n, values in hits.facets.items()} == expected, text
    database.close()
