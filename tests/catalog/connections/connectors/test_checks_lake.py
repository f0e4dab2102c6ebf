"""Checks of Delta tables: asked of the data of the newest version, in folders and buckets."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog.connections.connectors.base import Connector, Wanted
from catalog.connections.connectors.checking import CheckSpec
from catalog.connections.connectors.contract import local_context
from catalog.connections.connectors.delta import DeltaConnector
from catalog.connections.connectors.observations import ObservedCheck, ObservedReading
from tests.catalog.connections.connectors.support import configured
from tests.s3_server import S3Server, s3_server

WITHOUT = "the extra lake is not installed: ./mesh extras lake"
deltalake = pytest.importorskip("deltalake", reason=WITHOUT)
arro3 = pytest.importorskip("arro3.core", reason=WITHOUT)
CHECKS = (
    CheckSpec(number=1, kind="not_null", element="artist"),
    CheckSpec(number=2, kind="unique", element="id"),
    CheckSpec(number=3, kind="accepted_values", element="day", values=("a b",)),
    CheckSpec(number=4, kind="row_count"),
    CheckSpec(number=5, kind="freshness", element="at"),
    CheckSpec(number=6, kind="custom_sql", query="SELECT count(*) FROM '/etc/passwd'"),
    CheckSpec(number=7, kind="not_null", element="added"),
)
FIRST = datetime(2026, 11, 1, tzinfo=UTC)


def asked(
    connector: Connector, config: dict[str, Any], root: Path | None, *checks: CheckSpec, **limits: Any
) -> dict[int, ObservedCheck]:
    """The answers by number; the reading itself must not have suffered."""
    context = replace(local_context(*([root] if root else [])), **limits)
    asset = next(iter(connector.discover(config, context)))
    wanted = Wanted(asset=asset.asset, address=asset.address, checks=checks or CHECKS)
    found = list(connector.crawl(config, [wanted], context))
    assert [item.error for item in found if isinstance(item, ObservedReading)] == [None]
    return {item.number: item for item in found if isinstance(item, ObservedCheck)}


def judge(found: dict[int, ObservedCheck]) -> None:
    assert {number: item.error for number, item in found.items() if number != 6 and item.error} == {}
    assert [found[number].failed_rows for number in (1, 2, 3, 7)] == [1, 2, 1, 4]
    assert found[4].value == 5
    assert found[5].moment == FIRST.replace(day=3)
    assert found[6].error is not None
    assert found[6].error.code == "not_allowed"


def rows(ids: list[int], artists: list[str | None], days: list[str | None]) -> dict[str, Any]:
    microseconds = [int(FIRST.replace(day=number).timestamp()) * 1_000_000 for number in ids]
    at = arro3.Array(microseconds, type=arro3.DataType.int64()).cast(arro3.DataType.timestamp("us", tz="UTC"))
    return {
        "id": arro3.Array(ids, type=arro3.DataType.int64()),
        "artist": arro3.Array(artists, type=arro3.DataType.string()),
        "day": arro3.Array(days, type=arro3.DataType.string()),
        "at": at,
    }


@pytest.fixture
def delta(tmp_path: Path) -> Path:
    """Five rows of three partitions whose names must be escaped; one row more was deleted, a column came later."""
    table = tmp_path / "lake" / "plays of all"
    first = rows([1, 2, 3, 9], ["Ada", None, "Bob", "Eve"], ["a b", "a b", "c/d", "a b"])
    deltalake.write_deltalake(str(table), arro3.Table(first), partition_by=["day"])
    deltalake.DeltaTable(str(table)).delete("id = 9")
    second = rows([3, 1], ["Cyd", "Dan"], [None, "a b"])
    added = arro3.Array([None, 5], type=arro3.DataType.int64())
    deltalake.write_deltalake(
        str(table), arro3.Table({**second, "added": added}), mode="append", schema_mode="merge"
    )
    return table.parent


def test_a_delta_table_in_a_folder_is_checked_over_its_newest_version(delta: Path) -> None:
    found = asked(DeltaConnector(), configured(DeltaConnector(), location=str(delta)), delta)
    judge(found)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        running.client().create_bucket(Bucket="lakes")
        yield running


def stored(server: S3Server, folder: Path, prefix: str) -> dict[str, Any]:
    """The settings of a connection to a copy of `folder` in a bucket."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        key = f"{prefix}/{file.relative_to(folder)}"
        server.client().put_object(Bucket="lakes", Key=key, Body=file.read_bytes())
    keys = {"access_key": "AKIAFIXTURE", "secret_key": "fixture-secret"}
    return {"location": f"s3://lakes/{prefix}", "endpoint": server.endpoint, **keys}


def test_a_delta_table_in_a_bucket_is_checked(delta: Path, server: S3Server) -> None:
    judge(asked(DeltaConnector(), configured(DeltaConnector(), **stored(server, delta, "delta")), None))


def test_more_bytes_than_a_crawl_reads_spoil_only_the_checks(tmp_path: Path, server: S3Server) -> None:
    noise = [hashlib.sha512(bytes([number])).hexdigest() * 40 for number in range(200)]
    table = arro3.Table({"artist": arro3.Array(noise, type=arro3.DataType.string())})
    deltalake.write_deltalake(
        str(tmp_path / "noise"),
        table,
        writer_properties=deltalake.WriterProperties(compression="UNCOMPRESSED"),
    )
    config = configured(DeltaConnector(), **stored(server, tmp_path, "large"))
    found = asked(DeltaConnector(), config, None, *CHECKS[:1], max_bytes=70_000)
    assert found[1].error is not None
    assert found[1].error.code == "too_large"


def test_an_empty_delta_table_has_its_columns(tmp_path: Path) -> None:
    fields = [deltalake.Field("artist", deltalake.schema.PrimitiveType("string"))]
    deltalake.DeltaTable.create(str(tmp_path / "lake" / "none"), deltalake.Schema(fields))
    config = configured(DeltaConnector(), location=str(tmp_path / "lake"))
    found = asked(DeltaConnector(), config, tmp_path / "lake", CHECKS[0], CHECKS[3])
    assert (found[1].failed_rows, found[1].total_rows, found[4].value) == (0, 0, 0)


def test_more_files_than_are_read_are_said(tmp_path: Path) -> None:
    days = [f"d{number}" for number in range(51)]
    column = arro3.Array(days, type=arro3.DataType.string())
    table = arro3.Table({"day": column, "id": column})
    deltalake.write_deltalake(str(tmp_path / "lake" / "many"), table, partition_by=["day"])
    config = configured(DeltaConnector(), location=str(tmp_path / "lake"))
    (found,) = asked(DeltaConnector(), config, tmp_path / "lake", CHECKS[3]).values()
    assert found.error is not None
    assert "more files than a crawl reads whole (50)" in found.error.message


def test_rows_marked_as_deleted_and_data_elsewhere_are_not_guessed(delta: Path) -> None:
    (log,) = sorted((delta / "plays of all" / "_delta_log").glob("*2.json"))
    kept = log.read_text()
    config = configured(DeltaConnector(), location=str(delta))
    for change in (mark_deleted, point_elsewhere):
        log.write_text("\n".join(json.dumps(change(json.loads(line))) for line in kept.splitlines()))
        (found,) = asked(DeltaConnector(), config, delta, CHECKS[3]).values()
        assert found.value is None
        assert found.error is not None
        assert found.error.code in {"unsupported", "not_allowed"}


def mark_deleted(entry: dict[str, Any]) -> dict[str, Any]:
    if "add" in entry:
        vector = {"storageType": "u", "pathOrInlineDv": "ab^-aqEH.-t@S}K{vb[*k^", "offset": 4}
        entry["add"]["deletionVector"] = {**vector, "sizeInBytes": 40, "cardinality": 1}
    if "commitInfo" in entry:
        features = {"readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]}
        return {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, **features}}
    return entry


def point_elsewhere(entry: dict[str, Any]) -> dict[str, Any]:
    if "add" in entry:
        entry["add"]["path"] = "file:///etc/passwd"
    return entry
