"""Impact in the request, from a mesh in the database: the first page of 50 with the exact count after the permission
filter, the whole export, and the same walk level by level in SQL.

    ./mesh bench tests/benchmarks/test_impact_requests.py
    BENCHMARK_EDGES=1000000 ./mesh bench tests/benchmarks/test_impact_requests.py

The mesh of `test_impact.py` (100,000 column edges unless told) as rows: products, ports, assets, columns, edges. The
reader may see all but one product in ten. Times are of this process's processor and, in brackets, by the clock.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from catalog.assets.models import Asset
from catalog.common import bulk
from catalog.products.models import DataProduct, OutputPort
from lineage.impact.rows import COLUMNS
from lineage.impact.snapshot import build_snapshot, opened
from lineage.impact.walking import Question, level_by_level
from lineage.models import Column, ColumnEdge
from tests import factories as make
from tests.benchmarks import test_impact
from tests.benchmarks.test_impact import EACH, STEPS, drawn, resident
from tests.conftest import Cast, Settings

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True), pytest.mark.timeout(1_800)]
EDGES = int(os.environ.get("BENCHMARK_EDGES", "100000"))
ROUNDS = 100


@dataclass(frozen=True)
class Times:
    """p50 and p95 in milliseconds, of the processor and by the clock."""

    cpu: tuple[float, float]
    clock: tuple[float, float]

    def __str__(self) -> str:
        return " ".join(f"{cpu:.1f} ({clock:.1f})" for cpu, clock in zip(self.cpu, self.clock, strict=True))


def timed(call: Callable[[], Any], rounds: int = ROUNDS) -> Times:
    spent = []
    for _ in range(rounds):
        used, begun = time.process_time(), time.perf_counter()
        call()
        spent.append(((time.process_time() - used) * 1000, (time.perf_counter() - begun) * 1000))
    cpu, clock = (sorted(times) for times in zip(*spent, strict=True))
    middle, high = rounds // 2, int(rounds * 0.95)
    return Times((cpu[middle], cpu[high]), (clock[middle], clock[high]))


@pytest.fixture
def hub(cast: Cast, tmp_path: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """The mesh as rows, its snapshot built; the key of the column most others are made from."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(test_impact, "EDGES", EDGES)
    monkeypatch.setattr(test_impact, "PRODUCTS", EDGES // 100)
    count, now = EDGES // 100, timezone.now()
    hidden = make.make_domain("Vault")
    store = make.make_connection()
    products = DataProduct.objects.bulk_create(
        DataProduct(
            domain=hidden if n % 10 == 9 else cast.listening,
            name=f"Product {n}", slug=f"product-{n}", lifecycle="active",
            visibility="private" if n % 10 == 9 else "mesh",
        )
        for n in range(count)
    )  # fmt: skip
    assets = Asset.objects.bulk_create(
        Asset(connection=store, namespace="n", name=f"t{n}", first_seen_at=now, last_seen_at=now)
        for n in range(count)
    )
    ports = OutputPort.objects.bulk_create(
        OutputPort(product=product, name="rows", asset=asset)
        for product, asset in zip(products, assets, strict=True)
    )
    bulk.insert(Column, ("asset_id", "path"), [(asset.pk, f"c{n}") for asset in assets for n in range(EACH)])
    keys = np.array(list(Column.objects.order_by("asset_id", "pk").values_list("pk", flat=True)), np.int64)
    up, down = drawn(count * EACH)
    columns = (
        "source",
        "upstream_id",
        "downstream_id",
        "is_direct",
        "how",
        "confidence",
        "first_seen",
        "last_seen",
    )
    pairs = zip(keys[up].tolist(), keys[down].tolist(), strict=True)
    bulk.insert(ColumnEdge, columns, [("sql", one, other, True, "", 100, now, now) for one, other in pairs])
    begun = time.perf_counter()
    assert build_snapshot()
    print(f"snapshot built in {time.perf_counter() - begun:.1f} s")  # noqa: T201
    place = int(np.bincount(up).argmax())
    port = ports[place // EACH]
    domain = "vault" if (place // EACH) % 10 == 9 else "listening"
    return f"column:{domain}/{port.product.slug}/rows/{port.version}/c{place % EACH}"


def test_impact_of_the_biggest_hub_in_the_request(hub: str, cast: Cast, client: Client) -> None:
    client.force_login(cast.owner)
    address = f"/api/v1/lineage/impact/?node={hub}&steps={STEPS}&page_size=50"
    used = time.process_time()
    first = client.get(address)
    cold = (time.process_time() - used) * 1000
    assert first.status_code == 200, first.content
    told = first.json()
    page = timed(lambda: client.get(address))
    by_name = timed(lambda: client.get(f"{address}&sort=product"))
    own = Column.objects.get(asset__output_ports__product__slug=hub.split("/")[1], path=hub.rsplit("/", 1)[1])
    question = Question(COLUMNS, (own.pk,), most_steps=STEPS)
    snapshot = opened()
    assert snapshot is not None
    walk = timed(lambda: snapshot.graph(COLUMNS).walk([own.pk], most_steps=STEPS))
    by_sql = timed(lambda: level_by_level(question), 3)
    before = resident()
    used, size = time.process_time(), 0
    answer: Any = client.get(f"/lineage/impact/?node={hub}&steps={STEPS}&format=csv")
    for piece in answer.streaming_content:
        size += len(piece)
    export = time.process_time() - used
    print(  # noqa: T201  # the figures are what this is for
        f"{EDGES:,} edges, {told['count']:,} of {len(level_by_level(question)) - 1:,} columns seen;"
        f" page {page} ms, by name {by_name} ms,"
        f" the first {cold:.0f} ms;"
        f" walk {walk} ms; level by level {by_sql} ms; export {size / 1e6:.1f} MB in {export:.1f} s,"
        f" {resident() - before} MB more held; load {os.getloadavg()[0]:.1f}"
    )
    assert size > 50 * told["count"]
    assert page.cpu[1] < 20
    assert walk.cpu[1] < 5
    assert resident() - before < 100
