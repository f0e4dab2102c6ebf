"""How many small sources the connectors read a second, with one thread and with many."""

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest

from catalog.connections.connectors.base import Connector, Wanted
from catalog.connections.connectors.config import clean_config
from catalog.connections.connectors.contract import local_context
from catalog.connections.connectors.duckdb_file import DuckDbConnector
from catalog.connections.connectors.files import FilesConnector
from catalog.connections.connectors.observations import ObservedProfile, ObservedReading
from catalog.connections.connectors.sqlite import SqliteConnector

pytestmark = [pytest.mark.benchmark, pytest.mark.slow]
ROWS, COLUMNS = 100, 8


def make_sqlite(path: Path) -> dict[str, Any]:
    names = ", ".join(f"c{n} INTEGER" for n in range(COLUMNS - 1))
    with sqlite3.connect(path) as database:
        database.execute(f"CREATE TABLE plays (id INTEGER PRIMARY KEY, at TIMESTAMP, {names})")
        row = ", ".join("?" for _ in range(COLUMNS + 1))
        database.executemany(
            f"INSERT INTO plays VALUES ({row})",  # noqa: S608
            [(n, "2026-10-01 10:00:00", *range(COLUMNS - 1)) for n in range(ROWS)],
        )
    database.close()
    return {"path": str(path)}


def make_csv(path: Path) -> dict[str, Any]:
    header = ",".join(f"c{n}" for n in range(COLUMNS))
    path.write_text(
        header + "\n" + "".join(",".join(str(n + c) for c in range(COLUMNS)) + "\n" for n in range(ROWS))
    )
    return {"path": str(path)}


def make_parquet(path: Path) -> dict[str, Any]:
    columns = ", ".join(f"range + {n} AS c{n}" for n in range(COLUMNS))
    duckdb.execute(f"COPY (SELECT {columns} FROM range({ROWS})) TO '{path}' (FORMAT parquet)")  # noqa: S608
    return {"path": str(path)}


def make_duckdb(path: Path) -> dict[str, Any]:
    columns = ", ".join(f"range + {n} AS c{n}" for n in range(COLUMNS))
    with duckdb.connect(str(path)) as database:
        database.execute(f"CREATE TABLE plays AS SELECT {columns} FROM range({ROWS})")  # noqa: S608
    return {"path": str(path)}


@pytest.mark.parametrize(
    ("connector", "make", "suffix", "count"),
    [
        (SqliteConnector(), make_sqlite, ".db", 1_000),
        (FilesConnector(), make_csv, ".csv", 1_000),
        (FilesConnector(), make_parquet, ".parquet", 200),
        (DuckDbConnector(), make_duckdb, ".duckdb", 100),
    ],
    ids=["sqlite", "csv", "parquet", "duckdb"],
)
def test_small_sources_a_second(
    connector: Connector, make: Callable[[Path], dict[str, Any]], suffix: str, count: int, tmp_path: Path
) -> None:
    """List and crawl each source: schema, reading, profiles of 8 or 9 columns over 100 rows; files in the page cache.

    Wall time depends on what else the machine does; the processor's time a source does not.
    """
    configs = []
    for number in range(count):
        config, problems = clean_config(connector.config_fields, make(tmp_path / f"s{number}{suffix}"))
        assert not problems
        configs.append(config)

    def read(config: dict[str, Any]) -> int:
        context = local_context(tmp_path)
        wanted = [Wanted(asset=a.asset, address=a.address) for a in connector.discover(config, context)]
        seen = list(connector.crawl(config, wanted, context))
        readings = [item for item in seen if isinstance(item, ObservedReading)]
        assert readings[0].row_count == ROWS
        return sum(isinstance(item, ObservedProfile) for item in seen)

    read(configs[0])  # imports are not measured
    figures, costs = {}, {}
    for threads in (1, 8, 64):
        part = configs if threads > 1 else configs[: count // 4]
        started, busy = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(threads) as pool:
            profiles = sum(pool.map(read, part))
        figures[threads] = len(part) / (time.perf_counter() - started)
        costs[threads] = (time.process_time() - busy) / len(part) * 1000
        assert profiles >= COLUMNS * len(part)
    told = ", ".join(
        f"{threads} threads {n:,.0f}/s at {costs[threads]:.1f} ms" for threads, n in figures.items()
    )
    print(f"\n{connector.name} {suffix}: {told}")  # noqa: T201  # a benchmark's answer
    assert figures[64] > 1
