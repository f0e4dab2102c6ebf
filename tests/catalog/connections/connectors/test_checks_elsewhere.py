"""Checks in buckets, of answers by HTTP and of a connector of one's own: asked where all rows were read."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from catalog.connections.connectors.base import Connector, CrawlContext, Wanted
from catalog.connections.connectors.checking import CheckSpec
from catalog.connections.connectors.contract import local_context
from catalog.connections.connectors.http import HttpConnector
from catalog.connections.connectors.observations import ObservedCheck
from catalog.connections.connectors.s3 import S3Connector
from tests import local_servers as serve
from tests.catalog.connections.connectors.support import configured
from tests.catalog.connections.connectors.test_records import Memory
from tests.s3_server import S3Server, s3_server

ROWS = [{"id": 1, "artist": "Ada"}, {"id": 2, "artist": None}, {"id": 2, "artist": "bob"}]
CHECKS = (
    CheckSpec(number=1, kind="not_null", element="artist"),
    CheckSpec(number=2, kind="unique", element="id"),
    CheckSpec(number=3, kind="pattern", element="artist", pattern="^[A-Z]"),
    CheckSpec(number=4, kind="row_count"),
    CheckSpec(number=5, kind="custom_sql", query="SELECT count(*) FROM '/etc/passwd'"),
)
BUCKET = "checked"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        running.client().create_bucket(Bucket=BUCKET)
        yield running


def asked(
    connector: Connector, config: dict[str, Any], context: CrawlContext, checks: Sequence[CheckSpec] = CHECKS
) -> dict[int, ObservedCheck]:
    asset = next(iter(connector.discover(config, context)))
    wanted = Wanted(asset=asset.asset, address=asset.address, checks=tuple(checks))
    found = connector.crawl(config, [wanted], context)
    return {item.number: item for item in found if isinstance(item, ObservedCheck)}


def stored(server: S3Server, key: str, body: bytes) -> dict[str, Any]:
    server.client().put_object(Bucket=BUCKET, Key=key, Body=body)
    keys = {"access_key": "AKIAFIXTURE", "secret_key": "fixture-secret"}
    return configured(
        S3Connector(), bucket=BUCKET, endpoint=server.endpoint, prefix=key.rpartition("/")[0] + "/", **keys
    )


def lines() -> bytes:
    return "\n".join(json.dumps(row) for row in ROWS).encode()


def as_parquet(folder: Path, query: str) -> bytes:
    with duckdb.connect() as database:
        database.execute(f"COPY ({query}) TO '{folder}/made.parquet' (FORMAT PARQUET, ROW_GROUP_SIZE 2048)")
    return (folder / "made.parquet").read_bytes()


def judge(found: dict[int, ObservedCheck]) -> None:
    assert {number: found[number].failed_rows for number in (1, 2, 3)} == {1: 1, 2: 1, 3: 1}
    assert found[4].value == 3
    assert found[5].error is not None
    assert found[5].error.code == "not_allowed"


def test_parquet_in_a_bucket_is_checked_over_all_rows(server: S3Server, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(lines())
    body = as_parquet(tmp_path, f"FROM read_json('{tmp_path}/rows.jsonl')")
    judge(asked(S3Connector(), stored(server, "parquet/a.parquet", body), local_context()))


def test_lines_in_a_bucket_are_checked(server: S3Server) -> None:
    judge(asked(S3Connector(), stored(server, "lines/a.jsonl", lines()), local_context()))


def test_more_than_may_be_fetched_is_said_and_spoils_only_the_check(server: S3Server, tmp_path: Path) -> None:
    body = as_parquet(tmp_path, "SELECT range AS id, md5(range::VARCHAR) AS artist FROM range(60_000)")
    config = stored(server, "large/a.parquet", body)
    found = asked(S3Connector(), config, replace(local_context(), max_bytes=200_000), CHECKS[:4])
    assert found[1].error is not None
    assert found[1].error.code == "too_large"
    assert found[4].value == 60_000  # the footer tells


def test_an_answer_by_http_is_checked() -> None:
    with serve.http_server({"/rows": serve.content(json.dumps(ROWS).encode())}) as base:
        judge(asked(HttpConnector(), configured(HttpConnector(), url=f"{base}/rows"), local_context()))


def test_records_of_a_connector_of_ones_own_are_checked() -> None:
    checks = (CheckSpec(number=1, kind="unique", element="id"), CheckSpec(number=2, kind="row_count"))
    found = asked(Memory(), {}, local_context(), checks)
    assert (found[1].failed_rows, found[2].value) == (0, 200)
