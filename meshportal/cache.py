"""The cache: Redis or Valkey, and an empty cache while that is away."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
CLIENT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 2}


def _guarded(name: str, otherwise: Any = None) -> Callable[..., Any]:
    """The client's method `name`, answering `otherwise` while the server cannot be reached."""

    def method(self: "PortalCacheClient", *args: Any) -> Any:
        call = getattr(super(PortalCacheClient, self), name)
        return self.guard(otherwise, call, *args)

    return method


class PortalCacheClient(RedisCacheClient):
    """A client that never makes a page fail.

    While the server cannot be reached every read is a miss and every write is dropped; after a failure it is left
    alone for PAUSE_SECONDS, so that a page does not wait once per key.
    """

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, retry=Retry(NoBackoff(), 1), **{**CLIENT_OPTIONS, **options})
        self._away_until = 0.0

    add = _guarded("add", True)
    set = _guarded("set")
    touch = _guarded("touch", False)
    delete = _guarded("delete", False)
    has_key = _guarded("has_key", False)
    set_many = _guarded("set_many")
    delete_many = _guarded("delete_many")
    clear = _guarded("clear", False)

    def get(self, *args: Any) -> Any:
        _, default = args
        return self.guard(default, super().get, *args)

    def get_many(self, *args: Any) -> Any:
        (keys,) = args
        return self.guard({}, super().get_many, list(keys))

    def incr(self, *args: Any) -> Any:
        value = self.guard(None, super().incr, *args)
        if value is None:
            raise ValueError("Key not found.")  # what Django's caches say of a missing key
        return value

    def guard(self, otherwise: Any, call: Callable[..., Any], *args: Any) -> Any:
        """`call(*args)`, or `otherwise` while the server is away."""
        if time.monotonic() < self._away_until:
            return otherwise
        try:
            return call(*args)
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + PAUSE_SECONDS
            log.warning("The cache cannot be reached, going on without it: %s", error)
            return otherwise

    def reachable(self) -> bool:
        """Whether the server answers now, asked afresh."""
        self._away_until = 0.0
        return bool(self.guard(False, lambda: self.get_client().ping()))

    def clear_prefix(self, prefix: str) -> bool:
        """Delete the keys that begin with `prefix`; the broker's queues on the same server stay."""

        def clear() -> bool:
            client = self.get_client(write=True)
            for key in client.scan_iter(match=f"{prefix}:*", count=500):
                client.unlink(key)
            return True

        return bool(self.guard(False, clear))


class PortalCache(RedisCache):
    """Django's Redis cache on PortalCacheClient."""

    _cache: PortalCacheClient

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = PortalCacheClient

    def reachable(self) -> bool:
        """Whether the server answers now."""
        return self._cache.reachable()

    def list_length(self, key: str) -> int | None:
        """How many entries a list of the server has (a queue of the broker's); None when it is away."""
        length = self._cache.guard(None, lambda: self._cache.get_client().llen(key))
        return None if length is None else int(length)

    def clear(self) -> None:
        """Forget everything the portal cached; Django's own version would empty the whole server."""
        self._cache.clear_prefix(self.key_prefix)
