"""The Delta connector on tables written by the Delta library, in folders and in a real S3 server."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.contract import examine, local_context
from catalog.connections.connectors.delta import DeltaConnector, needed
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.lakefiles import LakeFile
from catalog.connections.connectors.observations import Failure
from catalog.connections.connectors.roots import FileRoots
from tests.catalog.connections.connectors.support import Found, configured, context, crawl
from tests.s3_server import s3_server

WITHOUT = "the extra lake is not installed: ./mesh extras lake"
deltalake = pytest.importorskip("deltalake", reason=WITHOUT)
arro3 = pytest.importorskip("arro3.core", reason=WITHOUT)
DELTA = DeltaConnector()


def rows(count: int) -> Any:
    return arro3.Table(
        {
            "id": arro3.Array(list(range(count)), type=arro3.DataType.int64()),
            "day": arro3.Array([f"2026-10-0{n % 2 + 1}" for n in range(count)], type=arro3.DataType.string()),
        }
    )


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Two tables: `plays` in three versions with partitions, `empty` with a nested schema and no file."""
    lake = tmp_path / "lake"
    for count in (10, 4):
        deltalake.write_deltalake(
            str(lake / "plays"),
            rows(count),
            partition_by=["day"],
            mode="append",
            description="What was played.",
        )
    deltalake.DeltaTable(str(lake / "plays")).optimize.compact()
    fields = [
        deltalake.Field("at", deltalake.schema.PrimitiveType("timestamp"), metadata={"comment": "When."}),
        deltalake.Field("price", deltalake.schema.PrimitiveType("decimal(9,2)"), nullable=False),
        deltalake.Field(
            "lines",
            deltalake.schema.ArrayType(
                deltalake.schema.StructType(
                    [deltalake.Field("sku", deltalake.schema.PrimitiveType("string"))]
                ),
                True,
            ),
        ),
        deltalake.Field(
            "labels",
            deltalake.schema.MapType(
                deltalake.schema.PrimitiveType("string"), deltalake.schema.PrimitiveType("long"), True
            ),
        ),
    ]
    deltalake.DeltaTable.create(str(lake / "deep" / "empty"), deltalake.Schema(fields))
    return lake


def now() -> datetime:
    return datetime.now(UTC)


def read(lake: Path, **changes: Any) -> Found:
    config = configured(DELTA, location=str(lake))
    return crawl(DELTA, config, context(changes.pop("root", lake), now=now, **changes))


def failure(found: Found, name: str) -> Failure:
    error = next(r.error for r in found.readings if r.asset.name.endswith(name))
    assert error is not None
    return error


def test_it_keeps_the_contract(lake: Path) -> None:
    assert examine(DELTA, {"location": str(lake)}, local_context(lake)) == []


def test_versions_rows_size_and_commit_time(lake: Path) -> None:
    before = now()
    found = read(lake)
    assert [a.name for a in found.assets] == [f"{lake}/deep/empty", f"{lake}/plays"]
    empty, plays = found.readings
    assert (plays.row_count, plays.row_count_is_estimate, plays.object_count) == (14, False, 2)
    assert plays.size_bytes == sum(file.stat().st_size for file in live(lake / "plays"))
    assert plays.fresh_basis == "commit, version 2"
    assert plays.fresh_at is not None
    assert plays.fresh_at < before
    assert (empty.row_count, empty.object_count) == (0, 0)
    assert found.assets[1].comment == "What was played."
    day = found.fields(f"{lake}/plays")["day"]
    assert (day.physical_type, day.logical_type) == ("string, partition", "string")


def live(table: Path) -> list[Path]:
    return [Path(uri) for uri in deltalake.DeltaTable(str(table)).file_uris()]


def test_upkeep_is_no_news(lake: Path) -> None:
    """The third version only compacts: the data are as old as the second."""
    history = deltalake.DeltaTable(str(lake / "plays")).history()
    assert [entry["operation"] for entry in history] == ["OPTIMIZE", "WRITE", "WRITE"]
    moment = read(lake).readings[1].fresh_at
    assert moment is not None
    assert round(moment.timestamp() * 1000) == history[1]["timestamp"]


def test_nested_fields_with_comments(lake: Path) -> None:
    fields = read(lake).fields(f"{lake}/deep/empty")
    assert {path: (f.logical_type, f.is_nullable) for path, f in fields.items()} == {
        "at": ("timestamp", True),
        "price": ("number", False),
        "lines": ("array", True),
        "lines[].sku": ("string", True),
        "labels": ("map", True),
    }
    assert fields["at"].comment == "When."
    assert fields["price"].physical_type == "decimal(9,2)"


def test_only_the_checkpoint_and_what_follows_is_read(lake: Path) -> None:
    table = deltalake.DeltaTable(str(lake / "plays"))
    table.create_checkpoint()
    deltalake.write_deltalake(str(lake / "plays"), rows(2), mode="append")
    for old in (0, 1):
        (lake / "plays" / "_delta_log" / f"{old:020}.json").unlink()
    reading = read(lake).readings[1]
    assert (reading.row_count, reading.fresh_basis) == (16, "commit, version 3")
    names = [*(f"{n:020}.json" for n in range(13)), f"{10:020}.checkpoint.parquet", "_last_checkpoint"]
    used = needed([LakeFile(f"t/_delta_log/{name}", 1, 0.0) for name in names])
    assert [file.path.rpartition("/")[2].lstrip("0") for file in used] == [
        "10.json",
        "11.json",
        "12.json",
        "10.checkpoint.parquet",
    ]


def test_the_same_from_a_bucket(lake: Path) -> None:
    with s3_server() as server:
        client = server.client()
        client.create_bucket(Bucket="lake")
        for file in (lake / "plays").rglob("*"):
            if file.is_file():
                client.put_object(Bucket="lake", Key=f"in/{file.relative_to(lake)}", Body=file.read_bytes())
        options = {
            "location": "s3://lake/in",
            "endpoint": server.endpoint,
            "access_key": "AKIAFIXTURE",
            "secret_key": "fixture-secret",
        }
        assert examine(DELTA, options, local_context()) == []
        found = crawl(DELTA, configured(DELTA, **options), context(now=now))
    assert [(a.namespace, a.name) for a in found.assets] == [("s3://lake", "in/plays")]
    assert found.readings[0].row_count == 14
    assert [tls.version for tls in found.tls] == [""]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read"),
        (b"not json\n", "cannot be read"),
        (b'{"commitInfo": {}}\n', "cannot be read"),
        (b'{"protocol":{"minReaderVersion":99,"minWriterVersion":99}}\n', "cannot be read"),
        (os.urandom(2_000), "cannot be read"),
    ],
)
def test_a_log_that_cannot_be_read_spoils_its_table_alone(lake: Path, content: bytes, words: str) -> None:
    log = lake / "broken" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_bytes(content)
    found = read(lake)
    error = failure(found, "broken")
    assert (error.code, words in error.message) == ("malformed", True)
    assert "meshportal-delta" not in error.message
    assert [r.error for r in found.readings if not r.asset.name.endswith("broken")] == [None, None]


def test_a_log_larger_than_is_read_asks_for_a_checkpoint(lake: Path) -> None:
    assert "checkpoint" in failure(read(lake, max_bytes=100), "plays").remedy


def test_links_lead_nowhere(lake: Path, tmp_path: Path) -> None:
    shutil.copytree(lake / "plays", tmp_path / "outside")
    linked = lake / "linked" / "_delta_log"
    linked.mkdir(parents=True)
    (linked / f"{0:020}.json").symlink_to(tmp_path / "outside" / "_delta_log" / f"{0:020}.json")
    assert failure(read(lake), "linked").code == "not_allowed"
    with pytest.raises(SourceError):
        read(tmp_path / "outside", roots=FileRoots((lake,)))
    upward = Wanted(asset=read(lake).assets[0].asset, address={"table": "../outside"})
    found = crawl(DELTA, configured(DELTA, location=str(lake)), context(lake), [upward])
    assert found.readings[0].error is not None


def test_check_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    failed = DELTA.check(configured(DELTA, location=str(tmp_path / "nothing")), context(tmp_path)).failed
    assert failed is not None
    assert (failed.name, "_delta_log" in failed.message) == ("readable", True)


def test_tables_without_statistics_have_no_count(lake: Path) -> None:
    log = lake / "plays" / "_delta_log"
    for file in log.glob("*.json"):
        actions = [json.loads(line) for line in file.read_text().splitlines()]
        for action in actions:
            action.get("add", {}).pop("stats", None)
        file.write_text("\n".join(map(json.dumps, actions)))
    reading = read(lake).readings[1]
    assert (reading.error, reading.row_count, reading.object_count) == (None, None, 2)
