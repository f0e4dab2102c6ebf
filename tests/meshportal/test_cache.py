"""The cache on a real server, and while that server is away."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshportal.cache import PortalCache
from tests import valkey


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with valkey.running() as url:
        yield url


def cache_at(url: str) -> PortalCache:
    return PortalCache(url, {"KEY_PREFIX": "meshportal-cache"})


def test_values_are_kept_and_expire(address: str) -> None:
    cache = cache_at(address)
    cache.set("a", {"deep": [1, 2]}, timeout=30)
    assert cache.get("a") == {"deep": [1, 2]}
    assert cache.get_many(["a", "b"]) == {"a": {"deep": [1, 2]}}
    assert cache.add("a", 1) is False
    assert cache.touch("a", 30) is True
    assert cache.delete("a") is True
    assert cache.get("a", "none") == "none"
    cache.set("n", 1)
    assert cache.incr("n") == 2
    with pytest.raises(ValueError, match="not found"):
        cache.incr("nobody")


def test_clearing_leaves_the_queues_on_the_same_server(address: str) -> None:
    cache = cache_at(address)
    client = cache._cache.get_client(None, write=True)
    client.lpush("meshportal-jobs:celery", "a message")
    cache.set("a", 1)
    cache.clear()
    assert cache.get("a") is None
    assert client.llen("meshportal-jobs:celery") == 1


def test_without_a_server_everything_is_a_miss_and_nothing_fails(tmp_path: Path) -> None:
    cache = cache_at(f"unix://{tmp_path}/nobody.sock")
    assert cache.reachable() is False
    cache.set("a", 1)
    cache.set_many({"a": 1})
    cache.delete("a")
    cache.delete_many(["a"])
    cache.clear()
    assert cache.get("a", "default") == "default"
    assert cache.get_many(["a"]) == {}
    assert cache.has_key("a") is False
    assert cache.get_or_set("a", lambda: 7) == 7
    with pytest.raises(ValueError, match="not found"):
        cache.incr("a")


def test_server_that_is_away_is_left_alone_for_a_while_and_then_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = cache_at(f"unix://{tmp_path}/nobody.sock")
    cache.get("a")
    asked = []
    monkeypatch.setattr(type(cache._cache), "get_client", lambda *args, **kwargs: asked.append(1))
    cache.get("a")
    assert not asked
    monkeypatch.setattr(time, "monotonic", lambda: float("inf"))
    with pytest.raises(AttributeError):
        cache.get("a")
    assert asked
