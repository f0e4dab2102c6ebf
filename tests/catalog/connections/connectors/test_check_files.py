"""Checks of files: Parquet is read whole, texts are checked where all of their rows were read."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.checking import CheckSpec
from catalog.connections.connectors.files import FilesConnector
from catalog.connections.connectors.observations import ObservedCheck
from tests.catalog.connections.connectors.support import configured, context

FILES = FilesConnector()
ROWS = """id,artist,price,seen_at,note
1,Ada,1.5,2026-10-30 10:00:00,
2,Bob,-2,2026-10-31 10:00:00,"it's"
2,,3,2026-10-29 10:00:00,N/A
"""
CHECKS = (
    CheckSpec(number=1, kind="not_null", element="artist"),
    CheckSpec(number=2, kind="unique", element="id"),
    CheckSpec(number=3, kind="range", element="price", at_least=0),
    CheckSpec(number=4, kind="pattern", element="artist", pattern="^[A-Z]"),
    CheckSpec(number=5, kind="row_count"),
    CheckSpec(number=6, kind="freshness", element="seen_at"),
    CheckSpec(number=7, kind="custom_sql", query="SELECT sum(price) FROM ${object}"),
    CheckSpec(number=8, kind="custom_sql", query="SELECT count(*) FROM '/etc/passwd'"),
)


def asked(path: Path, *checks: CheckSpec, max_rows: int = 10_000) -> dict[int, ObservedCheck]:
    config, ctx = configured(FILES, path=str(path)), context(path.parent, max_rows=max_rows)
    (asset,) = FILES.discover(config, ctx)
    wanted = Wanted(asset=asset.asset, address=asset.address, checks=checks)
    return {
        item.number: item for item in FILES.crawl(config, [wanted], ctx) if isinstance(item, ObservedCheck)
    }


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_files_of_every_form_answer_alike(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"plays.{form}"
    (tmp_path / "given").mkdir()
    given = tmp_path / "given" / "plays.csv"
    given.write_text(ROWS)
    if form == "csv":
        path.write_text(ROWS)
    else:
        kind = "PARQUET" if form == "parquet" else "JSON"
        with duckdb.connect() as database:
            database.execute(
                f"COPY (FROM read_csv('{given}', nullstr = ['', 'N/A'])) TO '{path}' (FORMAT {kind})"
            )
    found = asked(path, *CHECKS)
    assert {number: found[number].failed_rows for number in (1, 2, 3, 4)} == {1: 1, 2: 1, 3: 1, 4: 0}
    assert (found[5].value, found[7].value) == (3, 2.5)
    assert found[6].moment == datetime(2026, 10, 31, 10, tzinfo=UTC)
    assert found[8].error is not None
    assert found[8].error.code == "not_allowed"


def test_more_rows_than_are_read_say_nothing_certain(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("id\n" + "\n".join(str(number) for number in range(500)))
    found = asked(path, CheckSpec(number=1, kind="unique", element="id"), max_rows=100)[1]
    assert found.error is not None
    assert "more rows than a crawl reads whole" in found.error.message


def test_more_parquet_files_than_are_read_say_nothing_certain(tmp_path: Path) -> None:
    folder = tmp_path / "plays"
    folder.mkdir()
    with duckdb.connect() as database:
        for number in range(51):
            database.execute(
                f"COPY (SELECT {number} AS id) TO '{folder}/part-{number}.parquet' (FORMAT PARQUET)"
            )
    found = asked(folder, CheckSpec(number=1, kind="unique", element="id"))[1]
    assert found.error is not None
    assert "more files than a crawl reads whole" in found.error.message
