"""The guarded HTTP client against real servers that misbehave, and against addresses it must not ask."""

import time
import tracemalloc
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from catalog.common.allow_list import AllowList
from catalog.common.outbound import Limits, Outbound, OutboundError
from tests import local_servers as serve

LOOPBACK = AllowList.of(["127.0.0.1:*"])
QUICK = Limits(seconds=1.0, wire_bytes=1_000_000, decoded_bytes=2_000_000)


def echo_headers(handler: BaseHTTPRequestHandler) -> None:
    names = ",".join(sorted(name.lower() for name in handler.headers))
    serve.content(names.encode())(handler)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    answers = {
        "/ok": serve.content(b'{"a": 1}', Last_Modified="Sat, 01 Nov 2026 10:00:00 GMT"),
        "/headers": echo_headers,
        "/loop": serve.redirect("/loop"),
        "/hop": serve.redirect("/headers"),
        "/metadata": serve.redirect("http://169.254.169.254/latest/meta-data/"),
        "/inside": serve.redirect("http://10.0.0.1/"),
        "/file": serve.redirect("file:///etc/passwd"),
        "/huge": serve.content(b"x" * 1_500_000),
        "/endless": serve.endless(b"x" * 65_536),
        "/dripping": serve.dripping(),
        "/dripping-headers": serve.dripping_headers,
        "/silent": serve.silent,
        "/garbage": serve.garbage,
        "/bomb": serve.gzip_bomb(64),
        "/damaged": serve.content(b"not gzip", Content_Encoding="gzip"),
        "/brotli": serve.content(b"x", Content_Encoding="br"),
        "/denied": serve.content(b"", status=403),
        "/missing": serve.content(b"", status=404),
        "/failing": serve.content(b"secret trace", status=500),
    }
    with serve.http_server(answers) as address:
        yield address


def failing(url: str, **changes: Any) -> OutboundError:
    client = Outbound(changes.pop("allow_list", LOOPBACK), changes.pop("limits", QUICK))
    with pytest.raises(OutboundError) as caught:
        client.get(url, **changes)
    return caught.value


def test_answer_is_read_with_headers_and_latency(base: str) -> None:
    reply, body = Outbound(LOOPBACK).get(f"{base}/ok")
    assert body == b'{"a": 1}'
    assert reply.headers["last-modified"].startswith("Sat")
    assert reply.latency_ms > 0
    assert reply.tls.version == ""


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/loop", "malformed"),
        ("/metadata", "not_allowed"),
        ("/inside", "not_allowed"),
        ("/file", "not_allowed"),
        ("/huge", "too_large"),
        ("/endless", "too_large"),
        ("/dripping", "too_slow"),
        ("/dripping-headers", "too_slow"),
        ("/silent", "too_slow"),
        ("/garbage", "malformed"),
        ("/bomb", "too_large"),
        ("/damaged", "malformed"),
        ("/brotli", "malformed"),
        ("/denied", "refused"),
        ("/missing", "gone"),
        ("/failing", "unreachable"),
    ],
)
def test_misbehaving_servers_end_in_a_named_error_within_the_limit(base: str, path: str, code: str) -> None:
    started = time.monotonic()
    error = failing(f"{base}{path}")
    assert error.code == code
    assert time.monotonic() - started < 2.5
    assert "secret" not in error.message


def test_gzip_bomb_is_stopped_before_it_fills_the_memory(base: str) -> None:
    tracemalloc.start()
    try:
        failing(f"{base}/bomb")
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://127.0.0.1/x",
        "http:///nothing",
        "not an address",
        "http://user:password@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "//127.0.0.1/x",
    ],
)
def test_addresses_that_are_not_plain_http_are_refused(url: str) -> None:
    assert failing(url).code == "not_allowed"


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "2130706433", "0x7f.1", "169.254.169.254"]
)
def test_loopback_and_metadata_are_refused_unless_named(base: str, host: str) -> None:
    port = base.rsplit(":", 1)[1]
    assert failing(f"http://{host}:{port}/ok", allow_list=AllowList.of()).code == "not_allowed"


def test_rebinding_name_is_looked_up_once_and_pinned(base: str) -> None:
    """The name answers with an allowed address first and would lead elsewhere the second time."""
    asked: list[str] = []

    def resolver(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    allow_list = AllowList.of(["data.example.org:*"], resolver=resolver)
    port = base.rsplit(":", 1)[1]
    _, body = Outbound(allow_list).get(f"http://data.example.org:{port}/ok")
    assert body == b'{"a": 1}'
    assert asked == ["data.example.org"]


def test_credentials_stay_with_their_origin_on_redirects(base: str) -> None:
    with serve.http_server({"/away": serve.redirect(f"{base}/headers")}) as other:
        _, body = Outbound(LOOPBACK).get(f"{other}/away", headers={"Authorization": "Bearer x", "X-Key": "y"})
    assert b"authorization" not in body
    assert b"x-key" not in body
    _, body = Outbound(LOOPBACK).get(f"{base}/hop", headers={"X-Key": "y"})
    assert b"x-key" in body


def test_environment_proxy_is_ignored(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert Outbound(LOOPBACK).get(f"{base}/ok")[0].status == 200


def test_closed_port_is_unreachable() -> None:
    assert failing("http://127.0.0.1:1/").code == "unreachable"


def test_errors_of_the_reader_are_left_alone(base: str) -> None:
    with pytest.raises(ValueError, match="mine"), Outbound(LOOPBACK).request("GET", f"{base}/ok"):
        raise ValueError("mine")
