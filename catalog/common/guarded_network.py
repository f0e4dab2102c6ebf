"""The socket layer of the guarded HTTP client: opens only checked addresses and never waits beyond a deadline."""

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from catalog.common.allow_list import AllowList, HostRefused


class DeadlinePassed(Exception):
    """The total time of a request is over, however busily the server still drips."""


class GuardedNetwork(httpcore.NetworkBackend):
    """Connects to the address the allow-list checked; the name is not looked up again (no DNS rebinding)."""

    def __init__(self, allow_list: AllowList, deadline: float, connect_seconds: float) -> None:
        self._allow_list = allow_list
        self._deadline = deadline
        self._connect_seconds = connect_seconds
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        address = self._allow_list.check(host, port)
        limit = min(self._connect_seconds, _left(self._deadline))
        stream = self._plain.connect_tcp(address, port, timeout=limit)
        return _DeadlineStream(stream, self._deadline)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        raise HostRefused("Sockets in the file system are not asked.")


class _DeadlineStream(httpcore.NetworkStream):
    """Each read and write waits at most until the deadline; the usual time limits are per operation only."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._limit(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._limit(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._limit(timeout))
        return _DeadlineStream(secure, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _limit(self, timeout: float | None) -> float:
        left = _left(self._deadline)
        return left if timeout is None else min(timeout, left)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise DeadlinePassed
    return left
