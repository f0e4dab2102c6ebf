"""The operations page says in a sentence what fails, and only to those who run the platform."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from catalog.crawling.models import CrawlRun
from catalog.search.backends.base import SearchBackend
from catalog.search.documents import DocKey
from catalog.search.services import rebuild_index, repair_drift
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def page(client: Client, cast: Cast) -> str:
    client.force_login(cast.admin)
    response = client.get("/operations/")
    assert response.status_code == 200
    return response.content.decode()


def test_missing_worker_and_failing_source_are_said(client: Client, cast: Cast) -> None:
    make.make_connection(
        "Lossy store", failures_in_row=4, circuit_open_until=timezone.now() + timedelta(hours=1)
    )
    text = page(client, cast)
    assert "No worker was heard of yet." in text
    assert "Lossy store" in text
    assert "Something needs a person" in text


def test_paused_source_is_not_called_failing(client: Client, cast: Cast) -> None:
    make.make_connection("Put aside", failures_in_row=4, is_paused=True)
    assert "Put aside" not in page(client, cast)


def test_run_nobody_takes_is_a_warning_and_a_fresh_one_is_not(client: Client, cast: Cast) -> None:
    now = timezone.now()
    store = make.make_connection()
    run = CrawlRun.objects.create(connection=store, trigger="manual", queued_at=now, due_at=now)
    assert "nobody takes them" not in page(client, cast)
    CrawlRun.objects.filter(pk=run.pk).update(due_at=now - timedelta(minutes=6))
    assert "nobody takes them" in page(client, cast)


def test_drift_of_the_index_is_shown(client: Client, cast: Cast, search_index: SearchBackend) -> None:
    rebuild_index()
    assert "when compared" not in page(client, cast)
    search_index.remove([DocKey("product", cast.play_events.pk), DocKey("product", cast.playback_quality.pk)])
    repair_drift()
    text = " ".join(strip_tags(page(client, cast).replace("<", " <")).split())
    assert "Missing, outdated, surplus when compared 2, 0, 0" in text
    assert "2 differences at the last comparison, 0 changes waiting" in text


@pytest.mark.parametrize("who", ["owner", "steward", "consumer", "guest"])
def test_others_learn_nothing(client: Client, cast: Cast, who: str) -> None:
    make.make_connection("Lossy store", failures_in_row=4)
    client.force_login(cast.everybody()[who])
    response = client.get("/operations/")
    assert response.status_code == 403
    assert "Lossy" not in response.content.decode()
