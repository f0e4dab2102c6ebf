"""Health and readiness: open to everybody, telling nothing, true."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from catalog.search.backends.base import SearchBackend
from catalog.search.documents import DocKey
from catalog.search.services import rebuild_index, repair_drift
from meshportal import health
from meshportal.celery import HEARTBEAT_KEY, heartbeat
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


def test_health_needs_no_login(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_portal_without_a_worker_is_not_ready_and_says_why(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"]["worker"] == "No worker was heard of yet."
    assert answer["Cache-Control"].startswith("max-age=0")


def test_portal_is_ready_once_the_worker_was_heard(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat()
    monkeypatch.setitem(health.PROBES, "search", lambda: health.Reading(True))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (200, {})


def test_silent_worker_is_missed(client: Client) -> None:
    cache.set(HEARTBEAT_KEY, timezone.now() - timedelta(minutes=5))
    assert "for 300 s" in client.get("/readyz").json()["reasons"]["worker"]


def test_drift_of_the_index_is_told_to_probes(
    client: Client, cast: Cast, search_index: SearchBackend
) -> None:
    rebuild_index()
    assert client.get("/readyz").json()["notes"]["search"] == "not compared yet, 0 changes waiting"
    search_index.remove([DocKey("product", cast.play_events.pk), DocKey("product", cast.playback_quality.pk)])
    repair_drift()
    told = client.get("/readyz").json()
    assert told["notes"]["search"] == "2 differences at the last comparison, 0 changes waiting"
    assert told["checks"]["search"] is True, "it was mended"
    repair_drift()
    assert client.get("/readyz").json()["notes"]["search"].startswith("0 differences at the last comparison")


def test_what_broke_is_named_but_never_in_its_own_words(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable() -> health.Reading:
        raise OperationalError("connection to server at 10.1.2.3 failed for user portal")

    def broken() -> health.Reading:
        raise RuntimeError("/srv/mesh/keys")

    monkeypatch.setitem(health.PROBES, "database", unreachable)
    monkeypatch.setitem(health.PROBES, "cache", broken)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] is False
    assert "10.1.2.3" not in answer.content.decode()
    assert "keys" not in answer.content.decode()


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_only_reading_is_answered(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405
