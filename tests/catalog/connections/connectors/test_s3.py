"""The S3 connector against a real S3 server process: sets, counts, sign-in, limits."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from catalog.common.allow_list import AllowList
from catalog.connections.connectors import s3
from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.contract import examine, local_context
from catalog.connections.connectors.observations import Failure
from catalog.connections.connectors.s3 import S3Connector
from tests.catalog.connections.connectors.support import Found, configured, context, crawl
from tests.s3_server import S3Server, s3_server

S3 = S3Connector()
KEYS = {"access_key": "AKIAFIXTURE", "secret_key": "fixture-secret"}


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def bucket(server: S3Server, request: pytest.FixtureRequest) -> tuple[S3Server, str]:
    name = "b-" + request.node.name.partition("[")[0].replace("_", "-")[-50:].strip("-")
    server.client().create_bucket(Bucket=name)
    return server, name


def put(bucket: tuple[S3Server, str], key: str, body: bytes, **options: Any) -> None:
    bucket[0].client().put_object(Bucket=bucket[1], Key=key, Body=body, **options)


def settings(bucket: tuple[S3Server, str], **options: Any) -> dict[str, Any]:
    return {"bucket": bucket[1], "endpoint": bucket[0].endpoint, **KEYS, **options}


def later(**changes: Any) -> Any:
    """A context whose clock is the real one: the server's times are."""
    return replace(local_context(), **changes)


def read(bucket: tuple[S3Server, str], **options: Any) -> Found:
    return crawl(S3, configured(S3, **settings(bucket, **options)), later())


def failure(found: Found) -> Failure:
    error = found.readings[0].error
    assert error is not None
    return error


def parquet(path: Path, rows: int, start: int = 0, group: int = 2_048) -> bytes:
    columns = "range AS n, 'p' || range AS email, {'x': range % 7} AS nested"
    rows_of = f"SELECT {columns} FROM range({start}, {start + rows})"  # noqa: S608
    duckdb.connect().execute(f"COPY ({rows_of}) TO '{path}' (ROW_GROUP_SIZE {group})")
    return path.read_bytes()


def test_it_keeps_the_contract(bucket: tuple[S3Server, str], tmp_path: Path) -> None:
    put(bucket, "plays.csv", b"n,at\n" + b"1,2026-10-01\n" * 40)
    put(bucket, "a folder/ü+&'x?.jsonl", b'{"n": 1, "s": {"x": [{"y": 1}]}}\n' * 40)
    put(bucket, "table/part-0001.parquet", parquet(tmp_path / "a.parquet", 100))
    assert examine(S3, settings(bucket), local_context()) == []


def test_partitions_parts_and_single_objects_are_assets(bucket: tuple[S3Server, str], tmp_path: Path) -> None:
    for day in (1, 2, 3):
        put(
            bucket,
            f"events/day=2026-10-0{day}/part-0.parquet",
            parquet(tmp_path / "p.parquet", 10 * day, start=100 * day),
        )
    put(bucket, "parts/part-0.csv", b"n\n1\n2\n")
    put(bucket, "parts/part-1.csv", b"n,m\n3,4\n")
    put(bucket, "one/a[1].parquet", parquet(tmp_path / "q.parquet", 5))
    put(bucket, "one/plain.json", json.dumps([{"id": 1}, {"id": 2}]).encode())
    put(bucket, "one/zipped.csv.gz", gzip.compress(b"n\n1\n2\n3\n"))
    put(bucket, "one/", b"")
    put(bucket, "events/_delta_log/0.json", b"{}")
    put(bucket, "readme.txt", b"no data")
    found = read(bucket)
    counted = {r.asset.name: (r.row_count, r.object_count, r.row_count_is_estimate) for r in found.readings}
    assert counted == {
        "events/**/*.parquet": (60, 3, False),
        "parts/*.csv": (3, 2, False),
        "one/a[[]1].parquet": (5, 1, False),
        "one/plain.json": (2, 1, False),
        "one/zipped.csv.gz": (3, 1, False),
    }
    fields = found.fields("events/**/*.parquet")
    assert {path: f.logical_type for path, f in fields.items()} == {
        "n": "integer",
        "email": "string",
        "nested": "object",
        "nested.x": "integer",
        "day": "date",
    }
    assert list(found.fields("parts/*.csv")) == ["n", "m"]
    reading = found.readings[0]
    assert reading.fresh_basis == "Last-Modified"
    assert reading.fresh_at is not None
    assert reading.size_bytes
    assert reading.latency_ms
    assert found.assets[0].namespace == f"s3://{bucket[1]}"
    assert [tls.version for tls in found.tls] == [""]  # http: nothing is encrypted, and it says so


def test_only_what_is_below_the_prefix_or_matches_the_pattern(bucket: tuple[S3Server, str]) -> None:
    for key in ("sales/a.csv", "sales/2026/b.csv", "sales-old/c.csv", "other/d.csv"):
        put(bucket, key, b"n\n1\n")
    names = [a.name for a in read(bucket, prefix="sales/").assets]
    assert names == ["sales/a.csv", "sales/2026/b.csv"]
    assert [a.name for a in read(bucket, prefix="sales*/**/*.csv").assets] == ["sales*/**/*.csv"]
    assert read(bucket, prefix="sales*/**/*.csv").readings[0].object_count == 3
    assert [a.name for a in read(bucket, exclude="sales/*\nother*").assets] == ["sales-old/c.csv"]


def test_values_stay_in_the_store(bucket: tuple[S3Server, str], tmp_path: Path) -> None:
    put(bucket, "a.parquet", parquet(tmp_path / "a.parquet", 500))
    put(bucket, "a.csv", b"n,email\n" + b"1,somebody@example.org\n" * 40)
    found = read(bucket)
    assert "somebody" not in repr(found)
    assert found.profiles["email"].top_values == ()
    assert found.profiles["email"].withheld_because


def test_parquet_is_counted_by_footers_and_sampled_from_the_start(
    bucket: tuple[S3Server, str], tmp_path: Path
) -> None:
    """A quarter of a million rows: the answer is exact, and a fraction of the object was fetched."""
    body = parquet(tmp_path / "big.parquet", 250_000)
    put(bucket, "big.parquet", body)
    limited = later(max_bytes=len(body) // 3, max_rows=1_000)
    found = crawl(S3, configured(S3, **settings(bucket)), limited)
    reading = found.readings[0]
    assert (reading.row_count, reading.row_count_is_estimate) == (250_000, False)
    assert found.profiles["n"].row_count == 1_000
    assert found.profiles["n"].is_sample


def test_row_groups_larger_than_may_be_fetched_leave_schema_and_count(
    bucket: tuple[S3Server, str], tmp_path: Path
) -> None:
    put(bucket, "big.parquet", parquet(tmp_path / "big.parquet", 100_000, group=100_000))
    found = crawl(S3, configured(S3, **settings(bucket)), later(max_bytes=200_000))
    assert found.readings[0].row_count == 100_000
    assert list(found.fields()) == ["n", "email", "nested", "nested.x"]
    assert found.profiles == {}


@pytest.mark.parametrize(
    ("key", "body", "code", "words"),
    [
        ("a.parquet", b"PAR1 this is none PAR1", "malformed", "Parquet cannot be read"),
        ("a.csv", b"a,b\n1,2,3\n", "malformed", "Line 2 has 3 cells"),
        ("a.csv.gz", gzip.compress(b"n\n1\n" * 1000, mtime=0)[:-20], "malformed", "breaks off"),
        ("a.json", b'{"a": ', "malformed", "not JSON"),
    ],
)
def test_a_bad_object_spoils_no_other(server: S3Server, key: str, body: bytes, code: str, words: str) -> None:
    bucket = (server, "bad-objects")
    server.client().create_bucket(Bucket="bad-objects")
    put(bucket, "good.csv", b"n\n1\n")
    put(bucket, key, body)
    found = read(bucket)
    errors = {r.asset.name: r.error for r in found.readings}
    assert errors["good.csv"] is None
    error = errors[key]
    assert error is not None
    assert (error.code, words in error.message) == (code, True)
    bucket[0].client().delete_object(Bucket="bad-objects", Key=key)


def test_an_object_that_went_away_is_gone(bucket: tuple[S3Server, str]) -> None:
    put(bucket, "a.csv", b"n\n1\n")
    config = configured(S3, **settings(bucket))
    wanted = [Wanted(asset=a.asset, address=a.address) for a in S3.discover(config, later())]
    server, name = bucket
    server.client().delete_object(Bucket=name, Key="a.csv")
    assert failure(crawl(S3, config, later(), wanted)).code == "gone"


def test_larger_texts_are_read_in_part_and_their_rows_estimated(
    bucket: tuple[S3Server, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "TEXT_BYTES", 1024 * 1024)
    put(bucket, "a.csv", b"n,word\n" + b"123,abcdefghijk\n" * 200_000)
    reading = read(bucket).readings[0]
    assert reading.row_count_is_estimate
    assert reading.row_count == pytest.approx(200_000, rel=0.05)


def test_a_bucket_of_more_objects_than_are_listed_says_so(
    bucket: tuple[S3Server, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "MAX_OBJECTS", 20)
    monkeypatch.setattr("catalog.connections.connectors.s3_client.PAGE_KEYS", 10)
    for number in range(25):
        put(bucket, f"many/part-{number:03}.csv", b"n\n1\n")
        put(bucket, f"zz/{number % 3}.csv", b"n\n1\n")
    config = configured(S3, **settings(bucket))
    assert "first 20 objects" in S3.check(config, later()).steps[2].message
    error = failure(crawl(S3, config, later()))
    assert (error.code, "More than 20 objects lie below many/." in error.message) == ("too_large", True)
    assert "Narrow the prefix" in error.remedy


def test_check_names_what_is_wrong_and_what_to_do(bucket: tuple[S3Server, str]) -> None:
    def failed(name: str = bucket[1], **options: Any) -> tuple[str, str]:
        result = S3.check(configured(S3, **settings((bucket[0], name), **options)), context(seconds=5))
        assert result.failed is not None
        return result.failed.name, result.failed.message + result.failed.remedy

    step, words = failed()
    assert (step, "no data objects" in words) == ("readable", True)
    step, words = failed("nowhere-at-all")
    assert (step, "no bucket called nowhere-at-all" in words) == ("readable", True)
    step, words = failed(endpoint="http://127.0.0.1:9")
    assert (step, "endpoint" in words) == ("reachable", True)
    step, words = failed(secret_key="")
    assert "belong together" in words
    step, words = failed("s3://bucket/with")
    assert "bucket's name" in words


def test_private_endpoints_are_refused_before_anything_is_sent(bucket: tuple[S3Server, str]) -> None:
    result = S3.check(configured(S3, **settings(bucket)), context(allow_list=AllowList.of()))
    assert result.failed is not None
    assert "MESHPORTAL_ALLOWED_PRIVATE_HOSTS" in result.failed.message


def test_signatures_are_verified_by_the_server() -> None:
    """A server of its own that checks them: right keys read, a wrong secret is refused at its step."""
    with s3_server() as server:
        iam = server.iam()
        iam.create_user(UserName="portal")
        made = iam.create_access_key(UserName="portal")["AccessKey"]
        right, secret = made["AccessKeyId"], made["SecretAccessKey"]
        policy = {
            "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
            "Version": "2012-10-17",
        }
        iam.put_user_policy(UserName="portal", PolicyName="all", PolicyDocument=json.dumps(policy))
        server.client().create_bucket(Bucket="guarded")
        put((server, "guarded"), "a b/ü.csv", b"n\n1\n")
        server.verify_signatures()

        def result(**keys: str) -> Any:
            options = {**settings((server, "guarded")), "access_key": "", "secret_key": "", **keys}
            return S3.check(configured(S3, **options), later())

        good = result(access_key=right, secret_key=secret)
        assert good.ok, good.failed
        wrong = result(access_key=right, secret_key="not the secret")
        assert (wrong.failed.name, "SignatureDoesNotMatch" in wrong.failed.message) == ("signed_in", True)
        unknown = result(access_key="AKIANOBODY", secret_key=secret)
        assert (unknown.failed.name, "access key" in unknown.failed.remedy) == ("signed_in", True)
        assert secret not in repr((good, wrong, unknown))
