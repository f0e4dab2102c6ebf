"""Asking for crawls: who may, what is queued, what is due, and that beat loses nothing."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.assets.models import AssetReading
from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.connections.models import Connection
from catalog.crawling import claims, runner, services
from catalog.crawling.gathering import Trouble
from catalog.crawling.models import CrawlRun
from catalog.crawling.signals import crawl_queued
from tests import factories as make
from tests.catalog.crawling.conftest import NOW, Store
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("name", "may_connection", "may_port"),
    [
        ("owner", True, True),
        ("steward", False, False),
        ("consumer", False, False),
        ("guest", False, False),
        ("admin", True, True),
    ],
)
def test_who_may_ask_for_a_crawl(
    store: Store, cast: Cast, name: str, may_connection: bool, may_port: bool
) -> None:
    person = cast.everybody()[name]
    port = cast.play_events.output_ports.get()
    for target, may in (({"connection": store.connection}, may_connection), ({"port": port}, may_port)):
        if may:
            run = services.request_crawl(actor=person, now=NOW, **target)  # type: ignore[arg-type]
            assert run.requested_by == person
        else:
            with pytest.raises(NotAllowed):
                services.request_crawl(actor=person, now=NOW, **target)  # type: ignore[arg-type]


def test_product_owner_may_crawl_a_port_in_a_store_of_another_team(store: Store, cast: Cast) -> None:
    port = make.make_port(cast.playback_quality, connection=store.connection, asset=store.asset("artists"))
    assert services.request_crawl(actor=cast.steward, port=port, now=NOW).port == port
    with pytest.raises(NotAllowed):
        services.request_crawl(actor=cast.steward, connection=store.connection, now=NOW)


def test_asking_twice_gives_the_same_run_and_one_event(store: Store, cast: Cast) -> None:
    first = services.request_crawl(actor=cast.owner, connection=store.connection, now=NOW)
    second = services.request_crawl(actor=cast.admin, connection=store.connection, now=NOW + MINUTE)
    port = services.request_crawl(actor=cast.owner, port=cast.play_events.output_ports.get(), now=NOW)
    assert first == second != port
    requested = AuditEvent.objects.filter(verb="connection.crawl_requested", detail__run=first.pk)
    assert requested.count() == 1


def test_request_rings_after_commit(
    store: Store, cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[int] = []

    def hear(run_id: int, **_: Any) -> None:
        heard.append(run_id)

    crawl_queued.connect(hear)
    try:
        with django_capture_on_commit_callbacks() as callbacks:
            run = services.request_crawl(actor=cast.owner, connection=store.connection)
        assert heard == []
        for callback in callbacks:
            callback()
        assert heard == [run.pk]
    finally:
        crawl_queued.disconnect(hear)


def test_paused_connection_and_port_without_connection_say_so(store: Store, cast: Cast) -> None:
    port = make.make_port(cast.play_events)
    with pytest.raises(Invalid, match="no connection"):
        services.request_crawl(actor=cast.owner, port=port)
    store.connection.is_paused = True
    with pytest.raises(Conflict, match="paused"):
        services.request_crawl(actor=cast.owner, connection=store.connection)
    assert not CrawlRun.objects.filter(status="queued").exists()


def test_due_connections_are_queued_once_however_often_beat_asks(store: Store) -> None:
    assert services.queue_due(now=NOW) != []
    assert services.queue_due(now=NOW) == []
    assert services.queue_due(now=NOW + 3 * HOUR) == []
    store.connection.refresh_from_db()
    assert store.connection.next_crawl_at == NOW + timedelta(days=1)


def test_days_without_beat_lead_to_one_run_and_the_old_rhythm(store: Store) -> None:
    Connection.objects.update(next_crawl_at=NOW - timedelta(days=3), schedule="6h")
    (run_id,) = services.queue_due(now=NOW + MINUTE)
    store.connection.refresh_from_db()
    assert store.connection.next_crawl_at == NOW + 6 * HOUR
    assert CrawlRun.objects.get(pk=run_id).trigger == "schedule"


@pytest.mark.parametrize(
    "fields",
    [
        {"schedule": "manual"},
        {"is_paused": True},
        {"next_crawl_at": NOW + MINUTE},
        {"circuit_open_until": NOW + MINUTE},
    ],
)
def test_what_is_not_due_is_left_alone(store: Store, fields: dict[str, Any]) -> None:
    Connection.objects.update(**fields)
    assert services.queue_due(now=NOW) == []


def test_person_is_let_through_an_open_circuit(store: Store, cast: Cast) -> None:
    Connection.objects.update(circuit_open_until=NOW + HOUR, failures_in_row=7)
    run = store.crawl()
    store.connection.refresh_from_db()
    assert run.status == "succeeded"
    assert (store.connection.failures_in_row, store.connection.circuit_open_until) == (0, None)


def fail(store: Store, code: str, now: Any = NOW, attempt: int = 1) -> CrawlRun:
    run = CrawlRun.objects.create(
        connection=store.connection, trigger="schedule", queued_at=now, due_at=now, attempt=attempt
    )
    assert claims.claim_run(run.pk, now)
    run = CrawlRun.objects.select_related("connection").get(pk=run.pk)
    claims.settle(run, claims.Result("failed", trouble=Trouble(code, "It failed.", "Mend it.")), now=now)
    run.refresh_from_db()
    return run


def test_retryable_failure_queues_another_attempt_with_delay(store: Store) -> None:
    fail(store, "unreachable")
    retry = CrawlRun.objects.get(trigger="retry")
    assert retry.attempt == 2
    assert NOW + MINUTE / 2 <= retry.due_at <= NOW + MINUTE
    assert services.due_runs(now=NOW) == []
    assert services.due_runs(now=NOW + MINUTE) == [retry.pk]


@pytest.mark.parametrize(("code", "attempt"), [("refused", 1), ("malformed", 1), ("unreachable", 4)])
def test_hopeless_failure_waits_for_the_schedule(store: Store, code: str, attempt: int) -> None:
    run = fail(store, code, attempt=attempt)
    assert (run.error_code, run.error, run.remedy) == (code, "It failed.", "Mend it.")
    assert not CrawlRun.objects.filter(status="queued").exists()


def test_circuit_opens_after_five_failures_and_is_closed_by_success(store: Store) -> None:
    for number in range(5):
        fail(store, "refused", NOW + number * MINUTE)
    store.connection.refresh_from_db()
    assert store.connection.failures_in_row == 5
    assert store.connection.circuit_open_until == NOW + 19 * MINUTE
    assert store.connection.check_error == "It failed."
    assert services.queue_due(now=NOW + 10 * MINUTE) == []
    assert len(services.queue_due(now=NOW + 20 * MINUTE)) == 1


def test_faults_of_the_portal_do_not_open_the_circuit(store: Store) -> None:
    for number in range(6):
        fail(store, "internal", NOW + number * MINUTE, attempt=4)
    store.connection.refresh_from_db()
    assert (store.connection.failures_in_row, store.connection.circuit_open_until) == (0, None)


def test_cancelled_run_is_not_run(store: Store, cast: Cast) -> None:
    run = services.request_crawl(actor=cast.owner, connection=store.connection, now=NOW)
    with pytest.raises(NotAllowed):
        services.cancel_crawl(actor=cast.consumer, run=run)
    services.cancel_crawl(actor=cast.owner, run=run, now=NOW)
    assert runner.run_batch([run.pk], now=lambda: NOW) == 0
    with pytest.raises(Conflict):
        services.cancel_crawl(actor=cast.owner, run=run)
    again = services.retry_crawl(actor=cast.owner, run=run)
    assert again.status == "queued"
    with pytest.raises(Conflict):
        services.retry_crawl(actor=cast.owner, run=again)


def test_old_runs_go_and_the_last_of_each_connection_stays(store: Store) -> None:
    early = store.crawl(NOW)
    last = store.crawl(NOW + HOUR)
    kept = CrawlRun.objects.exclude(pk__in=[early.pk, last.pk]).get()
    assert list(services.old_runs(NOW - timedelta(days=1))) == [
        kept
    ]  # the one of the fixture, three days older
    assert set(services.old_runs(NOW + timedelta(days=400))) == {kept, early}
    assert last not in services.old_runs(NOW + timedelta(days=400))


def test_old_readings_are_thinned_to_one_a_day(store: Store) -> None:
    asset = store.asset("plays")
    for hours in range(48):
        AssetReading.objects.create(
            asset=asset, read_at=NOW.replace(hour=0) + hours * HOUR, is_reachable=True
        )
    assert services.thin_history(now=NOW + timedelta(days=20)) == 0
    assert services.thin_history(now=NOW + timedelta(days=60)) == 46
    assert [reading.read_at.hour for reading in asset.readings.all()] == [23, 23]
