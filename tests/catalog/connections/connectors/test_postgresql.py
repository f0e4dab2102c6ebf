"""The PostgreSQL connector against a real server: what it reads, how it fails, what it never does."""

import os
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from catalog.common.allow_list import AllowList
from catalog.connections.connectors.base import DatabaseAddress, Wanted
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import AssetKey
from catalog.connections.connectors.postgresql import PostgresConnector
from catalog.connections.connectors.postgresql_session import _probe, session
from tests.catalog.connections.connectors.support import certificate_for, configured, context, crawl

SERVER = os.environ.get("MESHPORTAL_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
POSTGRES = PostgresConnector()
pytestmark = pytest.mark.postgres

TABLES = """
CREATE SCHEMA play;
CREATE TYPE play.mood AS ENUM ('calm', 'wild');
CREATE TABLE play.artists (id serial PRIMARY KEY, code text UNIQUE, mood play.mood);
CREATE TABLE play.events (
  artist_id integer NOT NULL REFERENCES play.artists (id), at timestamptz NOT NULL, ends_on date,
  price numeric(8, 2), payload jsonb, tags text[], raw bytea, email text, ms bigint,
  PRIMARY KEY (artist_id, at));
COMMENT ON TABLE play.events IS 'Every play.';
COMMENT ON COLUMN play.events.price IS 'In euro.';
CREATE VIEW play.recent AS SELECT * FROM play.events;
CREATE MATERIALIZED VIEW play.frozen AS SELECT count(*) AS n FROM play.events WHERE email <> 'eve@example.org';
CREATE VIEW play.broken AS SELECT 1 / (ms - ms) AS x FROM play.events;
CREATE TABLE play.parts (n integer, d date) PARTITION BY RANGE (n);
CREATE TABLE play.parts_1 PARTITION OF play.parts FOR VALUES FROM (0) TO (100);
CREATE TABLE play."odd ""name" ("a.b" integer, "select" text);
INSERT INTO play.artists (code, mood) SELECT 'a' || n, 'calm' FROM generate_series(1, 5) n;
INSERT INTO play.events SELECT 1 + n % 5, timestamptz '2026-10-01 00:00+00' + n * interval '1 minute',
  CASE WHEN n % 2 = 0 THEN date 'infinity' ELSE date '0044-03-15 BC' END, n / 4.0, '{"a": 1}', '{x}', '\\x00',
  'p' || n || '@example.org', n FROM generate_series(1, 60) n;
INSERT INTO play.events (artist_id, at) VALUES (1, timestamptz '2031-01-01');
INSERT INTO play.parts SELECT n, '2026-10-02' FROM generate_series(1, 50) n;
"""


@pytest.fixture(scope="module")
def store() -> Iterator[dict[str, Any]]:
    """A database of its own with a user who may read, and one who may not."""
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server")
    name = f"connector_{os.getpid()}"
    server.execute(f"DROP DATABASE IF EXISTS {name}")
    server.execute(f"CREATE DATABASE {name}")
    info = server.info
    reach = {
        "host": info.host,
        "port": info.port,
        "database": name,
        "user": info.user,
        "password": "not asked",
    }
    with psycopg.connect(SERVER, dbname=name, autocommit=True) as database:
        database.execute(TABLES)
        database.execute("ANALYZE")
    server.execute(f"CREATE ROLE {name}_nobody LOGIN")
    yield reach
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.execute(f"DROP ROLE {name}_nobody")
    server.close()


def test_tables_keys_comments_and_types_are_read(store: dict[str, Any]) -> None:
    found = crawl(POSTGRES, configured(POSTGRES, **store), context())
    name = f"{store['database']}.play"
    assert {a.name: a.kind for a in found.assets} == {
        f"{name}.artists": "table",
        f"{name}.events": "table",
        f"{name}.recent": "view",
        f"{name}.frozen": "view",
        f"{name}.parts": "table",
        f'{name}.odd "name': "table",
    }
    events = found.fields(f"{name}.events")
    assert {path: f.logical_type for path, f in events.items()} == {
        "artist_id": "integer",
        "at": "timestamp",
        "ends_on": "date",
        "price": "number",
        "payload": "object",
        "tags": "array",
        "raw": "binary",
        "email": "string",
        "ms": "integer",
    }
    assert (events["artist_id"].key_position, events["at"].key_position) == (1, 2)
    assert events["artist_id"].references == "play.artists.id"
    assert events["artist_id"].is_nullable is False
    assert events["price"].comment == "In euro."
    assert next(a for a in found.assets if a.name.endswith("events")).comment == "Every play."
    artists = found.fields(f"{name}.artists")
    assert artists["code"].is_unique
    assert artists["mood"].logical_type == "string"
    assert found.assets[0].namespace == f"postgres://{store['host']}:{store['port']}"


def test_views_and_materialised_views_keep_their_sql(store: dict[str, Any]) -> None:
    listed = {a.address["table"]: a for a in POSTGRES.discover(configured(POSTGRES, **store), context())}
    assert "'eve@example.org'" in listed["frozen"].definition
    assert listed["recent"].definition.lstrip().startswith("SELECT")
    assert listed["events"].definition == ""
    crawled = crawl(POSTGRES, configured(POSTGRES, **store, include="play.frozen"), context())
    assert crawled.assets[0].definition == listed["frozen"].definition
    assert crawled.readings[0].row_count == 1


def test_reading_counts_sizes_and_takes_the_newest_moment_that_is_past(store: dict[str, Any]) -> None:
    found = crawl(POSTGRES, configured(POSTGRES, **store, include="play.events"), context())
    reading = found.readings[0]
    assert reading.error is None, reading.error
    assert (reading.row_count, reading.row_count_is_estimate) == (61, False)
    assert reading.size_bytes is not None
    assert reading.size_bytes > 0
    assert reading.fresh_at == datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
    assert reading.fresh_basis == "column at"
    assert found.tls[0].version == ("" if found.tls[0].certificate_ends_at is None else found.tls[0].version)


def test_profiles_survive_infinite_dates_and_withhold_addresses(store: dict[str, Any]) -> None:
    found = crawl(POSTGRES, configured(POSTGRES, **store, include="play.events"), context())
    assert found.profiles["price"].maximum == "15.00"
    assert found.profiles["ends_on"].null_share == 1.0
    assert found.profiles["email"].top_values == ()
    assert "example.org" not in repr(found)


def test_released_text_is_kept_and_classified_one_is_not(store: dict[str, Any]) -> None:
    config = configured(POSTGRES, **store, include="play.events")
    released = crawl(POSTGRES, config, context(), released=frozenset({"email"}))
    assert released.profiles["email"].withheld_because == ""
    classified = crawl(POSTGRES, config, context(), released=frozenset({"ms"}), withheld=frozenset({"ms"}))
    assert classified.profiles["ms"].maximum == ""


def test_large_tables_are_sampled(store: dict[str, Any]) -> None:
    found = crawl(POSTGRES, configured(POSTGRES, **store, include="play.events"), context(max_rows=20))
    profile = found.profiles["ms"]
    assert profile.is_sample
    assert 0 < profile.row_count <= 20
    assert found.readings[0].row_count == 61


def test_one_failing_view_does_not_spoil_the_others(store: dict[str, Any]) -> None:
    wanted = [
        Wanted(asset=AssetKey("x", name), address={"schema": "play", "table": name})
        for name in ("broken", "dropped", "artists")
    ]
    found = crawl(POSTGRES, configured(POSTGRES, **store), context(), wanted)
    codes = [reading.error.code if reading.error else "" for reading in found.readings]
    assert codes == ["malformed", "gone", ""]


def test_nothing_can_be_written(store: dict[str, Any]) -> None:
    config = configured(POSTGRES, **store)
    with (
        pytest.raises(SourceError, match="read-only"),
        session(config, "127.0.0.1", context()) as database,
    ):
        database.execute("DELETE FROM play.events")


def test_slow_query_ends_at_the_deadline(store: dict[str, Any]) -> None:
    config = configured(POSTGRES, **store)
    with (
        pytest.raises(SourceError) as caught,
        session(config, "127.0.0.1", context(seconds=1)) as database,
    ):
        database.execute("SELECT pg_sleep(30)")
    assert caught.value.code == "too_slow"


@pytest.mark.parametrize(
    ("change", "step", "words"),
    [
        ({"port": 5499}, "reachable", "port 5499"),
        ({"database": "no_such_database"}, "signed_in", "no such database"),
        ({"user": "nobody_at_all"}, "signed_in", "user"),
        ({"include": "nothing.*"}, "readable", "no tables"),
    ],
)
def test_check_names_the_failing_step_with_a_remedy(
    store: dict[str, Any], change: dict[str, Any], step: str, words: str
) -> None:
    result = POSTGRES.check(configured(POSTGRES, **{**store, **change}), context())
    assert result.failed is not None
    assert result.failed.name == step
    assert words in result.failed.message
    assert result.failed.remedy
    assert "not asked" not in repr(result)


def test_user_without_grants_is_told_which(store: dict[str, Any]) -> None:
    config = configured(POSTGRES, **{**store, "user": f"{store['database']}_nobody"})
    result = POSTGRES.check(config, context())
    assert result.failed is not None
    assert result.failed.name == "readable"
    assert "GRANT" in result.failed.remedy.upper()


def test_good_connection_passes_every_step(store: dict[str, Any]) -> None:
    assert POSTGRES.check(configured(POSTGRES, **store), context()).ok


def test_private_host_must_be_named(store: dict[str, Any]) -> None:
    result = POSTGRES.check(configured(POSTGRES, **store), context(allow_list=AllowList.of()))
    assert result.failed is not None
    assert "private network" in result.failed.message


def test_own_database_is_refused_under_any_name(store: dict[str, Any]) -> None:
    own = DatabaseAddress("localhost", int(store["port"]), str(store["database"]))
    result = POSTGRES.check(configured(POSTGRES, **store), context(own_databases=(own,)))
    assert result.failed is not None
    assert "own database" in result.failed.message


def test_any_database_of_a_portal_is_refused(store: dict[str, Any]) -> None:
    with psycopg.connect(SERVER, dbname=str(store["database"]), autocommit=True) as database:
        database.execute("CREATE TABLE catalog_connection (a int); CREATE TABLE catalog_apitoken (a int)")
        try:
            result = POSTGRES.check(configured(POSTGRES, **store), context())
        finally:
            database.execute("DROP TABLE catalog_connection, catalog_apitoken")
    assert result.failed is not None
    assert "own database" in result.failed.message


def test_socket_path_is_no_host(store: dict[str, Any]) -> None:
    result = POSTGRES.check(configured(POSTGRES, **{**store, "host": "/var/run/postgresql"}), context())
    assert result.failed is not None
    assert result.failed.name == "reachable"


def test_second_name_lookup_cannot_lead_elsewhere(store: dict[str, Any]) -> None:
    """DNS rebinding: the driver connects to the address that was checked, whatever the name says later."""
    answers = iter([["127.0.0.1"]])

    def resolver(host: str, port: int) -> Sequence[str]:
        return next(answers)

    allow_list = AllowList.of(["rebinding.example.org:*"], resolver=resolver)
    config = configured(POSTGRES, **{**store, "host": "rebinding.example.org"})
    assert POSTGRES.check(config, context(allow_list=allow_list)).ok


@contextmanager
def _serving(handle: Any) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=handle, args=(server,), daemon=True)
        thread.start()
        yield server.getsockname()[1]


def test_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    held = []

    def silent(server: socket.socket) -> None:
        while True:
            try:
                held.append(server.accept()[0])
            except OSError:
                return

    with _serving(silent) as port:
        config = configured(POSTGRES, host="127.0.0.1", port=port, database="d", user="u")
        started = datetime.now(UTC)
        result = POSTGRES.check(config, context(seconds=2.5))
    assert result.failed is not None
    assert result.failed.name == "signed_in"
    assert datetime.now(UTC) - started < timedelta(seconds=6)


def test_certificate_end_is_observed(tmp_path: Path) -> None:
    ends = datetime(2031, 5, 1, tzinfo=UTC)
    pem = certificate_for("db.example.org", ends, tmp_path / "both.pem")

    def speak_tls(server: socket.socket) -> None:
        plain, _ = server.accept()
        assert len(plain.recv(8)) == 8
        plain.sendall(b"S")
        settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        settings.load_cert_chain(pem)
        with settings.wrap_socket(plain, server_side=True):
            pass

    with _serving(speak_tls) as port:
        config = configured(POSTGRES, host="127.0.0.1", port=port, database="d", user="u")
        assert _probe("127.0.0.1", config, context()) == ("TLSv1.3", ends)
