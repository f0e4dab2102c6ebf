"""Real workers: threads on a real database file, and a Celery worker killed in the middle of a crawl."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from catalog.crawling import runner, services
from catalog.crawling.models import CrawlRun
from tests.catalog.crawling.conftest import PLAYS, Store
from tests.running_portal import Portal, started_portal

ENDLESS = (
    "CREATE VIEW plays AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;"
)


@pytest.fixture
def portal() -> Iterator[Portal]:
    with started_portal() as portal:
        yield portal


PREPARE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from catalog.crawling import services
from tests import factories as make
connection = make.make_connection("Plays", kind="sqlite", schedule="manual", config={"path": PATH})
asset = make.make_asset(connection, "plays", namespace="sqlite://" + PATH, address={"table": "plays"})
make.make_port(make.make_product("Play events"), "plays", connection=connection, asset=asset)
services.request_crawl(actor=None, connection=connection)
"""


@pytest.mark.slow
def test_killed_worker_loses_and_doubles_nothing(portal: Portal) -> None:
    path = portal.stores / "plays.sqlite"
    source = sqlite3.connect(path)
    source.executescript(ENDLESS)
    worker = portal.worker()
    portal.run(PREPARE.replace("PATH", repr(str(path))))
    portal.wait(
        "SELECT status FROM catalog_crawlrun", [("running",)], 30
    )  # the service rang, the worker heard
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(10)
    assert portal.rows("SELECT count(*) FROM catalog_assetreading") == [(0,)]
    source.executescript("DROP VIEW plays;" + PLAYS)
    source.close()

    portal.worker()  # nobody rings: beat finds the silent run and frees it
    portal.wait("SELECT status, attempt FROM catalog_crawlrun", [("succeeded", 2)], 60)
    assert portal.rows("SELECT count(*), min(row_count) FROM catalog_assetreading") == [(1, 200)]
    assert portal.rows("SELECT name FROM catalog_asset ORDER BY name") == [
        ("artists",),
        ("plays",),
        ("popular",),
    ]
    assert portal.rows(
        "SELECT count(*) FROM catalog_schemaversion JOIN catalog_asset a ON a.id = asset_id "
        "WHERE a.name = 'plays'"
    ) == [(1,)]
    assert portal.rows("SELECT count(*) FROM catalog_fieldprofile") == [(5,)]
    assert portal.rows("SELECT count(*) FROM catalog_auditevent WHERE verb = 'connection.crawled'") == [(1,)]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_cancelling_stops_a_crawl_at_work(store: Store, settings: Any) -> None:
    settings.CRAWL_BEAT_SECONDS = 1
    store.execute("DROP VIEW popular", "DROP TABLE plays", ENDLESS)
    run = services.request_crawl(actor=None, connection=store.connection)

    def work() -> None:
        try:
            runner.run_batch([run.pk], threads=2)
        finally:
            connections.close_all()  # a thread's connections end with it in a worker, not by themselves

    worker = threading.Thread(target=work)
    worker.start()
    deadline = time.monotonic() + 20
    while CrawlRun.objects.get(pk=run.pk).status != "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    services.cancel_crawl(actor=None, run=run)
    worker.join(20)
    assert not worker.is_alive()
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert not store.asset("plays").readings.exists()
