"""The DuckDB connector on real files: nested columns, constraints, a session that is closed to the outside."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from catalog.connections.connectors import duck
from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.duckdb_file import DuckDbConnector
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import AssetKey
from tests.catalog.connections.connectors.support import configured, context, crawl

DUCKDB = DuckDbConnector()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "store.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(
            """
            CREATE TABLE artists (id INTEGER PRIMARY KEY, code VARCHAR UNIQUE);
            CREATE SCHEMA play;
            CREATE TABLE play.events (
              id BIGINT NOT NULL, who STRUCT(age INTEGER, home STRUCT(city VARCHAR)), tracks STRUCT(ms INTEGER)[],
              labels MAP(VARCHAR, STRUCT(weight DOUBLE)), tags VARCHAR[], price DECIMAL(8,2), played_at TIMESTAMPTZ,
              "odd.figure" INTEGER);
            COMMENT ON TABLE play.events IS 'Every play.';
            COMMENT ON COLUMN play.events.price IS 'In euro.';
            INSERT INTO play.events
              SELECT n, {'age': 30, 'home': {'city': 'Oslo'}}, [{'ms': 5}], MAP {'a': {'weight': 1.0}}, ['x'], n / 4,
                CASE WHEN n = 7 THEN 'infinity'::TIMESTAMPTZ ELSE TIMESTAMPTZ '2026-10-01 00:00:00+00' END
                + INTERVAL (n) MINUTE, n FROM range(50) t(n);
            CREATE VIEW play.recent AS SELECT * FROM play.events;
            CREATE VIEW outside AS SELECT * FROM read_csv_auto('/etc/passwd', header = false, delim = ':');
            """
        )
    return path


def test_nested_columns_have_paths(store: Path) -> None:
    found = crawl(DUCKDB, configured(DUCKDB, path=str(store), include="play.*"), context(store.parent))
    fields = found.fields("play.events")
    assert {path: f.logical_type for path, f in fields.items()} == {
        "id": "integer",
        "who": "object",
        "who.age": "integer",
        "who.home": "object",
        "who.home.city": "string",
        "tracks": "array",
        "tracks[].ms": "integer",
        "labels": "map",
        "labels{}.weight": "number",
        "tags": "array",
        "price": "number",
        "played_at": "timestamp",
        '"odd.figure"': "integer",
    }
    assert fields["tracks[].ms"].parent_path == "tracks"
    assert fields["id"].is_nullable is False
    assert fields["price"].comment == "In euro."
    assert found.assets[0].comment == "Every play."


def test_values_infinite_times_and_nested_cells_are_survived(store: Path) -> None:
    found = crawl(DUCKDB, configured(DUCKDB, path=str(store), include="play.events"), context(store.parent))
    reading = found.readings[0]
    assert (reading.row_count, reading.fresh_basis) == (50, "column played_at")
    assert reading.fresh_at == datetime(2026, 10, 1, 0, 49, tzinfo=UTC)
    assert found.profiles["price"].maximum == "12.25"
    assert found.profiles["who.age"].withheld_because == "Its name suggests a date of birth or age."
    assert found.profiles["played_at"].null_share == pytest.approx(1 / 50)
    assert found.profiles['"odd.figure"'].maximum == "49"


def test_keys_are_read(store: Path) -> None:
    found = crawl(DUCKDB, configured(DUCKDB, path=str(store), include="main.artists"), context(store.parent))
    fields = found.fields("main.artists")
    assert fields["id"].key_position == 1
    assert fields["code"].is_unique


def test_views_keep_their_sql(store: Path) -> None:
    listed = DUCKDB.discover(configured(DUCKDB, path=str(store)), context(store.parent))
    definitions = {asset.name: asset.definition for asset in listed}
    assert definitions["play.recent"].startswith("CREATE VIEW play.recent AS SELECT * FROM play.events")
    assert definitions["play.events"] == ""


def test_view_onto_a_local_file_is_not_followed(store: Path) -> None:
    wanted = [
        Wanted(asset=AssetKey("x", "main.outside"), address={"schema": "main", "table": "outside"}),
        Wanted(asset=AssetKey("x", "play.recent"), address={"schema": "play", "table": "recent"}),
    ]
    found = crawl(DUCKDB, configured(DUCKDB, path=str(store)), context(store.parent), wanted)
    assert [r.error and r.error.code for r in found.readings] == ["not_allowed", None]
    assert "root:" not in repr(found)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "ATTACH '/tmp/other.db' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "COPY (SELECT 1) TO '/tmp/written.csv'",
        "SELECT * FROM 'https://example.org/x.parquet'",
        "CREATE TABLE t (a INTEGER)",
    ],
)
def test_session_is_closed_to_the_outside(store: Path, statement: str) -> None:
    with pytest.raises(SourceError), duck.session(context(store.parent), store) as database:
        database.execute(statement)


def test_query_without_end_is_interrupted(store: Path) -> None:
    with (
        pytest.raises(SourceError) as caught,
        duck.session(context(store.parent, seconds=0.5), store) as database,
    ):
        database.execute("SELECT sum(sqrt(a)) FROM range(9000000000000) t(a)").fetchall()
    assert caught.value.code == "too_slow"


def test_file_that_is_no_database_is_malformed(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    path.write_bytes(b"nothing of the kind" * 500)
    result = DUCKDB.check(configured(DUCKDB, path=str(path)), context(tmp_path))
    assert result.failed is not None
    assert result.failed.name == "signed_in"
    assert result.failed.remedy


def test_file_named_as_one_of_its_schemas_is_read(tmp_path: Path) -> None:
    path = tmp_path / "play.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE SCHEMA play; CREATE TABLE play.play.events AS SELECT 1 AS n")
    found = crawl(DUCKDB, configured(DUCKDB, path=str(path)), context(tmp_path))
    assert found.readings[0].row_count == 1
