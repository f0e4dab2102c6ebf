"""The Iceberg connector on tables made by the Iceberg library: folders, a bucket, and a REST catalog over HTTP."""

import gzip
import json
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from catalog.connections.connectors.contract import examine, local_context
from catalog.connections.connectors.iceberg import IcebergConnector
from catalog.connections.connectors.iceberg_rest import _joined, _split
from tests import local_servers as serve
from tests.catalog.connections.connectors.support import Found, configured, context, crawl
from tests.s3_server import s3_server

WITHOUT = "the extra lake is not installed: ./mesh extras lake"
pytest.importorskip("pyiceberg", reason=WITHOUT)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ICEBERG = IcebergConnector()


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """`sales/orders` with one snapshot of 1,500 rows, `sales/empty` without any."""
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.transforms import DayTransform
    from pyiceberg.typedef import Record
    from pyiceberg.types import (
        DecimalType,
        ListType,
        LongType,
        NestedField,
        StringType,
        StructType,
        TimestampType,
    )

    lake = tmp_path / "lake"
    lake.mkdir()
    catalog = SqlCatalog(
        "made",
        uri=f"sqlite:///{tmp_path}/catalog.db",
        warehouse=f"file://{lake}",
        **{"py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO"},
    )
    catalog.create_namespace("sales")
    schema = Schema(
        NestedField(1, "id", LongType(), required=True, doc="Its number."),
        NestedField(2, "placed_at", TimestampType()),
        NestedField(3, "customer", StructType(NestedField(4, "city", StringType()))),
        NestedField(
            5,
            "lines",
            ListType(6, StructType(NestedField(7, "price", DecimalType(9, 2))), element_required=True),
        ),
        identifier_field_ids=[1],
    )
    spec = PartitionSpec(PartitionField(source_id=2, field_id=1000, transform=DayTransform(), name="day"))
    orders = catalog.create_table(
        "sales.orders", schema, partition_spec=spec, properties={"comment": "Orders."}
    )
    catalog.create_table("sales.empty", schema)
    with orders.transaction() as change, change.update_snapshot().fast_append() as append:
        for number in (1, 2):
            append.append_data_file(
                DataFile.from_args(
                    content=DataFileContent.DATA,
                    file_path=f"file://{lake}/sales/orders/data/{number}.parquet",
                    file_format=FileFormat.PARQUET,
                    partition=Record(20_000),
                    record_count=500 * number,
                    file_size_in_bytes=1_000 * number,
                    spec_id=orders.spec().spec_id,
                )
            )
    catalog.close()
    return lake


def now() -> datetime:
    return datetime.now(UTC)


def documents(lake: Path) -> dict[str, Any]:
    """The newest metadata by table."""
    newest = {
        path.parent.parent.name: path for path in sorted(lake.rglob("*.metadata.json"), key=lambda p: p.name)
    }
    return {name: json.loads(path.read_text()) for name, path in newest.items()}


def found_in(lake: Path, **changes: Any) -> Found:
    return crawl(ICEBERG, configured(ICEBERG, location=str(lake)), context(lake, now=now, **changes))


def assert_orders(found: Found) -> None:
    reading = next(r for r in found.readings if r.asset.name.endswith("orders"))
    assert (reading.row_count, reading.row_count_is_estimate) == (1_500, False)
    assert (reading.size_bytes, reading.object_count) == (3_000, 2)
    assert reading.fresh_basis.startswith("snapshot ")
    assert reading.fresh_at is not None
    asset = next(a for a in found.assets if a.name.endswith("orders"))
    assert asset.comment == "Orders."
    fields = {f.path: f for f in asset.fields or ()}
    assert {path: f.logical_type for path, f in fields.items()} == {
        "id": "integer",
        "placed_at": "timestamp",
        "customer": "object",
        "customer.city": "string",
        "lines": "array",
        "lines[].price": "number",
    }
    assert (fields["id"].comment, fields["id"].is_nullable, fields["id"].key_position) == (
        "Its number.",
        False,
        1,
    )
    assert fields["placed_at"].physical_type == "timestamp, partition by day"
    empty = next(r for r in found.readings if r.asset.name.endswith("empty"))
    assert (empty.row_count, empty.fresh_at, empty.error) == (0, None, None)


def test_tables_of_a_folder(lake: Path) -> None:
    assert examine(ICEBERG, {"location": str(lake)}, local_context(lake)) == []
    found = found_in(lake)
    assert [a.name for a in found.assets] == [f"{lake}/sales/empty", f"{lake}/sales/orders"]
    assert_orders(found)


def test_tables_of_a_bucket(lake: Path) -> None:
    with s3_server() as server:
        client = server.client()
        client.create_bucket(Bucket="lake")
        for file in lake.rglob("*"):
            if file.is_file():
                client.put_object(Bucket="lake", Key=str(file.relative_to(lake)), Body=file.read_bytes())
        keys = {"access_key": "AKIAFIXTURE", "secret_key": "fixture-secret"}
        options = {"location": "s3://lake", "endpoint": server.endpoint, **keys}
        assert examine(ICEBERG, options, local_context()) == []
        found = crawl(ICEBERG, configured(ICEBERG, **options), context(now=now))
    assert [(a.namespace, a.name) for a in found.assets] == [
        ("s3://lake", "sales/empty"),
        ("s3://lake", "sales/orders"),
    ]
    assert_orders(found)


def rest(lake: Path, asked: list[str | None]) -> dict[str, serve.Answer]:
    """A catalog that speaks the documented API: a prefix, namespaces in a tree, pages."""

    def guarded(body: Any) -> serve.Answer:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            asked.append(handler.headers["Authorization"])
            shown = body(handler.path) if callable(body) else body
            serve.content(json.dumps(shown).encode())(handler)

        return answer

    def namespaces(path: str) -> Any:
        return {"namespaces": [["sales", "eu.west"]] if "parent=sales" in path and "%1F" not in path else []}

    def tables(path: str) -> Any:
        names, token = (("orders",), "") if "pageToken=2" in path else (("empty",), "2")
        listed = [{"namespace": ["sales"], "name": name} for name in names]
        return {"identifiers": listed, "next-page-token": token or None}

    start = "/v1/main/namespaces"
    return {
        "/v1/config": guarded({"defaults": {"prefix": "other"}, "overrides": {"prefix": "main"}}),
        start: guarded(lambda path: namespaces(path) if "parent" in path else {"namespaces": [["sales"]]}),
        f"{start}/sales/tables": guarded(tables),
        f"{start}/sales%1Feu.west/tables": guarded({"identifiers": [{"name": "orders"}]}),
        **{
            f"{start}/{space}/tables/{name}": guarded({"metadata-location": "x", "metadata": document})
            for space in ("sales", "sales%1Feu.west")
            for name, document in documents(lake).items()
        },
    }


def test_tables_of_a_rest_catalog(lake: Path) -> None:
    asked: list[str | None] = []
    with serve.http_server(rest(lake, asked)) as base:
        options = {"catalog": base, "token": "open-sesame"}
        assert examine(ICEBERG, options, local_context()) == []
        found = crawl(ICEBERG, configured(ICEBERG, **options), context(now=now))
    assert [a.name for a in found.assets] == ['sales."eu.west".orders', "sales.empty", "sales.orders"]
    assert found.assets[0].namespace == base.replace("http", "iceberg")
    assert_orders(found)
    assert set(asked) == {"Bearer open-sesame"}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (serve.content(b"{}", status=401), "does not let us in"),
        (serve.content(b"<html>"), "not JSON"),
        (serve.content(b"[]"), "none of an Iceberg catalog"),
        (serve.endless(b" " * 65_536), "more than"),
        (serve.redirect("http://169.254.169.254/"), "metadata service"),
    ],
)
def test_catalogs_that_are_none(answer: serve.Answer, words: str) -> None:
    with serve.http_server({"/v1/config": answer}) as base:
        failed = ICEBERG.check(configured(ICEBERG, catalog=base, token="t"), context(seconds=10)).failed
    assert failed is not None
    assert words in failed.message
    assert failed.remedy


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"{}",
        b"[]",
        b'{"format-version": 99}',
        b'{"format-version": 2}',
        b"\xff\xfe",
        b"[" * 99_999,
    ],
)
def test_metadata_that_cannot_be_read_spoil_their_table_alone(lake: Path, content: bytes) -> None:
    folder = lake / "sales" / "broken" / "metadata"
    folder.mkdir(parents=True)
    (folder / "00001-aaaa.metadata.json").write_bytes(content)
    errors = {r.asset.name.rpartition("/")[2]: r.error for r in found_in(lake).readings}
    assert errors.pop("broken").code == "malformed"
    assert errors == {"empty": None, "orders": None}


def test_compressed_metadata_and_deletes_and_upkeep(lake: Path) -> None:
    document = documents(lake)["orders"]
    first = document["snapshots"][0]
    first["summary"]["total-position-deletes"] = "7"
    rewritten = {
        **first,
        "snapshot-id": 77,
        "parent-snapshot-id": first["snapshot-id"],
        "timestamp-ms": first["timestamp-ms"] + 5,
        "summary": {**first["summary"], "operation": "replace"},
    }
    document["snapshots"].append(rewritten)
    document["current-snapshot-id"] = 77
    document["last-sequence-number"] += 1
    rewritten["sequence-number"] = document["last-sequence-number"]
    document["refs"] = {"main": {"snapshot-id": 77, "type": "branch"}}
    folder = lake / "sales" / "orders" / "metadata"
    (folder / "00009-aaaa.gz.metadata.json").write_bytes(gzip.compress(json.dumps(document).encode()))
    reading = next(r for r in found_in(lake).readings if r.asset.name.endswith("orders"))
    assert reading.row_count_is_estimate
    assert reading.fresh_basis == "snapshot 77"
    assert reading.fresh_at is not None
    assert round(reading.fresh_at.timestamp() * 1000) == first["timestamp-ms"]
    (folder / "00010-aaaa.gz.metadata.json").write_bytes(gzip.compress(b" " * 64 * 1024 * 1024))
    assert next(r for r in found_in(lake).readings if r.asset.name.endswith("orders")).error is not None


@pytest.mark.parametrize("parts", [["a", "b"], ["a.b", "c"], ['a"b.', "c"], ["a", 'x"y']])
def test_names_of_tables_come_back(parts: list[str]) -> None:
    assert _split(_joined(parts)) == parts
