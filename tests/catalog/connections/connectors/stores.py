"""The same small tables in a store of each kind, for tests that must hold in all of them."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pymysql

from catalog.connections.connectors.base import Connector, CrawlContext
from catalog.connections.connectors.duckdb_file import DuckDbConnector
from catalog.connections.connectors.mysql import MySqlConnector
from catalog.connections.connectors.postgresql import PostgresConnector
from catalog.connections.connectors.sqlite import SqliteConnector
from tests import local_mariadb, postgres_server
from tests.catalog.connections.connectors.support import configured, context

TABLES = """
CREATE TABLE artists (id integer PRIMARY KEY, code varchar(20));
CREATE TABLE secrets (pin integer);
CREATE TABLE plays (
  id integer, artist_id integer, kind varchar(20), price decimal(8, 2), email varchar(100), isrc varchar(40),
  played_at timestamp, is_live boolean);
CREATE TABLE empty_one (id integer);
INSERT INTO artists VALUES (1, 'a'), (2, 'b'), (3, 'c');
INSERT INTO secrets VALUES (4711);
INSERT INTO plays VALUES
  (1, 1, 'song', 1.5, 'ada@example.org', 'DEAB11200001', '2026-10-30 10:00:00', true),
  (2, 1, 'song', 2.5, 'bob@example.org', 'DEAB11200002', '2026-10-31 10:00:00', false),
  (2, 2, 'Song', -3.0, '', 'it''s \\no code', '2026-10-29 10:00:00', true),
  (4, 9, 'talk', 99.0, NULL, 'deab11200004', '2031-01-01 00:00:00', true),
  (5, NULL, NULL, NULL, 'N/A', NULL, NULL, NULL);
"""


@dataclass
class Store:
    """A connector, its settings, how it calls a table, and a way to look around it (`run`)."""

    connector: Connector
    config: dict[str, Any]
    schema: str
    run: Any

    def address(self, table: str) -> dict[str, str]:
        return {"table": table, **({"schema": self.schema} if self.schema else {})}

    def context(self, **changes: Any) -> CrawlContext:
        path = self.config.get("path")
        return context(Path(path).parent if path else None, **changes)


def _statements(text: str) -> list[str]:
    return [statement for statement in text.split(";\n") if statement.strip()]


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Store]:
    path = folder / "plays.db"
    database = sqlite3.connect(path)
    database.executescript(TABLES)
    database.commit()
    yield Store(
        SqliteConnector(),
        configured(SqliteConnector(), path=str(path)),
        "",
        lambda query: sqlite3.connect(path).execute(query).fetchall(),
    )
    database.close()


@contextmanager
def duckdb_store(folder: Path) -> Iterator[Store]:
    path = folder / "plays.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(TABLES)

    def run(query: str) -> Any:
        with duckdb.connect(str(path), read_only=True) as looked:
            return looked.execute(query).fetchall()

    yield Store(DuckDbConnector(), configured(DuckDbConnector(), path=str(path)), "main", run)


@contextmanager
def postgres_store(folder: Path) -> Iterator[Store]:
    del folder
    with postgres_server.running() as server:
        with psycopg.connect(server.url(), autocommit=True) as database:
            for statement in _statements(TABLES):
                database.execute(statement)  # type: ignore[arg-type]
        reach = {"host": "127.0.0.1", "port": server.port, "database": "postgres", "user": "portal"}
        config = configured(PostgresConnector(), password="not asked", **reach)
        yield Store(PostgresConnector(), config, "public", server.run)


@contextmanager
def mysql_store(folder: Path) -> Iterator[Store]:
    reach = local_mariadb.running()
    if reach is not None:
        yield from _in_mysql(reach)
        return
    with local_mariadb.started(folder) as own:
        yield from _in_mysql(own)


def _in_mysql(reach: dict[str, Any]) -> Iterator[Store]:
    name = f"checks_{os.getpid()}"
    with pymysql.connect(**reach, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        cursor.execute(f"USE {name}")
        for statement in _statements(
            TABLES.replace("\\", "\\\\").replace("played_at timestamp", "played_at timestamp NULL")
        ):
            cursor.execute(statement)

        def run(query: str) -> Any:
            cursor.execute(query)
            return list(cursor.fetchall())

        config = configured(MySqlConnector(), password="", database=name, **reach)
        yield Store(MySqlConnector(), config, "", run)
        cursor.execute(f"DROP DATABASE {name}")


STORES = {"sqlite": sqlite_store, "duckdb": duckdb_store, "postgresql": postgres_store, "mysql": mysql_store}
