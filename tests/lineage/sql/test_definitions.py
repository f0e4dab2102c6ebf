"""Views of real stores, crawled, then read into edges: SQLite, DuckDB, PostgreSQL."""

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from django.utils import timezone
from pytest_django import Settings

from catalog.assets.models import Asset
from catalog.common.errors import NotAllowed
from catalog.connections.models import Connection
from catalog.crawling import runner, services
from catalog.products.models import DataProduct
from lineage.models import ColumnEdge, LineageEdge, ReadDefinition, Source
from lineage.sql.definitions import end_vanished, read_anew, read_waiting, waiting
from tests import factories as make
from tests.catalog.crawling.conftest import Store
from tests.conftest import Cast

SHOP = """
CREATE TABLE plays (id INTEGER PRIMARY KEY, track TEXT, seconds INTEGER);
CREATE TABLE artists (id INTEGER PRIMARY KEY, name TEXT);
CREATE VIEW popular AS SELECT track AS song, count(*) AS plays FROM plays WHERE seconds > 5 GROUP BY track;
CREATE VIEW famous AS SELECT song FROM popular;
CREATE VIEW odd AS SELECT * FROM artists, elsewhere;
"""


@pytest.fixture
def store(cast: Cast, tmp_path: Path, settings: Settings) -> Store:
    """A SQLite database with views upon views, crawled once."""
    settings.FILE_ROOTS = [str(tmp_path)]
    path = tmp_path / "shop.db"
    connection = make.make_connection(
        "Shop", kind="sqlite", config={"path": str(path)}, team=cast.listening_team
    )
    made = Store(path, connection)
    made.execute(SHOP.replace("CREATE VIEW odd AS SELECT * FROM artists, elsewhere;", ""))
    claim_all(connection, cast.play_events)
    made.crawl(timezone.now())
    claim_all(connection, cast.play_events)
    made.crawl(timezone.now() + timedelta(minutes=1))
    return made


def claim_all(connection: Connection, product: DataProduct) -> None:
    """Ports on everything that was found, so that it is read."""
    for asset in Asset.objects.filter(connection=connection, output_ports=None):
        make.make_port(product, f"port-{asset.pk}", connection=connection, asset=asset)


def asset_edges() -> set[tuple[str, str]]:
    names = dict(Asset.objects.values_list("pk", "name"))
    rows = LineageEdge.objects.filter(valid_to=None).filter(
        source=Source.SQL, upstream_kind="asset", downstream_kind="asset"
    )
    return {(names[up], names[down]) for up, down in rows.values_list("upstream_id", "downstream_id")}


def column_edges() -> set[tuple[str, str, str, bool]]:
    rows = (
        ColumnEdge.objects.filter(valid_to=None)
        .filter(source=Source.SQL)
        .select_related("upstream__asset", "downstream__asset")
    )
    return {
        (f"{edge.upstream.asset.name}.{edge.upstream.path}", f"{edge.downstream.asset.name}.{edge.downstream.path}",
         edge.how, edge.is_direct) for edge in rows
    }  # fmt: skip


def test_views_upon_views_become_edges_and_columns(store: Store) -> None:
    assert read_waiting() == 2
    assert asset_edges() == {("plays", "popular"), ("popular", "famous")}
    assert {edge for edge in column_edges() if edge[3]} == {
        ("plays.track", "popular.song", "identity", True), ("popular.song", "famous.song", "identity", True),
    }  # fmt: skip
    assert ("plays.seconds", "popular.song", "filter", False) in column_edges()


def test_nothing_is_read_twice_and_a_new_wording_is_read(store: Store) -> None:
    read_waiting()
    assert not waiting().exists()
    assert read_waiting() == 0
    store.execute("DROP VIEW famous; CREATE VIEW famous AS SELECT name FROM artists;")
    store.crawl(timezone.now() + timedelta(hours=1))
    assert read_waiting(now=timezone.now() + timedelta(hours=1)) == 1
    assert asset_edges() == {("plays", "popular"), ("artists", "famous")}
    assert LineageEdge.objects.exclude(valid_to=None).filter(upstream_kind="asset").count() == 1


def test_a_view_with_a_star_is_read_again_when_the_table_below_it_changed(store: Store) -> None:
    store.execute("CREATE VIEW whole AS SELECT * FROM artists;")
    _crawl_and_claim(store, 1)
    read_waiting()
    assert _made_of("whole") == {"artists.id", "artists.name"}
    assert not waiting().exists()
    store.execute("ALTER TABLE artists ADD COLUMN country TEXT;")
    _crawl_and_claim(store, 2)
    assert [row.asset.name for row in waiting()] == ["whole"]
    assert read_waiting(now=timezone.now() + timedelta(hours=3)) == 1
    assert _made_of("whole") == {"artists.id", "artists.name", "artists.country"}
    assert not waiting().exists()  # read once for one change
    store.execute(
        "DROP VIEW whole; ALTER TABLE artists DROP COLUMN name; CREATE VIEW whole AS SELECT * FROM artists;"
    )
    _crawl_and_claim(store, 4)
    assert [row.asset.name for row in waiting()] == ["whole"]
    read_waiting(now=timezone.now() + timedelta(hours=5))
    assert _made_of("whole") == {"artists.id", "artists.country"}


def test_views_upon_tables_that_did_not_change_are_not_read_again(store: Store) -> None:
    read_waiting()
    store.execute("ALTER TABLE artists ADD COLUMN country TEXT; ALTER TABLE plays ADD COLUMN place TEXT;")
    _crawl_and_claim(store, 1)
    assert [row.asset.name for row in waiting()] == ["popular"]  # of plays; famous is made of popular


def _crawl_and_claim(store: Store, hours: int) -> None:
    store.crawl(timezone.now() + timedelta(hours=hours))
    claim_all(store.connection, DataProduct.objects.get(slug="play-events"))
    store.crawl(timezone.now() + timedelta(hours=hours, minutes=1))


def _made_of(view: str) -> set[str]:
    """The columns that go into a view."""
    return {up for up, down, _, is_direct in column_edges() if is_direct and down.startswith(f"{view}.")}


def test_what_is_not_understood_is_listed_with_the_reason(store: Store) -> None:
    view = store.asset("popular")
    view.definitions.all().delete()
    view.definitions.create(number=9, sql="CREATE VIEW popular AS SELEC", digest="x", seen_at=timezone.now())
    read_waiting()
    row = ReadDefinition.objects.get(asset=view)
    assert (row.outcome, row.links) == ("failed", 0)
    assert row.problems


def test_edges_of_a_view_that_vanished_end(store: Store) -> None:
    read_waiting()
    Asset.objects.filter(name="famous").update(vanished_at=timezone.now())
    assert end_vanished() == 1
    assert asset_edges() == {("plays", "popular")}
    assert end_vanished() == 0


def test_only_who_may_crawl_the_store_has_its_views_read_anew(store: Store, cast: Cast) -> None:
    read_waiting()
    with pytest.raises(NotAllowed):
        read_anew(actor=cast.consumer, connection=store.connection)
    assert read_anew(actor=cast.owner, connection=store.connection) == 2
    assert read_waiting() == 2


def test_duckdb_views_are_read(cast: Cast, tmp_path: Path, settings: Settings) -> None:
    settings.FILE_ROOTS = [str(tmp_path)]
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE TABLE plays (id INTEGER, track VARCHAR)")
        database.execute("CREATE VIEW songs AS SELECT upper(track) AS song FROM plays")
    connection = make.make_connection(
        "Duck", kind="duckdb", config={"path": str(path)}, team=cast.listening_team
    )
    _crawl_twice(connection, cast)
    assert read_waiting() == 1
    assert asset_edges() == {("main.plays", "main.songs")}
    assert ("main.plays.track", "main.songs.song", "transformation", True) in column_edges()


@pytest.mark.postgres
def test_postgresql_views_and_materialised_views_are_read(
    cast: Cast, settings: Settings, request: pytest.FixtureRequest
) -> None:
    psycopg = pytest.importorskip("psycopg")
    try:
        server = psycopg.connect("postgresql://root@127.0.0.1:5432/test", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pytest.skip("needs a PostgreSQL server on 127.0.0.1:5432 with a database called test")
    request.addfinalizer(server.close)
    request.addfinalizer(lambda: server.execute("DROP SCHEMA IF EXISTS views_test CASCADE"))
    server.execute("DROP SCHEMA IF EXISTS views_test CASCADE")
    server.execute("CREATE SCHEMA views_test")
    server.execute("CREATE TABLE views_test.plays (id bigint, track text)")
    server.execute("CREATE VIEW views_test.songs AS SELECT DISTINCT track AS song FROM views_test.plays")
    server.execute(
        "CREATE MATERIALIZED VIEW views_test.counted AS SELECT count(song) AS songs FROM views_test.songs"
    )
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.ALLOWED_PORTS = ["5432"]
    config = {
        "host": "127.0.0.1",
        "port": 5432,
        "database": "test",
        "user": "root",
        "include": ["views_test.*"],
    }
    connection = make.make_connection("Postgres", kind="postgresql", config=config, team=cast.listening_team)
    _crawl_twice(connection, cast)
    assert read_waiting() == 2
    assert asset_edges() == {
        ("test.views_test.plays", "test.views_test.songs"), ("test.views_test.songs", "test.views_test.counted"),
    }  # fmt: skip
    assert (
        "test.views_test.songs.song",
        "test.views_test.counted.songs",
        "aggregation",
        True,
    ) in column_edges()


def _crawl_twice(connection: Connection, cast: Cast) -> None:
    """Found, claimed, and read."""
    for minutes in (0, 1):
        now = timezone.now() + timedelta(minutes=minutes)
        run = services.request_crawl(actor=None, connection=connection, now=now)
        runner.run_batch([run.pk], now=lambda at=now: at)
        run.refresh_from_db()
        assert run.status == "succeeded", run.error
        claim_all(connection, cast.play_events)
