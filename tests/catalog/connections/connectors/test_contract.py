"""Every built-in connector, and the one in the documentation, keeps the contract; and the contract finds breaches."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.conf import settings

from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.contract import examine, local_context
from catalog.connections.connectors.duckdb_file import DuckDbConnector
from catalog.connections.connectors.files import FilesConnector
from catalog.connections.connectors.http import HttpConnector
from catalog.connections.connectors.observations import ObservedAsset, ObservedProfile
from catalog.connections.connectors.sqlite import SqliteConnector
from tests import local_servers as serve


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[dict[str, tuple[Any, dict[str, Any]]]]:
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.executescript("CREATE TABLE one (n INTEGER); CREATE TABLE two (at TIMESTAMP);")
        database.executemany("INSERT INTO one VALUES (?)", [(n % 3,) for n in range(90)])
    with duckdb.connect(str(tmp_path / "a.duckdb")) as other:
        other.execute("CREATE TABLE one AS SELECT range % 3 AS n, {'x': range} AS s FROM range(90)")
        other.execute("CREATE TABLE two AS SELECT now() AS at")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.csv").write_text("n\n" + "1\n" * 40)
    (tmp_path / "files" / "b.jsonl").write_text('{"n": 1, "s": {"x": [{"y": 1}]}}\n' * 40)
    records = serve.content(json.dumps([{"n": n % 2, "s": {"x": 1}} for n in range(40)]).encode())
    with serve.http_server({"/records": records}) as base:
        yield {
            "sqlite": (SqliteConnector(), {"path": str(tmp_path / "a.db")}),
            "duckdb": (DuckDbConnector(), {"path": str(tmp_path / "a.duckdb")}),
            "files": (FilesConnector(), {"path": str(tmp_path / "files")}),
            "http": (HttpConnector(), {"url": f"{base}/records", "token": "open-sesame"}),
        }


@pytest.mark.parametrize("name", ["sqlite", "duckdb", "files", "http"])
def test_built_in_connectors_keep_the_contract(
    stores: dict[str, tuple[Any, dict[str, Any]]], tmp_path: Path, name: str
) -> None:
    connector, config = stores[name]
    assert examine(connector, config, local_context(tmp_path)) == []


def documented(number: int = 1) -> Any:
    """A class in docs/writing-a-connector.md, run as it stands there: 0 the short one, 1 the one without help."""
    page = (Path(settings.BASE_DIR) / "docs" / "writing-a-connector.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[number]
    names: dict[str, Any] = {}
    exec(compile(code, "docs/writing-a-connector.md", "exec"), names)  # noqa: S102  # our own documentation
    return names["IniConnector"]


@pytest.mark.parametrize("number", [0, 1])
def test_documented_connectors_keep_the_contract(tmp_path: Path, number: int) -> None:
    (tmp_path / "a.ini").write_text("[one]\nkey = 1\n[two]\nother = 2\n")
    assert examine(documented(number)(), {"path": str(tmp_path / "a.ini")}, local_context(tmp_path)) == []


def test_contract_finds_what_is_wrong(tmp_path: Path) -> None:
    """A connector that breaks each promise is told each breach."""
    (tmp_path / "a.ini").write_text("[one]\nkey = 1\n[two]\nother = 2\n")
    base = documented()

    class Careless(base):  # type: ignore[misc]
        def discover(self, config: Any, context: CrawlContext) -> Any:
            for _ in range(2):
                yield ObservedAsset(namespace="x", name="same", kind="files", address={"section": "one"})

        def crawl(self, config: Any, wanted: Any, context: CrawlContext) -> Any:
            for item in wanted:
                yield ObservedAsset(namespace="x", name="same", kind="files", fields=())
                yield ObservedProfile(asset=item.asset, path="key", row_count=1, minimum="secret")

    complaints = "\n".join(examine(Careless(), {"path": str(tmp_path / "a.ini")}, local_context(tmp_path)))
    for words in (
        "same namespace and name",
        "max_assets",
        "0 readings",
        "no field of",
        "although they are withheld",
        "not reported",
        "time is up",
        "cancelled",
    ):
        assert words in complaints
