# ruff: noqa: T201  # the figures are what this is for
"""A crawl of many small sources: the connectors alone in a plain pool of threads, the gathering, and all of it stored.

    ./mesh bench tests/benchmarks/test_crawl_sources.py -s             (BENCH_SOURCES=1000, BENCH_THREADS=8)

Each source is a SQLite file with one table of 100 rows and 9 columns that one port offers. Everything is measured in
one run, by the clock and in processor time of this process; the ratios are those of the clock.
"""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from pytest_django import Settings

from catalog.assets.models import Asset, AssetReading
from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.config import clean_config
from catalog.connections.connectors.contract import local_context
from catalog.connections.connectors.sqlite import SqliteConnector
from catalog.crawling import runner
from catalog.crawling.gathering import gather
from catalog.crawling.models import CrawlRun
from catalog.crawling.tasks import BATCH
from catalog.products.models import OutputPort
from catalog.quality.models import QualityScore
from tests import factories as make
from tests.benchmarks.test_connectors import make_sqlite

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SOURCES = int(os.environ.get("BENCH_SOURCES", "1000"))
THREADS = int(os.environ.get("BENCH_THREADS", "8"))
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Figures:
    """Sources a second and processor milliseconds a source, by stage."""

    def __init__(self) -> None:
        self.rates: dict[str, float] = {}

    def measure(self, stage: str, work: Callable[[], Any], count: int = SOURCES) -> None:
        started, busy = time.perf_counter(), time.process_time()
        work()
        wall, cost = time.perf_counter() - started, time.process_time() - busy
        self.rates[stage] = count / wall
        share = self.rates[stage] / self.rates["plain pool"]
        print(
            f"{stage:<24} {count / wall:6.0f}/s  {1000 * cost / count:6.2f} ms each  {share:6.0%} of the plain pool"
        )


def crawl_all(sources: Sequence[Any], now: datetime) -> None:
    runs = CrawlRun.objects.bulk_create(
        CrawlRun(connection=source, trigger="manual", queued_at=now, due_at=now) for source in sources
    )
    ids = [run.pk for run in runs]
    for start in range(0, len(ids), BATCH):
        runner.run_batch(ids[start : start + BATCH], threads=THREADS, now=lambda: now)
    assert set(CrawlRun.objects.filter(pk__in=ids).values_list("status", flat=True)) == {"succeeded"}


def test_a_thousand_small_sources(tmp_path: Path, settings: Settings) -> None:
    settings.FILE_ROOTS = [str(tmp_path)]
    connector, figures = SqliteConnector(), Figures()
    configs = [make_sqlite(tmp_path / f"s{number}.db") for number in range(SOURCES)]
    cleaned = [clean_config(connector.config_fields, config)[0] for config in configs]

    def read(config: dict[str, Any]) -> int:
        context = local_context(tmp_path)
        wanted = [Wanted(asset=a.asset, address=a.address) for a in connector.discover(config, context)]
        return len(list(connector.crawl(config, wanted, context)))

    def gathered(config: dict[str, Any]) -> int:
        found = gather(
            connector,
            config,
            lambda listed: [Wanted(asset=a.asset, address=a.address) for a in listed.values()],
            local_context(tmp_path),
            whole=True,
        )
        return len(found.readings)

    read(cleaned[0]), gathered(cleaned[0])
    print(f"\n{database.vendor}, {SOURCES} sources, {THREADS} threads")
    for stage, work in (("plain pool", read), ("connector stage", gathered)):
        with ThreadPoolExecutor(64) as pool:
            figures.measure(stage, lambda: list(pool.map(work, cleaned)))  # noqa: B023
    team = make.make_team()
    domain = make.make_domain(team=team)
    sources = [
        make.make_connection(f"Source {number}", kind="sqlite", config=config, team=team)
        for number, config in enumerate(configs)
    ]
    figures.measure("listing, stored", lambda: crawl_all(sources, NOW))
    for asset in Asset.objects.select_related("connection"):
        OutputPort.objects.create(
            product=make.make_product(domain=domain),
            name="table",
            connection=asset.connection,
            asset=asset,
            freshness_promise=timedelta(hours=2),
        )
    figures.measure("first crawl, stored", lambda: crawl_all(sources, NOW + timedelta(hours=1)))
    figures.measure("unchanged, stored", lambda: crawl_all(sources, NOW + timedelta(hours=2)))
    assert AssetReading.objects.count() == QualityScore.objects.count() == 2 * SOURCES
    assert figures.rates["connector stage"] / figures.rates["plain pool"] > 0.4
