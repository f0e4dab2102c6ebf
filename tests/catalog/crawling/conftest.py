"""Real stores to crawl, and a crawl run to its end in this process."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from catalog.assets.models import Asset
from catalog.connections.models import Connection
from catalog.crawling import runner, services
from catalog.crawling.models import CrawlRun
from tests import factories as make
from tests.conftest import Cast

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Store:
    """A SQLite database on disk with its connection; `crawl` runs it to the end at a given time."""

    path: Path
    connection: Connection

    def execute(self, *statements: str) -> None:
        database = sqlite3.connect(self.path)
        try:
            for statement in statements:
                database.executescript(statement)
            database.commit()
        finally:
            database.close()

    def crawl(self, now: datetime = NOW, **how: Any) -> CrawlRun:
        target = how or {"connection": self.connection}
        self.connection.refresh_from_db()
        run = services.request_crawl(actor=None, now=now, **target)
        runner.run_batch([run.pk], now=lambda: now)
        run.refresh_from_db()
        return run

    def asset(self, name: str) -> Asset:
        return Asset.objects.get(connection=self.connection, name=name)


PLAYS = """
CREATE TABLE plays (
    id INTEGER PRIMARY KEY, track TEXT NOT NULL, seconds INTEGER, listener_email TEXT, played_at TIMESTAMP
);
INSERT INTO plays WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
    SELECT i, 'track ' || (i % 7), i % 30, 'x' || i || '@example.org', '2026-03-01 10:00:00' FROM n;
CREATE TABLE artists (id INTEGER PRIMARY KEY, name TEXT);
CREATE VIEW popular AS SELECT track, count(*) AS plays FROM plays GROUP BY track;
"""


@pytest.fixture
def make_store(tmp_path: Path, settings: Settings, db: None) -> Callable[..., Store]:
    settings.FILE_ROOTS = [str(tmp_path)]

    def build(name: str = "plays", content: str = PLAYS, **fields: Any) -> Store:
        path = tmp_path / f"{name}.sqlite"
        fields.setdefault("config", {"path": str(path)})
        store = Store(path, make.make_connection(f"Store {name}", kind="sqlite", **fields))
        store.execute(content)
        return store

    return build


@pytest.fixture
def store(make_store: Callable[..., Store], cast: Cast) -> Store:
    """The plays of the Listening team; `plays` is claimed by a port of Play events."""
    built = make_store(team=cast.listening_team)
    built.crawl(NOW - timedelta(days=3))
    make.make_port(
        cast.play_events,
        "plays",
        connection=built.connection,
        asset=built.asset("plays"),
        freshness_promise=timedelta(hours=6),
    )
    return built
