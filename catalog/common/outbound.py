"""The one guarded HTTP client: every request of the portal to the outside goes through `Outbound`.

Scheme and port must be allowed, the host passes the allow-list and the connection is opened to the checked address
(never looked up twice), redirects are checked hop by hop, and time, size and decompression are bounded as a whole.
Nothing is taken from the environment (no proxies, no .netrc), no cookies are kept.
"""

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Literal

import httpcore
import httpx
from cryptography import x509

from catalog.common.allow_list import AllowList, HostRefused, HostUnknown
from catalog.common.decoding import DecodingError, decoded
from catalog.common.guarded_network import DeadlinePassed, GuardedNetwork

Code = Literal["not_allowed", "unreachable", "refused", "gone", "too_slow", "too_large", "malformed"]
SCHEMES = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEPT_ACROSS_ORIGINS = frozenset({"accept", "accept-encoding", "user-agent"})


class OutboundError(Exception):
    """A request was not allowed or did not succeed. The message is for people and holds no secrets."""

    def __init__(self, code: Code, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code: Code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of one request with all its redirects: seconds in all, bytes on the wire and after decompression."""

    seconds: float = 30.0
    connect_seconds: float = 10.0
    wire_bytes: int = 64 * 1024 * 1024
    decoded_bytes: int = 256 * 1024 * 1024
    redirects: int = 5  # 0: none is followed, it is the answer


@dataclass(frozen=True, slots=True)
class Tls:
    """Encryption as seen on the connection; an empty version means none."""

    version: str = ""
    certificate_ends_at: datetime | None = None


@dataclass(slots=True)
class Reply:
    """An answer whose body is still to be read, in bounded pieces, through `pieces()` or `read()`."""

    status: int
    url: str  # after redirects
    headers: Mapping[str, str]
    latency_ms: float  # from the request until the headers
    tls: Tls
    _pieces: Iterator[bytes]

    def pieces(self) -> Iterator[bytes]:
        """The decoded body. Raises OutboundError: too_large, too_slow, malformed, unreachable."""
        yield from self._pieces

    def read(self) -> bytes:
        """The whole decoded body; as `pieces`."""
        return b"".join(self._pieces)


@dataclass(frozen=True, slots=True)
class Outbound:
    """A client with one allow-list and one set of limits; cheap to make, safe to share between threads."""

    allow_list: AllowList
    limits: Limits = field(default_factory=Limits)
    verify: ssl.SSLContext | None = None  # None: the public certificate authorities
    _kept: "_Transport | None" = None

    @contextmanager
    def session(self) -> Iterator["Outbound"]:
        """A client that keeps up to eight connections open until the block ends, for many questions to one server.

        `limits.seconds` then count for all its requests together.
        """
        network = GuardedNetwork(
            self.allow_list, time.monotonic() + self.limits.seconds, self.limits.connect_seconds
        )
        transport = _Transport(network, self.verify or _public_authorities(), kept=8)
        try:
            yield replace(self, _kept=transport)
        finally:
            transport.close()

    @contextmanager
    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        any_status: bool = False,
    ) -> Iterator[Reply]:
        """Ask and follow checked redirects; the connection closes when the block ends, or goes back to the session.

        Status codes of 400 and above raise too: refused (401, 403), gone (404, 410), else unreachable or malformed.
        With `any_status` they do not: for services whose error answers say more than the number.
        """
        deadline = time.monotonic() + self.limits.seconds
        sent = {"user-agent": "meshportal", "accept-encoding": "gzip", **_lowered(headers or {})}
        with self._translated():
            response, latency = self._follow(method, url, sent, content, deadline)
        try:
            if not any_status:
                _raise_for_status(response.status_code)
            yield self._reply(response, latency)
        finally:
            _close(response)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DeadlinePassed as error:
            raise OutboundError("too_slow", f"No whole answer within {self.limits.seconds:g} s.") from error
        except HostRefused as error:
            raise OutboundError("not_allowed", str(error)) from error
        except HostUnknown as error:
            raise OutboundError("unreachable", str(error)) from error
        except httpcore.TimeoutException as error:
            raise OutboundError("too_slow", "The server does not answer in time.") from error
        except httpcore.ProtocolError as error:
            raise OutboundError("malformed", "The server does not speak HTTP as it should.") from error
        except (httpcore.NetworkError, OSError) as error:
            raise OutboundError("unreachable", _network_message(error)) from error

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> tuple[Reply, bytes]:
        """The reply and its whole body."""
        with self.request("GET", url, headers=headers) as reply:
            return reply, reply.read()

    def _follow(
        self, method: str, url: str, headers: dict[str, str], content: bytes | None, deadline: float
    ) -> tuple[httpx.Response, float]:
        """The first answer that is not a redirect, open, and its latency in milliseconds."""
        address = _checked_url(url)
        network = GuardedNetwork(self.allow_list, deadline, self.limits.connect_seconds)
        transport = self._kept or _Transport(network, self.verify or _public_authorities())
        for _ in range(self.limits.redirects + 1):
            started = time.perf_counter()
            response = transport.handle_request(
                httpx.Request(method, address, headers=headers, content=content)
            )
            latency = (time.perf_counter() - started) * 1000
            target = response.headers.get("location", "")
            is_final = response.status_code not in _REDIRECTS or not target or not self.limits.redirects
            if is_final:
                return response, latency
            _close(response)
            previous, address = address, _joined(address, target)
            if _origin(address) != _origin(previous):
                if previous.scheme == "https" and address.scheme == "http":
                    raise OutboundError("not_allowed", "The server redirects from https to http.")
                headers = {name: value for name, value in headers.items() if name in _KEPT_ACROSS_ORIGINS}
            if response.status_code == 303 or (response.status_code in {301, 302} and method == "POST"):
                method, content = "GET", None
        raise OutboundError("malformed", f"The server redirects more than {self.limits.redirects} times.")

    def _reply(self, response: httpx.Response, latency: float) -> Reply:
        return Reply(
            status=response.status_code,
            url=str(response.url),
            headers=response.headers,
            latency_ms=latency,
            tls=_tls_of(response),
            _pieces=self._bounded(response),
        )

    def _bounded(self, response: httpx.Response) -> Iterator[bytes]:
        declared = response.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self.limits.wire_bytes:
            raise OutboundError("too_large", f"The answer has {int(declared):,} bytes, more than is read.")
        encoding = response.headers.get("content-encoding", "")
        try:
            yield from decoded(self._wire(response), encoding, self.limits.decoded_bytes)
        except DecodingError as error:
            raise OutboundError("too_large" if error.is_bomb else "malformed", str(error)) from error

    def _wire(self, response: httpx.Response) -> Iterator[bytes]:
        total = 0
        with self._translated():
            for piece in response.stream:  # type: ignore[union-attr]  # the transport's own stream
                total += len(piece)
                if total > self.limits.wire_bytes:
                    limit = f"{self.limits.wire_bytes:,}"
                    raise OutboundError("too_large", f"The answer has more than {limit} bytes.")
                yield piece


class _Transport(httpx.BaseTransport):
    """Connections through the guarded network: a fresh one a request, or up to `kept` that are used again."""

    def __init__(self, network: GuardedNetwork, verify: ssl.SSLContext, kept: int = 0) -> None:
        self._is_kept = kept > 0
        self._pool = httpcore.ConnectionPool(
            ssl_context=verify,
            max_connections=max(kept, 1),
            max_keepalive_connections=kept,
            network_backend=network,
        )

    def close(self) -> None:
        with suppress(httpcore.NetworkError, httpcore.ProtocolError, RuntimeError):
            self._pool.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        timeout = {"connect": 10.0, "read": 10.0, "write": 10.0, "pool": 10.0}
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.stream,
                extensions={"timeout": timeout},
            )
        )
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Stream(answer, None if self._is_kept else self._pool),
            extensions=dict(answer.extensions),
            request=request,
        )


class _Stream(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response, pool: httpcore.ConnectionPool | None) -> None:
        self._answer = answer
        self._pool = pool

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
        if self._pool is not None:
            self._pool.close()


@cache
def _public_authorities() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _checked_url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text.split("#", 1)[0])
    except (httpx.InvalidURL, ValueError) as error:
        raise OutboundError("not_allowed", "The address cannot be understood.") from error
    if url.scheme not in SCHEMES:
        raise OutboundError("not_allowed", "Only http and https addresses are asked.")
    if url.userinfo:
        raise OutboundError("not_allowed", "User and password do not belong in an address.")
    if not url.host:
        raise OutboundError("not_allowed", "The address names no host.")
    return url


def _joined(address: httpx.URL, target: str) -> httpx.URL:
    try:
        return _checked_url(str(address.join(target)))
    except (httpx.InvalidURL, ValueError) as error:
        raise OutboundError("malformed", "The server redirects to something that is no address.") from error


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or SCHEMES[url.scheme]


def _close(response: httpx.Response) -> None:
    """Whatever the other side does while we hang up is of no interest."""
    with suppress(httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, DeadlinePassed):
        response.close()


def _raise_for_status(status: int) -> None:
    if status in {401, 403, 407}:
        raise OutboundError("refused", f"The server does not let us in (status {status}).", status)
    if status in {404, 410}:
        raise OutboundError("gone", f"There is nothing at the address (status {status}).", status)
    if status >= 500 or status in {408, 429}:
        raise OutboundError(
            "unreachable", f"The server cannot answer at the moment (status {status}).", status
        )
    if status >= 300:
        raise OutboundError("malformed", f"The server refuses the request (status {status}).", status)


def _network_message(error: Exception) -> str:
    text = str(error)
    if "CERTIFICATE" in text.upper() or isinstance(error, ssl.SSLError):
        return "The server's certificate cannot be trusted."
    return "No connection to the server, or it broke off."


def _tls_of(response: httpx.Response) -> Tls:
    stream = response.extensions.get("network_stream")
    secure = stream.get_extra_info("ssl_object") if stream else None
    if secure is None:
        return Tls()
    certificate = secure.getpeercert(True)
    ends_at = x509.load_der_x509_certificate(certificate).not_valid_after_utc if certificate else None
    return Tls(secure.version() or "", ends_at)
