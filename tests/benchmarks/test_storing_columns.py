# ruff: noqa: T201  # the figures are what this is for
"""How fast the columns of a large store are stored: products and ports exist, a crawl reads their tables.

    ./mesh bench tests/benchmarks/test_storing_columns.py -s           (BENCH_PRODUCTS=10000, BENCH_PROFILES=1)

One source, a table of 20 columns for each product. Everything a crawl leaves behind is written: assets, schema
versions, fields, readings, scores, trust, items of the run, and the outbox. Beside it stands the floor: the very same
rows, read back as the driver gives them, by one bare staged upsert a table.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from django.db.models import Model
from pytest_django import Settings

from catalog.assets.models import Asset, AssetReading
from catalog.audit.models import ChangeMark
from catalog.connections.connectors import registry as registries
from catalog.connections.connectors.base import CrawlContext, Wanted
from catalog.connections.connectors.observations import ObservedProfile
from catalog.crawling import runner, services
from catalog.crawling.models import CrawlItem
from catalog.products.models import DataProduct, OutputPort
from catalog.quality.models import QualityScore
from catalog.schemas.models import Field, FieldProfile, SchemaVersion
from catalog.trust.models import PortTrust, ProductTrust
from tests import factories as make
from tests.benchmarks.test_crawl_storing import COLUMNS, NOW, Synthetic

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.django_db]
PRODUCTS = int(os.environ.get("BENCH_PRODUCTS", "1000"))
PROFILES = bool(int(os.environ.get("BENCH_PROFILES", "0")))
WRITTEN: tuple[type[Model], ...] = (
    SchemaVersion, Field, FieldProfile, AssetReading, QualityScore, PortTrust, ProductTrust, CrawlItem, ChangeMark,
)  # fmt: skip


class Tables(Synthetic):
    """Tables that are in no listing yet."""

    tables = PRODUCTS

    def crawl(self, config: Any, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Any]:
        for item in super().crawl(config, wanted, context):
            if PROFILES or not isinstance(item, ObservedProfile):
                yield item


def processor_seconds() -> float:
    """Of this process, and of the database server's process that serves it where that runs on this machine."""
    if database.vendor != "postgresql":
        return time.process_time()
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (server,) = cursor.fetchone()
    try:
        ticks = Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[11:13]
    except OSError:
        return time.process_time()
    return time.process_time() + sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


class Stopwatch:
    """Seconds by the clock and of processor."""

    def __init__(self) -> None:
        self.clock = self.processor = 0.0

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            clock, processor = time.perf_counter(), processor_seconds()
            found = work(*arguments)
            self.clock += time.perf_counter() - clock
            self.processor += processor_seconds() - processor
            return found

        return timed

    def said(self, count: int) -> str:
        return (
            f"{self.processor:6.2f} s of processor, {self.clock:6.2f} s by the clock, "
            f"{count / self.processor:6,.0f} products/s"
        )


def write_bare(rows: dict[type[Model], list[Any]]) -> None:
    """The floor: one staging table, one statement a table."""
    with database.cursor() as cursor:
        for model, listed in rows.items():
            table = model._meta.db_table
            cursor.execute(f"CREATE TEMP TABLE bare AS SELECT * FROM {table} WHERE 1 = 0")  # noqa: S608
            if database.vendor == "postgresql":
                with cursor.copy("COPY bare FROM STDIN") as copy:
                    for row in listed:
                        copy.write_row(row)
            elif listed:
                marks = ", ".join(["%s"] * len(listed[0]))
                cursor.executemany(f"INSERT INTO bare VALUES ({marks})", listed)  # noqa: S608
            cursor.execute(f"INSERT INTO {table} SELECT * FROM bare WHERE 1 = 1 ON CONFLICT (id) DO NOTHING")  # noqa: S608
            cursor.execute("DROP TABLE bare")


def taken_out() -> dict[type[Model], list[Any]]:
    """What the crawl wrote, as rows; the tables are empty afterwards."""
    rows: dict[type[Model], list[Any]] = {}
    with database.cursor() as cursor:
        for model in WRITTEN:
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")  # noqa: S608
            rows[model] = list(cursor.fetchall())
        for model in reversed(WRITTEN):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")  # noqa: S608
    return rows


def test_storing_the_columns_of_many_products(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    settings.CRAWL_BEAT_SECONDS = (
        600  # SQLite's test database lives in memory: another thread would find it locked
    )
    known: Any = {"synthetic": Tables()}
    monkeypatch.setattr(runner, "registry", lambda: registries.Registry(known))
    source = make.make_connection("Synthetic", kind="synthetic")
    _make_mesh(source)
    run = services.request_crawl(actor=None, connection=source, now=NOW)
    whole, storing, floor = Stopwatch(), Stopwatch(), Stopwatch()
    monkeypatch.setattr(runner, "store", storing.around(runner.store))
    whole.around(lambda: runner.run_batch([run.pk], now=lambda: NOW))()
    run.refresh_from_db()
    assert run.status == "succeeded", run.error
    assert Field.objects.count() == PRODUCTS * COLUMNS
    assert FieldProfile.objects.count() == PROFILES * PRODUCTS * COLUMNS
    assert ChangeMark.objects.count() >= 2 * PRODUCTS
    rows = taken_out()
    floor.around(write_bare)(rows)
    assert Field.objects.count() == PRODUCTS * COLUMNS
    with capsys.disabled():
        print(f"\n{database.vendor}, {PRODUCTS} products x {COLUMNS} columns, profiles {PROFILES}")
        print(f"whole crawl              {whole.said(PRODUCTS)}")
        print(f"storing                  {storing.said(PRODUCTS)}")
        print(f"bare staged upsert       {floor.said(PRODUCTS)}  ({sum(map(len, rows.values())):,} rows)")
        print(f"storing is {floor.processor / storing.processor:.0%} of the bare upsert")
    assert floor.processor / storing.processor > 0.05


def _make_mesh(source: Any) -> None:
    """Products with a port each, whose assets are known by name and were never read."""
    team = make.make_team()
    domain = make.make_domain(team=team)
    numbers = range(PRODUCTS)
    products = DataProduct.objects.bulk_create(
        DataProduct(name=f"Product {n}", slug=f"product-{n}", domain=domain, team=team, lifecycle="active")
        for n in numbers
    )
    assets = Asset.objects.bulk_create(
        Asset(
            connection=source,
            namespace="synthetic://",
            name=f"t{n}",
            address={"n": n},
            first_seen_at=NOW,
            last_seen_at=NOW,
        )
        for n in numbers
    )
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
    ChangeMark.objects.all().delete()
