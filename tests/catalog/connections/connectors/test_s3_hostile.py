"""Stores that lie, drip, never end or send something else: the S3 connector stays bounded and says what happened."""

import io
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest

from catalog.connections.connectors import s3
from catalog.connections.connectors.base import CheckStep
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.s3 import S3Connector
from catalog.connections.connectors.s3_client import address_of
from tests import local_servers as serve
from tests.catalog.connections.connectors.support import Found, configured, context, crawl

S3 = S3Connector()
Answer = Callable[[BaseHTTPRequestHandler], None]


def listing(*objects: tuple[str, int], token: str = "") -> bytes:
    contents = "".join(
        f"<Contents><Key>{key}</Key><Size>{size}</Size><LastModified>2026-10-01T00:00:00.000Z</LastModified>"
        "</Contents>"
        for key, size in objects
    )
    more = (
        f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>"
        if token
        else ""
    )
    space = "http://s3.amazonaws.com/doc/2006-03-01/"
    return (
        f'<?xml version="1.0"?><ListBucketResult xmlns="{space}">{contents}{more}</ListBucketResult>'.encode()
    )


def error(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>words</Message></Error>".encode()


def xml(body: bytes, status: int = 200, **headers: str) -> Answer:
    return serve.content(body, "application/xml", status, **headers)


def settings(base: str, **options: Any) -> dict[str, Any]:
    return configured(S3, bucket="data", endpoint=base, **options)


def failed_step(answer: Answer, seconds: float = 5, **options: Any) -> CheckStep:
    with serve.http_server({"/data": answer}) as base:
        failed = S3.check(settings(base, **options), context(seconds=seconds)).failed
    assert failed is not None
    return failed


def read(answers: dict[str, Answer], **changes: Any) -> Found:
    with serve.http_server(answers) as base:
        return crawl(S3, settings(base), context(**changes))


@pytest.mark.parametrize(
    ("answer", "step", "words"),
    [
        (xml(error("AccessDenied"), 403), "signed_in", "forbids listing the bucket"),
        (xml(error("NoSuchBucket"), 404), "readable", "no bucket called data"),
        (xml(b"<html>hello</html>"), "signed_in", "no listing of a bucket"),
        (xml(b"not xml at all"), "signed_in", "no listing of a bucket"),
        (
            xml(b'<!DOCTYPE x [<!ENTITY a "b">]><ListBucketResult>&a;</ListBucketResult>'),
            "signed_in",
            "no listing",
        ),
        (xml(listing(("a.csv", 5)).replace(b">5<", b">many<")), "signed_in", "no listing"),
        (xml(b"", 301, x_amz_bucket_region="eu-west-3"), "signed_in", "eu-west-3"),
        (serve.redirect("http://169.254.169.254/latest/"), "signed_in", "wrong place"),
        (serve.redirect("/data"), "signed_in", "wrong place"),
        (serve.garbage, "signed_in", "does not speak HTTP"),
        (serve.endless(b" " * 65_536), "reachable", "more than"),
        (xml(listing()), "readable", "no data objects"),
        (xml(error("SlowDown"), 503), "reachable", "cannot answer at the moment"),
    ],
)
def test_what_is_no_bucket_fails_at_its_step_with_a_remedy(answer: Answer, step: str, words: str) -> None:
    failed = failed_step(answer)
    assert (failed.name, words in failed.message) == (step, True), failed
    assert failed.remedy


@pytest.mark.parametrize("answer", [serve.dripping(), serve.dripping_headers, serve.silent])
def test_slow_stores_end_with_the_time_limit(answer: Answer) -> None:
    started = time.monotonic()
    failed = failed_step(answer, seconds=1)
    assert "time" in failed.message or "within" in failed.message
    assert time.monotonic() - started < 5


def test_a_listing_that_repeats_itself_is_found_out() -> None:
    failed = failed_step(xml(listing(("a.csv", 5), token="again")))
    assert "does not come to an end" in failed.message


def test_a_key_no_store_allows_is_not_kept() -> None:
    failed = failed_step(xml(listing(("k" * 20_000 + ".csv", 5))))
    assert "no listing of a bucket" in failed.message


def test_a_bucket_without_end_is_looked_at_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "MAX_OBJECTS", 5_000)
    pages = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        number = int(parse_qs(urlsplit(handler.path).query).get("continuation-token", ["0"])[0]) + 1
        pages.append(number)
        keys = [(f"k{number:06}-{i}.csv", 4) for i in range(1_000)]
        xml(listing(*keys, token=str(number)))(handler)

    answers: dict[str, Answer] = {"/data": endless, "/data/k000001-0.csv": serve.content(b"n\n1\n")}
    with serve.http_server(answers) as base:
        result = S3.check(settings(base), context())
        assert result.ok, result.failed
        assert "Only the first 5,000 objects" in result.steps[2].message
        assert len(list(S3.discover(settings(base), context(max_assets=50)))) == 50
    assert len(pages) == 10


def test_a_busy_store_is_asked_a_second_time() -> None:
    asked: list[str] = []

    def busy(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        body = error("SlowDown") if len(asked) == 1 else listing(("a.csv", 4))
        xml(body, 503 if len(asked) == 1 else 200)(handler)

    found = read({"/data": busy, "/data/a.csv": serve.content(b"n\n1\n")})
    assert found.readings[0].row_count == 1
    assert len(asked) == 3  # twice to find what is there, once to crawl


def test_an_object_without_end_is_read_in_part() -> None:
    answers = {"/data": xml(listing(("a.csv", 9))), "/data/a.csv": serve.endless(b"1,2\n" * 10_000)}
    found = read(answers, max_bytes=1_000_000)
    reading = found.readings[0]
    assert reading.error is None
    assert (reading.row_count_is_estimate, len(found.fields())) == (True, 2)


def test_sizes_that_are_lies_do_no_harm(tmp_path: Path) -> None:
    duckdb.connect().execute(f"COPY (SELECT 1 AS n) TO '{tmp_path}/a.parquet'")
    body = (tmp_path / "a.parquet").read_bytes()

    def ranged(handler: BaseHTTPRequestHandler) -> None:
        first, _, last = handler.headers["Range"].removeprefix("bytes=").partition("-")
        file = io.BytesIO(body)
        file.seek(int(first))
        serve.content(file.read(int(last) - int(first) + 1), status=206)(handler)

    keys = [("small.parquet", len(body) - 20), ("large.parquet", 10**15), ("huge.csv", 10**15)]
    answers: dict[str, Answer] = {f"/data/{key}": ranged for key, _ in keys[:2]}
    answers |= {"/data": xml(listing(*keys)), "/data/huge.csv": serve.content(b"n\n1\n")}
    found = read(answers)
    by_name = {r.asset.name: r for r in found.readings}
    for name in ("small.parquet", "large.parquet"):
        failure = by_name[name].error
        assert failure is not None
        assert failure.code == "malformed"
    assert by_name["huge.csv"].error is None


def test_a_server_without_ranges_still_gives_the_footer(tmp_path: Path) -> None:
    duckdb.connect().execute(f"COPY (SELECT range AS n FROM range(30)) TO '{tmp_path}/a.parquet'")  # noqa: S608
    body = (tmp_path / "a.parquet").read_bytes()
    answers = {"/data": xml(listing(("a.parquet", len(body)))), "/data/a.parquet": serve.content(body)}
    assert read(answers).readings[0].row_count == 30


def test_a_store_that_goes_away_ends_the_crawl() -> None:
    answers = {
        "/data": xml(listing(("a.csv", 4), ("b.csv", 4))),
        "/data/a.csv": xml(error("InternalError"), 500),
    }
    with pytest.raises(SourceError, match="cannot answer at the moment"):
        read(answers)


@pytest.mark.parametrize(
    ("bucket", "endpoint", "addressing", "base", "path"),
    [
        ("data", "", "auto", "https://data.s3.eu-west-1.amazonaws.com", "/"),
        ("my.data", "", "auto", "https://s3.eu-west-1.amazonaws.com", "/my.data/"),
        ("data", "", "path", "https://s3.eu-west-1.amazonaws.com", "/data/"),
        ("data", "http://minio:9000/", "auto", "http://minio:9000", "/data/"),
        ("data", "https://minio:443", "host", "https://data.minio", "/"),
        ("data", "https://x.example/storage/v1/s3", "auto", "https://x.example", "/storage/v1/s3/data/"),
        ("data", "http://[::1]:9000", "auto", "http://[::1]:9000", "/data/"),
    ],
)
def test_addresses_of_buckets(bucket: str, endpoint: str, addressing: str, base: str, path: str) -> None:
    assert address_of(bucket, "eu-west-1", endpoint, addressing) == (base, path)
