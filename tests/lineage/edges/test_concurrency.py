"""Observers beside each other: nothing doubled, nobody stuck, no way missed between what two of them saw."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from django.db import connection, transaction

from lineage.edges.observing import ColumnLink, observe_edges
from lineage.models import Column, ColumnEdge, LineageEdge, Source
from tests import factories as make

SEEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_observers_at_the_same_time_neither_double_nor_miss_nor_wait_for_each_other() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    store = make.make_connection()
    chain = [make.make_asset(store).pk for _ in range(8)]
    out = make.make_port(make.make_product(), asset_id=chain[0])
    into = make.make_port(make.make_product(), asset_id=chain[-1])
    steps = list(pairwise(chain))

    def see(number: int) -> None:
        turned = steps[number % 7 :] + steps[: number % 7]
        try:
            with transaction.atomic():
                for up, down in turned:  # several calls in one transaction, in every order
                    links = [ColumnLink(up, "id", down, "id")]
                    observe_edges(
                        source=Source.SQL, job_id=None, assets=[(up, down)], columns=links, seen_at=SEEN
                    )
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as crew:
        list(crew.map(see, range(14)))
    assert LineageEdge.objects.filter(is_derived=False).count() == 7
    assert ColumnEdge.objects.count() == 7
    assert Column.objects.count() == 8
    derived = LineageEdge.objects.get(is_derived=True)
    assert (derived.upstream_id, derived.downstream_id) == (out.pk, into.product_id)
