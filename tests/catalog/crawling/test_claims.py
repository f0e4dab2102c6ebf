"""Runs and their workers: one owner at a time, dead workers' runs are freed, late ones write nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.assets.models import Asset
from catalog.crawling import claims, runner, services, storing
from catalog.crawling.gathering import Gathered
from catalog.crawling.knowledge import task_of
from catalog.crawling.models import CrawlRun
from tests.catalog.crawling.conftest import NOW, Store
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
LONG = timedelta(hours=1)


@pytest.fixture
def queued(store: Store) -> CrawlRun:
    return services.request_crawl(actor=None, connection=store.connection, now=NOW)


def test_run_is_taken_once(queued: CrawlRun) -> None:
    assert claims.claim_run(queued.pk, NOW)
    assert claims.claim_run(queued.pk, NOW) == ""


def test_run_is_not_taken_before_its_time(queued: CrawlRun) -> None:
    assert claims.claim_run(queued.pk, NOW - timedelta(seconds=1)) == ""


def test_source_is_crawled_by_one_run_at_a_time(store: Store, queued: CrawlRun, cast: Cast) -> None:
    port = services.request_crawl(actor=None, port=cast.play_events.output_ports.get(), now=NOW)
    assert claims.claim_run(queued.pk, NOW)
    assert claims.claim_run(port.pk, NOW) == ""
    assert services.due_runs(now=NOW) == []
    port.refresh_from_db()
    assert port.status == "queued"


def test_sign_of_life_says_whose_run_is_lost(queued: CrawlRun) -> None:
    claim = claims.claim_run(queued.pk, NOW)
    assert claims.beat({queued.pk: (claim, 3, 7)}) == set()
    queued.refresh_from_db()
    assert (queued.done, queued.total) == (3, 7)
    services.cancel_crawl(actor=None, run=queued)
    assert claims.beat({queued.pk: (claim, 4, 7)}) == {queued.pk}


def test_silent_worker_loses_its_run_and_another_takes_it(queued: CrawlRun) -> None:
    assert claims.claim_run(queued.pk, NOW)
    assert claims.release_stale() == []
    assert claims.release_stale(now=timezone.now() + LONG) == [queued.pk]
    queued.refresh_from_db()
    assert (queued.status, queued.attempt, queued.claim) == ("queued", 2, "")
    assert runner.run_batch([queued.pk], now=lambda: NOW) == 0, "it shares no process with others any more"
    claim = claims.claim_run(queued.pk, NOW, apart=True)
    runner.execute(queued.pk, claim, now=lambda: NOW)
    queued.refresh_from_db()
    assert (queued.status, queued.error_code) == ("succeeded", "")


def test_run_that_kills_its_workers_ends_as_failed(queued: CrawlRun) -> None:
    for _ in range(4):
        assert claims.claim_run(queued.pk, NOW, apart=True)
        claims.release_stale(now=timezone.now() + LONG)
    queued.refresh_from_db()
    assert (queued.status, queued.error_code, queued.claim) == ("failed", "worker_lost", "")
    assert queued.remedy


def test_freed_run_gives_way_to_one_that_is_queued_already(store: Store, queued: CrawlRun) -> None:
    claims.claim_run(queued.pk, NOW)
    newer = services.request_crawl(actor=None, connection=store.connection, now=NOW)
    assert newer != queued
    claims.release_stale(now=timezone.now() + LONG)
    queued.refresh_from_db()
    assert queued.status == "failed"
    assert CrawlRun.objects.filter(connection=store.connection, status="queued").count() == 1


@pytest.mark.parametrize("how", ["cancelled", "freed"])
def test_late_worker_writes_nothing(store: Store, queued: CrawlRun, how: str) -> None:
    claim = claims.claim_run(queued.pk, NOW)
    if how == "cancelled":
        services.cancel_crawl(actor=None, run=queued)
    else:
        claims.release_stale(now=timezone.now() + LONG)
    before = list(Asset.objects.values())
    queued.refresh_from_db()
    finished = storing.Finished(queued.pk, claim, task_of(queued), Gathered(is_complete=True), {})
    assert runner.store([finished], NOW) == set()
    assert list(Asset.objects.values()) == before
    status = queued.status
    queued.refresh_from_db()
    assert queued.status == status


def test_failure_while_storing_leaves_no_half(
    store: Store, queued: CrawlRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(**_: object) -> None:
        raise RuntimeError("the password is hunter2")

    before = list(Asset.objects.order_by("pk").values())
    store.execute("CREATE TABLE fresh (id INTEGER)")
    monkeypatch.setattr("catalog.crawling.judging.judge_ports", break_down)
    runner.run_batch([queued.pk], now=lambda: NOW)
    assert list(Asset.objects.order_by("pk").values()) == before
    queued.refresh_from_db()
    assert (queued.status, queued.error_code) == ("failed", "internal")
    assert "hunter2" not in queued.error
    assert CrawlRun.objects.get(trigger="retry").attempt == 2
