"""The MySQL and MariaDB connector against a real server: what it reads, how it fails, what it never does."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pymysql
import pytest

from catalog.common.allow_list import AllowList
from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.contract import examine
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.mysql import MySqlConnector
from catalog.connections.connectors.mysql_schema import logical_type
from catalog.connections.connectors.mysql_session import Session, code_of, session, translated
from catalog.connections.connectors.observations import AssetKey
from catalog.products.snippets import Place, snippets_for
from tests import local_mariadb
from tests.catalog.connections.connectors.support import configured, context, crawl

MYSQL = MySqlConnector()
TABLES = """
CREATE TABLE artists (id int AUTO_INCREMENT PRIMARY KEY, code varchar(20) UNIQUE, mood enum('calm', 'wild'));
CREATE TABLE events (
  artist_id int NOT NULL, at timestamp NOT NULL, ends_on date, price decimal(8, 2) COMMENT 'In euro.',
  payload json, raw blob, email varchar(200), ms bigint unsigned, is_live bool, starts time, year_of year,
  flags set('a', 'b'), PRIMARY KEY (artist_id, at), FOREIGN KEY (artist_id) REFERENCES artists (id)
) COMMENT 'Every play.';
CREATE VIEW recent AS SELECT artist_id, at FROM events WHERE email <> 'eve@example.org';
CREATE TABLE lost (n int);
CREATE VIEW broken AS SELECT n FROM lost;
DROP TABLE lost;
CREATE TABLE `odd ``name %s:x` (`a.b` int, `select` text);
CREATE TABLE many (id int PRIMARY KEY, n int);
CREATE SEQUENCE numbers;
INSERT INTO artists (code, mood) VALUES ('a1', 'calm'), ('a2', 'wild'), ('a3', 'calm'), ('a4', 'calm'), ('a5', NULL);
INSERT INTO events SELECT 1 + seq % 5, timestamp('2026-10-01 00:00:00') + INTERVAL seq MINUTE,
  if(seq % 2, '0000-00-00', NULL), seq / 4.0, '{"a": 1}', 'x', concat('p', seq, '@example.org'), seq, seq % 2,
  if(seq % 2, '12:30:00', '-30:00:00'), 2020, 'a' FROM seq_1_to_60;
INSERT INTO events (artist_id, at) VALUES (1, '2031-01-01 00:00:00');
INSERT INTO many SELECT seq, seq % 7 FROM seq_1_to_5000;
INSERT INTO `odd ``name %s:x` VALUES (1, 'x');
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    if reach := local_mariadb.running():
        yield reach
        return
    with local_mariadb.started(tmp_path_factory.mktemp("mariadb")) as reach:
        yield reach


@pytest.fixture(scope="module")
def store(server: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A database of its own with a user who may read, one who may only write, and one of another database."""
    name, password = f"connector_{os.getpid()}", "öpen-sesame"
    users = {f"{name}_r": "SELECT, SHOW VIEW", f"{name}_w": "INSERT"}
    with pymysql.connect(**server, autocommit=True) as connection, connection.cursor() as run:
        run.execute(f"CREATE DATABASE {name}")
        run.execute(f"USE {name}")
        run.execute("SET sql_mode = '', time_zone = '+00:00'")
        for statement in filter(str.strip, TABLES.split(";\n")):
            run.execute(statement)
        run.execute("ANALYZE TABLE many")
        for user, rights in users.items():
            run.execute(f"CREATE USER {user}@'%%' IDENTIFIED BY %s", (password,))
            run.execute(f"GRANT {rights} ON {name}.* TO {user}@'%'")
        run.execute(f"CREATE USER {name}_n@'%%' IDENTIFIED BY %s", (password,))
        yield {
            "host": server["host"],
            "port": server["port"],
            "database": name,
            "user": f"{name}_r",
            "password": password,
        }
        run.execute(f"DROP DATABASE {name}")
        for user in (*users, f"{name}_n"):
            run.execute(f"DROP USER {user}@'%'")


def test_tables_keys_comments_and_types_are_read(store: dict[str, Any]) -> None:
    found = crawl(MYSQL, configured(MYSQL, **store), context())
    name = store["database"]
    assert {a.name.removeprefix(f"{name}."): a.kind for a in found.assets} == {
        "artists": "table",
        "events": "table",
        "recent": "view",
        "odd `name %s:x": "table",
        "many": "table",
    }
    events = found.fields(f"{name}.events")
    assert {path: f.logical_type for path, f in events.items()} == {
        "artist_id": "integer",
        "at": "timestamp",
        "ends_on": "date",
        "price": "number",
        "payload": "object",
        "raw": "binary",
        "email": "string",
        "ms": "integer",
        "is_live": "boolean",
        "starts": "time",
        "year_of": "integer",
        "flags": "string",
    }
    assert (events["artist_id"].key_position, events["at"].key_position) == (1, 2)
    assert events["artist_id"].references == "artists.id"
    assert events["artist_id"].is_nullable is False
    assert events["ends_on"].is_nullable is True
    assert events["price"].comment == "In euro."
    assert events["ms"].physical_type.startswith("bigint")
    assert next(a for a in found.assets if a.name.endswith("events")).comment == "Every play."
    artists = found.fields(f"{name}.artists")
    assert artists["code"].is_unique
    assert artists["id"].is_unique
    assert artists["mood"].logical_type == "string"
    assert found.assets[0].namespace == f"mysql://{store['host']}:{store['port']}"


def test_number_of_queries_does_not_grow_with_the_tables(
    store: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    rows = Session.rows

    def counted(self: Session, query: str, parameters: tuple[Any, ...] | None = None) -> Any:
        asked.append(query)
        return rows(self, query, parameters)

    monkeypatch.setattr(Session, "rows", counted)
    list(MYSQL.discover(configured(MYSQL, **store, include="artists"), context()))
    one = len(asked)
    assert len(list(MYSQL.discover(configured(MYSQL, **store), context()))) == 6
    assert len(asked) == 2 * one


def test_views_keep_their_sql(store: dict[str, Any]) -> None:
    listed = {a.address["table"]: a for a in MYSQL.discover(configured(MYSQL, **store), context())}
    assert "eve@example.org" in listed["recent"].definition
    assert listed["events"].definition == ""
    assert listed["recent"].comment == ""


def test_reading_counts_sizes_and_takes_the_newest_moment_that_is_past(store: dict[str, Any]) -> None:
    found = crawl(MYSQL, configured(MYSQL, **store, include="events"), context())
    reading = found.readings[0]
    assert reading.error is None, reading.error
    assert (reading.row_count, reading.row_count_is_estimate) == (61, False)
    assert (reading.size_bytes or 0) > 0
    assert reading.fresh_at == datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
    assert reading.fresh_basis == "column at"
    assert reading.latency_ms is not None


def test_profiles_survive_impossible_dates_and_withhold_addresses(store: dict[str, Any]) -> None:
    found = crawl(MYSQL, configured(MYSQL, **store, include="events"), context())
    assert found.profiles["price"].maximum == "15.00"
    assert found.profiles["ends_on"].null_share == 1.0
    assert found.profiles["starts"].maximum == "12:30:00"
    assert found.profiles["email"].top_values == ()
    assert "example.org" not in repr(found)


def test_released_text_is_kept_and_classified_one_is_not(store: dict[str, Any]) -> None:
    config = configured(MYSQL, **store, include="events")
    released = crawl(MYSQL, config, context(), released=frozenset({"email"}))
    assert released.profiles["email"].withheld_because == ""
    classified = crawl(MYSQL, config, context(), released=frozenset({"ms"}), withheld=frozenset({"ms"}))
    assert classified.profiles["ms"].maximum == ""


@pytest.mark.parametrize("most", [1_000, 50])
def test_large_tables_are_sampled_along_their_whole_length(store: dict[str, Any], most: int) -> None:
    """By chance, and (where reading all of it would take too long) in runs along the key."""
    found = crawl(MYSQL, configured(MYSQL, **store, include="many"), context(max_rows=most))
    profile = found.profiles["id"]
    assert profile.is_sample
    assert 0.8 * most <= profile.row_count <= most + 50
    assert found.readings[0].row_count == 5_000
    assert int(profile.minimum) < 500
    assert int(profile.maximum) > 4_500


def test_one_failing_view_does_not_spoil_the_others(store: dict[str, Any]) -> None:
    names = ("broken", "dropped", "artists")
    wanted = [Wanted(asset=AssetKey("x", name), address={"table": name}) for name in names]
    found = crawl(MYSQL, configured(MYSQL, **store), context(), wanted)
    codes = [reading.error.code if reading.error else "" for reading in found.readings]
    assert codes == ["refused", "gone", ""]


def test_nothing_can_be_written_and_no_file_is_sent(store: dict[str, Any], server: dict[str, Any]) -> None:
    config = configured(MYSQL, **{**store, **server, "password": ""})
    for statement in ("DELETE FROM events", "CREATE TABLE t (n int)", "DROP TABLE events"):
        with (
            pytest.raises(SourceError, match="READ ONLY"),
            session(config, "127.0.0.1", context()) as database,
        ):
            database.rows(statement)
    with pytest.raises(SourceError), session(config, "127.0.0.1", context()) as database:
        database.rows("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE artists (code)")


def test_server_stops_a_slow_query_itself(store: dict[str, Any]) -> None:
    config = configured(MYSQL, **store)
    with session(config, "127.0.0.1", context()) as database:
        database.limit_statements(0.3)
        started = datetime.now(UTC)
        assert database.value("SELECT count(*) FROM many a, many b, many c WHERE a.n + b.n = c.n + 1") is None
        assert datetime.now(UTC) - started < timedelta(seconds=5)
        database.limit_statements(20)
        assert database.value("SELECT count(*) FROM artists") == 5


def test_slow_query_ends_at_the_deadline(store: dict[str, Any]) -> None:
    config = configured(MYSQL, **store)

    def forgotten() -> None:
        with session(config, "127.0.0.1", context(seconds=1)) as database:
            database.limit_statements(100)  # as if the server had no limit of its own
            database.rows("SELECT sleep(30)")

    with pytest.raises(SourceError) as caught:
        forgotten()
    assert caught.value.code == "too_slow"


@pytest.mark.parametrize(
    ("change", "step", "words"),
    [
        ({"port": 5499}, "reachable", "port 5499"),
        ({"database": "mysql"}, "reachable", "server itself"),
        ({"database": "no_such_database"}, "signed_in", "no such database"),
        ({"user": "nobody_at_all"}, "signed_in", "password"),
        ({"password": "wrong"}, "signed_in", "password"),
        ({"encryption": "verify-full"}, "signed_in", "encrypted"),
        ({"include": "nothing.*"}, "readable", "no tables"),
    ],
)
def test_check_names_the_failing_step_with_a_remedy(
    store: dict[str, Any], change: dict[str, Any], step: str, words: str
) -> None:
    result = MYSQL.check(configured(MYSQL, **{**store, **change}), context())
    assert result.failed is not None
    assert result.failed.name == step
    assert words in result.failed.message
    assert result.failed.remedy
    assert store["password"] not in repr(result)


@pytest.mark.parametrize(("user", "step"), [("_w", "readable"), ("_n", "signed_in")])
def test_user_without_grants_is_told_which(store: dict[str, Any], user: str, step: str) -> None:
    config = configured(MYSQL, **{**store, "user": store["database"] + user})
    result = MYSQL.check(config, context())
    assert result.failed is not None
    assert result.failed.name == step
    assert result.failed.remedy


def test_good_connection_passes_every_step(store: dict[str, Any]) -> None:
    result = MYSQL.check(configured(MYSQL, **store), context())
    assert result.ok, result
    assert "5 of 6" in result.steps[2].message  # not the broken view


def test_it_keeps_the_contract(store: dict[str, Any]) -> None:
    raw = {**store, "exclude": "broken"}
    assert examine(MYSQL, raw, context()) == []


def test_lines_to_copy_run_against_the_server(store: dict[str, Any], server: dict[str, Any]) -> None:
    config = {**server, "database": store["database"]}
    texts = {
        snippet.language: snippet.text
        for snippet in snippets_for(Place("mysql", config, {"table": "odd `name %s:x"}))
    }
    assert server["user"] not in texts["python"]
    program = texts["python"].replace("import pandas as pd, ", "import ").replace("YOUR_NAME", server["user"])
    program = program.replace("YOUR_PASSWORD", "").replace("pd.read_sql(", "read(")
    reader = "def read(query, engine):\n    print(engine.connect().execute(query).fetchall())\n\n"
    done = subprocess.run(
        [sys.executable, "-c", reader + program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[(1, 'x')]"
    if not shutil.which("mysql"):
        pytest.skip("no mysql client")
    command = texts["shell"].replace("YOUR_NAME", server["user"]).replace("--password", "--skip-password")
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["a.b", "select", "1", "x"]


def test_private_host_must_be_named(store: dict[str, Any]) -> None:
    result = MYSQL.check(configured(MYSQL, **store), context(allow_list=AllowList.of()))
    assert result.failed is not None
    assert "private network" in result.failed.message


def test_socket_path_is_no_host(store: dict[str, Any]) -> None:
    result = MYSQL.check(configured(MYSQL, **{**store, "host": "/run/mysqld/mysqld.sock"}), context())
    assert result.failed is not None
    assert result.failed.name == "reachable"


def test_second_name_lookup_cannot_lead_elsewhere(store: dict[str, Any]) -> None:
    """DNS rebinding: the driver connects to the address that was checked, whatever the name says later."""
    answers = iter([["127.0.0.1"]])

    def resolver(host: str, port: int) -> Sequence[str]:
        return next(answers)

    allow_list = AllowList.of(["rebinding.example.org:*"], resolver=resolver)
    config = configured(MYSQL, **{**store, "host": "rebinding.example.org"})
    assert MYSQL.check(config, context(allow_list=allow_list)).ok


@pytest.mark.parametrize(
    ("declared", "whole", "logical"),
    [
        ("tinyint", "tinyint(1)", "boolean"),
        ("tinyint", "tinyint(4)", "integer"),
        ("bit", "bit(1)", "boolean"),
        ("bit", "bit(8)", "binary"),
        ("json", "json", "object"),
        (b"varchar", b"varchar(20)", "string"),
        ("linestring", "linestring", "unknown"),
    ],
)
def test_types_of_both_servers_are_known(declared: Any, whole: Any, logical: str) -> None:
    assert logical_type(declared, whole) == logical


def test_time_limits_of_mysql_itself_are_understood() -> None:
    error = pymysql.err.OperationalError(3024, "Query execution was interrupted, maximum time exceeded")
    assert code_of(error) == 3024
    assert translated(error, {}, context()).code == "too_slow"
