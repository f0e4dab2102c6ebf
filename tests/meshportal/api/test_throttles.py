"""Who asks too often waits, is told how long, and holds up nobody else."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def twice_a_minute(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for kind in ("anon", "user"):
        monkeypatch.setitem(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], kind, "2/min")
    cache.clear()
    yield
    cache.clear()


@pytest.mark.usefixtures("twice_a_minute")
def test_third_request_of_a_minute_waits_and_nobody_else_does(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)
    assert [client.get("/api/v1/products/").status_code for _ in range(2)] == [200, 200]
    refused = client.get("/api/v1/products/")
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert 50 < int(refused["Retry-After"]) <= 60
    problem = refused.json()
    assert (problem["status"], problem["title"]) == (429, "Too Many Requests")
    assert "throttled" in problem["detail"]
    client.force_login(cast.owner)
    assert client.get("/api/v1/products/").status_code == 200
