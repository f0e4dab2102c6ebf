# ruff: noqa: T201  # the figures are what this is for
"""Writing the search index: against a bare Whoosh writer, and after an import.

    ./mesh bench tests/benchmarks/test_indexing.py -s              (BENCH_PRODUCTS=1000, BENCH_IMPORTED=500)

The bare writer gets the same documents as fields ready to be written, the same schema and one process; the portal's
gets documents, and makes the fields itself. Ratios are those of processor time, in one run.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database

from catalog.audit.models import ChangeMark
from catalog.audit.services import mark_changed
from catalog.products.models import DataProduct, OutputPort
from catalog.schemas import recording
from catalog.schemas.shape import FieldShape
from catalog.search import services
from catalog.search.backends import get_backend
from catalog.search.backends.whoosh import WhooshBackend, schema
from tests import factories as make
from tests.factories.search import make_mesh

pytestmark = [pytest.mark.benchmark, pytest.mark.slow]
PRODUCTS = int(os.environ.get("BENCH_PRODUCTS", "1000"))
IMPORTED = int(os.environ.get("BENCH_IMPORTED", "500"))
COLUMNS = 20
LEAST_SHARE = 0.7


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds on the clock and of the processor."""
    started, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - busy


def write_bare(folder: Path, rows: list[dict[str, Any]]) -> None:
    index = WhooshBackend(folder)._store.create_index()
    writer = index.writer(limitmb=64, codec=schema.LargeBlockCodec())
    for row in rows:
        writer.add_document(**row)
    writer.commit()


def test_against_a_bare_whoosh_writer(tmp_path: Path) -> None:
    documents = list(make_mesh(PRODUCTS))
    rows = [schema.to_fields(document) for document in documents]
    bare = timed(lambda: write_bare(tmp_path / "bare", rows))
    whole = timed(lambda: WhooshBackend(tmp_path / "whole").rebuild(documents))
    grown = WhooshBackend(tmp_path / "grown")
    grown.rebuild([])

    def grow() -> None:
        for start in range(0, len(documents), 500):
            grown.upsert(documents[start : start + 500])

    parts = timed(grow)
    for label, (wall, cost) in (("bare writer", bare), ("rebuild", whole), ("commits of 500", parts)):
        print(
            f"{label:<16} {len(documents) / wall:6.0f} documents/s, {1000 * cost / len(documents):5.2f} ms each; "
            f"{bare[1] / cost:4.0%} of the bare writer"
        )
    print(f"segments after all commits: {len(grown._store.snapshot().segments)}")
    assert bare[1] / whole[1] >= LEAST_SHARE
    assert bare[1] / parts[1] >= LEAST_SHARE


@pytest.mark.django_db
def test_after_an_import(search_index: Any) -> None:
    """Products and ports with columns in the database, all marked: until the index says the same."""
    team = make.make_team()
    domain = make.make_domain(team=team)
    prose = "Plays of tracks per listener and day, with sessions and devices. " * 8
    products = DataProduct.objects.bulk_create(
        DataProduct(
            domain=domain, team=team, name=f"Plays {n}", slug=f"plays-{n}", purpose=prose, lifecycle="active"
        )
        for n in range(IMPORTED)
    )
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assets = [make.make_asset(None, f"t{n}") for n in range(IMPORTED)]
    ports = OutputPort.objects.bulk_create(
        OutputPort(product=product, name="table", asset=asset)
        for product, asset in zip(products, assets, strict=True)
    )
    shapes = [
        FieldShape(path=f"column_{n}", logical_type="integer", comment=f"Number {n}") for n in range(COLUMNS)
    ]
    recording.write_versions(
        schemas=[recording.NewSchema(asset_id=asset.pk, fields=shapes) for asset in assets], now=now
    )
    mark_changed("product", [item.pk for item in products])
    mark_changed("port", [item.pk for item in ports])
    get_backend().rebuild([])
    marks = ChangeMark.objects.count()
    wall, cost = timed(services.drain_marks)
    drift = services.repair_drift()
    assert drift is not None
    assert drift.total == 0
    print(
        f"{database.vendor}: {marks} marks of {IMPORTED} products and their ports drained in {wall:.1f} s "
        f"({cost:.1f} s processor, {1000 * cost / (2 * IMPORTED):.2f} ms a document)"
    )


@pytest.fixture
def search_index(settings: Any, tmp_path: Path) -> Any:
    settings.SEARCH_BACKEND, settings.SEARCH_INDEX_DIR = "whoosh", tmp_path / "index"
    get_backend.cache_clear()
    yield get_backend()
    get_backend.cache_clear()
