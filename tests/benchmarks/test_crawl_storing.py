"""How fast crawls are stored: 1,000 products with a port of 20 columns each, first and unchanged second run.

The source is left out: what a connector would say is made in memory, so that only reconciling, storing, scoring and
trust are measured. Times of storing are processor seconds of this process (a database server's own come on top).
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database

from catalog.assets.models import Asset
from catalog.connections.connectors import registry as registries
from catalog.connections.connectors.base import CrawlContext, PortFacts, Wanted
from catalog.connections.connectors.observations import (
    ObservedAsset,
    ObservedField,
    ObservedProfile,
    ObservedReading,
)
from catalog.crawling import runner, services
from catalog.products.models import OutputPort
from catalog.quality.models import QualityScore
from catalog.schemas.models import Field, FieldProfile
from tests import factories as make

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
PRODUCTS = int(os.environ.get("BENCHMARK_PRODUCTS", "1000"))
COLUMNS = 20
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Synthetic:
    """A store of `PRODUCTS` tables that answers from memory; with `delay` it takes time like a real one."""

    name = "synthetic"
    title = "Synthetic"
    description = "For measurements."
    config_fields = ()
    tables = PRODUCTS
    delay = 0.0

    def discover(self, config: Any, context: CrawlContext) -> Iterator[ObservedAsset]:
        time.sleep(self.delay)
        yield from (self._asset(str(config.get("store", "")), number) for number in range(self.tables))

    def crawl(self, config: Any, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Any]:
        for item in wanted:
            number = int(item.address["n"])
            yield self._asset(item.asset.namespace.rpartition("/")[2], number)
            fresh = NOW - timedelta(hours=1)
            yield ObservedReading(asset=item.asset, is_reachable=True, row_count=number, fresh_at=fresh)
            for column in range(COLUMNS):
                yield ObservedProfile(
                    asset=item.asset,
                    path=f"column_{column}",
                    row_count=1_000,
                    null_share=0.0,
                    distinct_estimate=1_000,
                    minimum="1",
                    maximum="1000",
                    histogram=tuple((n * 80, n * 80 + 80, 83) for n in range(12)),
                )

    def facts(self, config: Any, address: Mapping[str, Any]) -> PortFacts:
        return PortFacts()

    def check(self, config: Any, context: CrawlContext) -> Any:
        raise NotImplementedError("a part of the protocol this benchmark never calls: it measures storing")

    def _asset(self, store: str, number: int) -> ObservedAsset:
        fields = tuple(
            ObservedField(
                path=f"column_{n}", name=f"column_{n}", logical_type="integer", physical_type="BIGINT"
            )
            for n in range(COLUMNS)
        )
        return ObservedAsset(
            namespace=f"synthetic://{store}",
            name=f"t{number}",
            kind="table",
            address={"n": number},
            fields=fields,
        )


@pytest.fixture
def synthetic(monkeypatch: pytest.MonkeyPatch) -> Synthetic:
    connector = Synthetic()
    known: Any = {"synthetic": connector}
    monkeypatch.setattr(runner, "registry", lambda: registries.Registry(known))
    return connector


def timed(work: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds `work` takes; with `time.process_time` those of this process alone, whatever else the machine does."""
    started = clock()
    work()
    return clock() - started


def test_storing_a_thousand_products(synthetic: Synthetic, capsys: pytest.CaptureFixture[str]) -> None:
    source = make.make_connection("Synthetic", kind="synthetic")

    def crawl(hours: int) -> float:
        now = NOW + timedelta(hours=hours)
        run = services.request_crawl(actor=None, connection=source, now=now)
        seconds = timed(lambda: runner.run_batch([run.pk], now=lambda: now), time.process_time)
        run.refresh_from_db()
        assert run.status == "succeeded", run.error
        return seconds

    listing = crawl(0)
    team = make.make_team()
    domain = make.make_domain(team=team)
    products = [make.make_product(domain=domain, team=team) for _ in range(PRODUCTS)]
    assets = list(Asset.objects.order_by("pk"))
    OutputPort.objects.bulk_create(
        OutputPort(
            product=product,
            name="table",
            connection=source,
            asset=asset,
            freshness_promise=timedelta(hours=2),
        )
        for product, asset in zip(products, assets, strict=True)
    )
    first, unchanged = crawl(1), crawl(2)
    assert Field.objects.count() == FieldProfile.objects.count() == PRODUCTS * COLUMNS
    assert QualityScore.objects.count() == 2 * PRODUCTS
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what this is for
            f"\n{database.vendor}: {PRODUCTS} products x {COLUMNS} columns: first listing {listing:.2f} s, "
            f"first full crawl {first:.2f} s, unchanged second {unchanged:.2f} s "
            f"({PRODUCTS / unchanged:.0f} products/s)"
        )
    assert unchanged < 15


@pytest.mark.django_db(transaction=True)
def test_batch_of_slow_sources(synthetic: Synthetic, capsys: pytest.CaptureFixture[str]) -> None:
    """Sources that take 200 ms each: how near a batch comes to what its threads could do at best."""
    if database.vendor == "sqlite":
        pytest.skip("needs a database server: SQLite's test database lives in memory")
    synthetic.tables, synthetic.delay = 3, 0.2
    sources = [make.make_connection(f"Source {n}", kind="synthetic") for n in range(128)]
    runs = [services.request_crawl(actor=None, connection=source, now=NOW).pk for source in sources]
    threads = 8
    floor = len(runs) * synthetic.delay / threads
    seconds = timed(lambda: runner.run_batch(runs, threads=threads, now=lambda: NOW))
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what this is for
            f"\n{database.vendor}: {len(runs)} sources of {synthetic.delay} s in {threads} threads: {seconds:.2f} s, "
            f"{floor / seconds:.0%} of the thread floor of {floor:.2f} s; threads left {threading.active_count()}"
        )
    assert floor / seconds > 0.2  # how near depends on what else the machine does
