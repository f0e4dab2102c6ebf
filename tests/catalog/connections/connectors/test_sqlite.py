"""The SQLite connector on real files: what it reads, and what no file can make it do."""

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import AssetKey
from catalog.connections.connectors.sqlite import SqliteConnector
from tests.catalog.connections.connectors.support import configured, context, crawl

SQLITE = SqliteConnector()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "play.db"
    with sqlite3.connect(path) as database:
        database.executescript(
            """
            CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, score REAL);
            CREATE TABLE plays (
              user_id INTEGER NOT NULL REFERENCES users(id), track TEXT, ms INTEGER, played_at TIMESTAMP,
              planned_at TIMESTAMP, raw BLOB, PRIMARY KEY (user_id, played_at));
            """
        )
        database.execute('CREATE VIEW "long ""plays""" AS SELECT * FROM plays WHERE ms > 100')
        database.executemany(
            "INSERT INTO users VALUES (?, ?, ?)", [(n, f"p{n}@example.org", n / 2) for n in range(40)]
        )
        database.executemany(
            "INSERT INTO plays VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    n,
                    "song",
                    n % 3,
                    f"2026-10-{n % 28 + 1:02d} 10:00:{n:02d}",
                    "2027-01-01 00:00:00",
                    b"x" if n % 2 else None,
                )
                for n in range(40)
            ],
        )
    return path


def test_tables_views_keys_and_types_are_read(store: Path) -> None:
    found = crawl(SQLITE, configured(SQLITE, path=str(store)), context(store.parent))
    assert {(a.name, a.kind) for a in found.assets} == {
        ("users", "table"),
        ("plays", "table"),
        ('long "plays"', "view"),
    }
    plays = found.fields("plays")
    assert plays["user_id"].references == "users.id"
    assert plays["user_id"].key_position == 1
    assert plays["played_at"].key_position == 2
    assert plays["played_at"].logical_type == "timestamp"
    assert plays["raw"].logical_type == "binary"
    users = found.fields("users")
    assert users["id"].is_unique
    assert users["email"].is_unique
    assert users["email"].is_nullable is False


def test_freshness_is_the_newest_past_moment_and_names_its_column(store: Path) -> None:
    found = crawl(SQLITE, configured(SQLITE, path=str(store), include="plays"), context(store.parent))
    reading = found.readings[0]
    assert reading.fresh_at == datetime(2026, 10, 28, 10, 0, 27, tzinfo=UTC)
    assert reading.fresh_basis == "column played_at"
    assert reading.row_count == 40
    assert reading.latency_ms is not None


def test_profiles_keep_numbers_and_withhold_texts(store: Path) -> None:
    found = crawl(SQLITE, configured(SQLITE, path=str(store), include="plays"), context(store.parent))
    ms, track, raw = found.profiles["ms"], found.profiles["track"], found.profiles["raw"]
    assert (ms.minimum, ms.maximum, ms.distinct_estimate) == ("0", "2", 3)
    assert sum(rows for _, _, rows in ms.histogram) == 40
    assert (track.top_values, track.minimum) == ((), "")
    assert track.distinct_estimate == 1
    assert track.withheld_because
    assert raw.null_share == 0.5


def test_text_smuggled_into_a_numeric_column_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE t (n INTEGER)")
        database.executemany("INSERT INTO t VALUES (?)", [("ann@example.org",)] * 20 + [(7,)] * 20)
    profile = crawl(SQLITE, configured(SQLITE, path=str(path)), context(tmp_path)).profiles["n"]
    assert "ann" not in repr(profile)
    assert profile.top_values == (("7", 20),)


def test_table_that_vanished_is_gone_and_the_others_are_read(store: Path) -> None:
    namespace = f"sqlite://{store}"
    wanted = [Wanted(asset=AssetKey(namespace, t), address={"table": t}) for t in ("dropped", "users")]
    found = crawl(SQLITE, configured(SQLITE, path=str(store)), context(store.parent), wanted)
    assert [reading.error and reading.error.code for reading in found.readings] == ["gone", None]


def test_views_keep_their_sql(store: Path) -> None:
    found = crawl(SQLITE, configured(SQLITE, path=str(store)), context(store.parent))
    definitions = {asset.name: asset.definition for asset in found.assets}
    assert definitions['long "plays"'] == 'CREATE VIEW "long ""plays""" AS SELECT * FROM plays WHERE ms > 100'
    assert definitions["plays"] == ""


def test_view_that_never_ends_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "endless.db"
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        )
    wanted = [Wanted(asset=AssetKey("x", "endless"), address={"table": "endless"})]
    with pytest.raises(SourceError) as caught:
        crawl(SQLITE, configured(SQLITE, path=str(path)), context(tmp_path, seconds=0.5), wanted)
    assert caught.value.code == "too_slow"


def test_database_is_opened_so_that_nothing_can_be_attached_or_written(store: Path) -> None:
    from catalog.connections.connectors.sqlite import _opened

    other = store.parent / "other.db"
    other.touch()
    for statement in (
        f"ATTACH '{other}' AS other",
        "CREATE TABLE x (a)",
        "DELETE FROM users",
        "PRAGMA writable_schema = ON",
        "SELECT load_extension('x')",
    ):
        with (
            pytest.raises(SourceError, match=r"authoriz|prohibited|readonly|not"),
            _opened(store, context(store.parent)) as database,
        ):
            database.execute(statement)


@pytest.mark.parametrize(
    ("content", "code", "step"),
    [(b"this is no database at all, whatever its name", "malformed", 1), (None, "gone", 0)],
)
def test_check_names_the_step_that_failed(
    tmp_path: Path, content: bytes | None, code: str, step: int
) -> None:
    path = tmp_path / "a.db"
    if content is not None:
        path.write_bytes(content * 100)
    result = SQLITE.check(configured(SQLITE, path=str(path)), context(tmp_path))
    assert [s.ok for s in result.steps] == [True] * step + [False] + [None] * (2 - step)
    assert result.failed is not None
    assert result.failed.remedy


def test_check_of_a_good_file_passes_every_step(store: Path) -> None:
    result = SQLITE.check(configured(SQLITE, path=str(store)), context(store.parent))
    assert result.ok
    assert all(step.latency_ms is not None for step in result.steps)


def test_empty_database_is_said_to_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    sqlite3.connect(path).close()
    path.touch()
    result = SQLITE.check(configured(SQLITE, path=str(path)), context(tmp_path))
    assert result.failed is not None
    assert "no tables" in result.failed.message


def test_file_outside_the_roots_is_not_opened(store: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    result = SQLITE.check(configured(SQLITE, path=str(store)), context(inner))
    assert result.failed is not None
    assert result.failed.name == "reachable"


def test_database_in_wal_mode_is_read_with_what_its_log_holds(tmp_path: Path) -> None:
    path = tmp_path / "wal.db"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE t (n INTEGER)")
    writer.execute("INSERT INTO t VALUES (1)")
    writer.commit()
    found = crawl(SQLITE, configured(SQLITE, path=str(path)), context(tmp_path))
    writer.close()
    assert found.readings[0].row_count == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_refused(store: Path) -> None:
    store.chmod(0)
    result = SQLITE.check(configured(SQLITE, path=str(store)), context(store.parent))
    assert result.failed is not None
    assert result.failed.name == "signed_in"
