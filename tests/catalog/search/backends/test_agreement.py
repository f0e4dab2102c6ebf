"""Every backend and the plain reference give the same rows, order, counts and facets."""

from collections.abc import Iterator

import pytest
from psycopg.conninfo import conninfo_to_dict

from catalog.search.backends.base import SearchBackend
from catalog.search.backends.memory import MemoryBackend
from catalog.search.backends.postgres import PostgresBackend
from catalog.search.backends.whoosh import WhooshBackend
from catalog.search.documents import SearchHits
from catalog.search.query import opened, parse
from tests import postgres_server as postgres
from tests.factories.search import make_mesh, make_queries

MESH = frozenset({"mesh"})
FILTERS = [
    {},
    {"lifecycle": frozenset({"active"})},
    {"quality": frozenset({"good", "fair"}), "region": frozenset({"eu-west-1"})},
]


Pair = tuple[SearchBackend, SearchBackend]


@pytest.fixture(scope="module", params=["whoosh", "postgres"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The same 150 products in the reference and another; there in several segments with deletions."""
    documents = list(make_mesh(150))
    memory = MemoryBackend()
    memory.rebuild(documents)
    other: SearchBackend
    if request.param == "whoosh":
        other = WhooshBackend(tmp_path_factory.mktemp("index"))
    else:
        server: postgres.Server = request.getfixturevalue("postgres_server")
        other = PostgresBackend(lambda: dict(conninfo_to_dict(server.url())))
    other.rebuild(documents[:200])
    other.upsert(documents[190:260])
    other.upsert(documents[255:])
    other.upsert(documents[10:30])
    yield memory, other
    if isinstance(other, PostgresBackend):
        other.close()


def simple(hits: SearchHits) -> tuple[object, ...]:
    rows = [
        (h.key, h.column, h.columns, [(p.key, p.columns) for p in h.ports], round(h.score, 3))
        for h in hits.hits
    ]
    return hits.count, rows, hits.facets, hits.corrections, hits.unknown, hits.without, hits.needles


@pytest.mark.parametrize("kind", ["product", "port", "column"])
@pytest.mark.parametrize("filters", FILTERS, ids=["all", "one", "two"])
def test_both_backends_agree(pair: Pair, kind: str, filters: dict[str, frozenset[str]]) -> None:
    memory, other = pair
    texts = [text for text, _ in make_queries(24)]
    texts += [
        "",
        "play",
        "stream -events",
        "owner:team-1",
        "playlist_id",
        "pl",
        "tag:tag-1 events",
        "of the",
        '"per play"',
    ]
    for number, text in enumerate(texts):
        for held in (MESH, frozenset({"all"})):
            sort = ("relevance", "name", "updated", "quality")[number % 4]
            query = parse(text, kind=kind, filters=filters, sort=sort, page_size=100)
            assert simple(other.search(query, held)) == simple(memory.search(query, held)), text


def test_both_backends_suggest_the_same(pair: Pair) -> None:
    for text in (
        "p",
        "pl",
        "play",
        "play e",
        "playlist",
        "plyalist",
        "stream bu",
        "user_i",
        "zzzz",
        "track_",
    ):
        one, other = (b.suggest(opened(parse(text)), MESH, 10) for b in pair)
        assert [(s.kind, s.text, s.key, s.count, round(s.score, 3)) for s in one] == [
            (s.kind, s.text, s.key, s.count, round(s.score, 3)) for s in other
        ], text
