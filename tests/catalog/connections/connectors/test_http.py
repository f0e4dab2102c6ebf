"""The HTTP connector against a real local server that is friendly, slow, endless, huge, empty, malformed or lying."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.common.allow_list import AllowList
from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.config import clean_config
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.http import HttpConnector
from catalog.connections.connectors.observations import AssetKey
from tests import local_servers as serve
from tests.catalog.connections.connectors.support import Found, configured, context, crawl

HTTP = HttpConnector()
RECORDS = [
    {
        "id": n,
        "who": {"city": "Oslo"},
        "at": f"2026-10-{n + 1:02d}T00:00:00Z",
        "planned_at": "2031-01-01T00:00:00Z",
    }
    for n in range(20)
]


def guarded(handler: Any) -> None:
    allowed = handler.headers.get("X-Api-Key") == "open-sesame"
    serve.content(b'{"a": 1}' if allowed else b"", status=200 if allowed else 401)(handler)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    answers = {
        "/records": serve.content(json.dumps({"data": RECORDS}).encode()),
        "/dated": serve.content(b"[{}]", Last_Modified="Sun, 01 Nov 2026 10:00:00 GMT"),
        "/plays.csv": serve.content(b"a;b\n1;2\n3;4\n", kind="text/csv"),
        "/lines": serve.content(b'{"a": 1}\n{"a": 2}\n', kind="application/octet-stream"),
        "/lying": serve.content(b'[{"a": 1}]', kind="text/csv"),
        "/page": serve.content(b"<!doctype html><p>Sign in</p>", kind="application/json"),
        "/empty": serve.content(b""),
        "/broken": serve.content(b'{"a": '),
        "/wrong": serve.content("a,b\né,1\n".encode("latin-1"), kind="text/csv"),
        "/endless.csv": serve.endless(b"1,2\n" * 10_000),
        "/endless.json": serve.endless(b'{"a": 1}, ' * 10_000),
        "/dripping": serve.dripping(),
        "/metadata": serve.redirect("http://169.254.169.254/latest/"),
        "/bomb": serve.gzip_bomb(64),
        "/guarded": guarded,
        "/missing": serve.content(b"", status=404),
    }
    with serve.http_server(answers) as address:
        yield address


def read(url: str, **changes: Any) -> Found:
    options = {key: changes.pop(key) for key in ("header", "token", "records", "encoding") if key in changes}
    wanted = [Wanted(asset=AssetKey("x", "y"), address={"url": url})]
    return crawl(HTTP, configured(HTTP, url=url, **options), context(**changes), wanted)


def test_nested_records_are_read_and_freshness_names_its_column(base: str) -> None:
    found = read(f"{base}/records")
    assert list(found.fields()) == ["id", "who", "who.city", "at", "planned_at"]
    reading = found.readings[0]
    assert reading.row_count == 20
    assert (reading.fresh_at, reading.fresh_basis) == (datetime(2026, 10, 20, tzinfo=UTC), "column at")
    assert found.assets[0].namespace == base
    assert found.assets[0].name == "records"
    assert found.tls[0].version == ""
    assert found.profiles["id"].maximum == "19"


def test_last_modified_header_is_the_freshness(base: str) -> None:
    reading = read(f"{base}/dated").readings[0]
    assert (reading.fresh_at, reading.fresh_basis) == (datetime(2026, 11, 1, 10, tzinfo=UTC), "Last-Modified")


@pytest.mark.parametrize(
    ("path", "fields", "rows"), [("plays.csv", ["a", "b"], 2), ("lines", ["a"], 2), ("lying", ["a"], 1)]
)
def test_content_counts_more_than_the_declared_type(
    base: str, path: str, fields: list[str], rows: int
) -> None:
    found = read(f"{base}/{path}")
    assert list(found.fields()) == fields
    assert found.readings[0].row_count == rows


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("page", "unsupported"),
        ("empty", "empty"),
        ("broken", "malformed"),
        ("wrong", "malformed"),
        ("endless.json", "too_large"),
        ("bomb", "too_large"),
        ("missing", "gone"),
    ],
)
def test_useless_answers_are_reported_beside_the_asset(base: str, path: str, code: str) -> None:
    error = read(f"{base}/{path}", max_bytes=1_000_000).readings[0].error
    assert error is not None
    assert error.code == code
    assert error.remedy


@pytest.mark.parametrize(
    ("path", "code"), [("metadata", "not_allowed"), ("guarded", "refused"), ("dripping", "too_slow")]
)
def test_what_concerns_the_whole_source_ends_the_crawl(base: str, path: str, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(f"{base}/{path}", seconds=1)
    assert caught.value.code == code


def test_endless_csv_is_a_sample_without_a_row_count(base: str) -> None:
    found = read(f"{base}/endless.csv", max_bytes=500_000)
    assert found.readings[0].row_count is None
    assert found.profiles["1"].is_sample


def test_token_is_sent_and_never_shown(base: str) -> None:
    found = read(f"{base}/guarded", header="X-Api-Key", token="open-sesame")
    assert found.readings[0].is_reachable
    assert "open-sesame" not in repr(found)
    refused = HTTP.check(
        configured(HTTP, url=f"{base}/guarded", header="X-Api-Key", token="wrong-word"), context()
    )
    assert refused.failed is not None
    assert refused.failed.name == "signed_in"
    assert "wrong-word" not in repr(refused)


def test_token_cannot_smuggle_a_header(base: str) -> None:
    config = configured(HTTP, url=f"{base}/guarded", header="X-Api-Key", token="a\r\nX-Evil: b")
    assert not HTTP.check(config, context()).ok


def test_check_passes_step_by_step(base: str) -> None:
    result = HTTP.check(configured(HTTP, url=f"{base}/records"), context())
    assert result.ok
    closed = HTTP.check(configured(HTTP, url="http://127.0.0.1:1/"), context())
    assert closed.failed is not None
    assert closed.failed.name == "reachable"


def test_loopback_is_refused_unless_named(base: str) -> None:
    result = HTTP.check(configured(HTTP, url=f"{base}/records"), context(allow_list=AllowList.of()))
    assert result.failed is not None
    assert "private network" in result.failed.message


@pytest.mark.parametrize(
    "address",
    [
        "https://reader:open-sesame@example.com/plays",
        "https://@example.com/plays",
        "ftp://example.com/plays",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https:///plays",
        "https://[::1/plays",
        "https://example.com:99999/",
    ],
)
def test_addresses_with_credentials_or_of_other_kinds_are_refused_before_they_are_stored(
    address: str,
) -> None:
    cleaned, problems = clean_config(HTTP.config_fields, {"url": address})
    assert [problem.path for problem in problems] == ["url"]
    assert cleaned["url"] == ""
    assert "open-sesame" not in repr(problems)
