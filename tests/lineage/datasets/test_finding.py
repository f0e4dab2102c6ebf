"""From names in outside documents to assets: found by any of their names, or made once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.assets.models import Asset
from lineage.datasets.models import DatasetAlias, DatasetMerge
from lineage.datasets.naming import DatasetName
from lineage.datasets.services import add_symlinks, find_or_make_assets
from lineage.models import Source
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PG = "postgres://db.example:5432"
ORDERS = DatasetName(PG, "shop.public.orders")


def found(*names: DatasetName, at: datetime = NOW) -> list[int]:
    ids = find_or_make_assets(names, seen_at=at)
    return [ids[name] for name in names]


def test_an_unknown_dataset_is_made_once_and_has_no_connection() -> None:
    (first,) = found(ORDERS)
    (second,) = found(ORDERS, at=NOW + timedelta(hours=1))
    asset = Asset.objects.get()
    assert first == second == asset.pk
    assert asset.connection is None
    assert (asset.first_seen_at, asset.last_seen_at) == (NOW, NOW + timedelta(hours=1))


def test_a_late_event_widens_the_time_a_dataset_was_seen_to_its_beginning() -> None:
    found(ORDERS)
    found(ORDERS, at=NOW - timedelta(days=1))
    asset = Asset.objects.get()
    assert (asset.first_seen_at, asset.last_seen_at) == (NOW - timedelta(days=1), NOW)


def test_what_a_crawl_read_is_found_by_other_spellings_of_its_name() -> None:
    asset = make.make_asset(name="shop.public.orders", namespace=PG, last_seen_at=NOW - timedelta(days=3))
    other = DatasetName("postgresql://DB.example", "shop.public.ORDERS")
    assert found(ORDERS, other) == [asset.pk, asset.pk]
    alias = DatasetAlias.objects.get()
    assert (alias.kind, alias.namespace, alias.asset_id) == ("spelling", other.namespace, asset.pk)
    asset.refresh_from_db()
    assert asset.last_seen_at == NOW - timedelta(days=3)  # that says its crawl, nobody else


def test_two_tables_that_differ_in_case_stay_two() -> None:
    upper = make.make_asset(name="shop.public.Orders", namespace=PG)
    lower = make.make_asset(name="shop.public.orders", namespace=PG)
    names = [DatasetName(PG, f"shop.public.{name}") for name in ("Orders", "orders", "ORDERS", '"Orders"')]
    assert found(*names) == [upper.pk, lower.pk, lower.pk, upper.pk]


def test_spellings_that_come_in_one_document_become_one_asset() -> None:
    other = DatasetName(PG, "shop.public.Orders")
    assert len(set(found(ORDERS, other))) == 1
    assert Asset.objects.count() == 1


def test_names_that_fit_no_column_and_hold_any_character_are_kept_apart() -> None:
    names = [
        DatasetName(PG, "x" * 5_000),
        DatasetName(PG, "x" * 5_000 + "y"),
        DatasetName("n" * 1_000, "t"),
        DatasetName(PG, "a\x00b"),
        DatasetName(PG, "a\ud800b"),
        DatasetName("", ""),
        DatasetName(PG, "таблица.😀"),
        DatasetName("😀" * 400, "".join(chr(0x1F300 + number) for number in range(400))),
    ]
    ids = found(*names)
    assert ids == found(*names)
    assert len(set(ids)) == len(names)
    assert Asset.objects.get(pk=ids[0]).address["name"].startswith("xxx")


def test_the_number_of_queries_does_not_grow_with_the_names() -> None:
    def queries(count: int, start: int) -> int:
        names = [DatasetName(PG, f"shop.public.t{start + number}") for number in range(count)]
        with CaptureQueriesContext(connection) as made:
            find_or_make_assets(names, seen_at=NOW)
        with CaptureQueriesContext(connection) as again:
            find_or_make_assets(names, seen_at=NOW)
        return len([q for q in (*made, *again) if "staging" not in q["sql"]])

    assert queries(40, 0) == queries(5, 100)


def test_a_symlink_to_a_name_nobody_knew_becomes_an_alias() -> None:
    table = DatasetName("hive://meta:9083", "shop.orders")
    (pk,) = found(ORDERS)
    add_symlinks([(ORDERS, table)], source=Source.OPENLINEAGE, seen_at=NOW)
    assert found(table) == [pk]
    assert DatasetAlias.objects.get().source == "openlineage"


def test_a_symlink_that_comes_before_its_dataset_makes_it() -> None:
    table = DatasetName("hive://meta:9083", "shop.orders")
    add_symlinks([(ORDERS, table)], source=Source.OPENLINEAGE, seen_at=NOW)
    assert len(set(found(table, ORDERS))) == 1
    assert Asset.objects.get().name == ORDERS.name


def test_an_alias_that_was_taken_back_is_not_believed_again() -> None:
    table = DatasetName("hive://meta:9083", "shop.orders")
    (pk,) = found(ORDERS)
    add_symlinks([(ORDERS, table)], source=Source.OPENLINEAGE, seen_at=NOW)
    DatasetAlias.objects.update(undone_at=NOW)
    add_symlinks([(ORDERS, table)], source=Source.OPENLINEAGE, seen_at=NOW)
    assert found(table) != [pk]
    add_symlinks([(ORDERS, table)], source=Source.OPENLINEAGE, seen_at=NOW)
    assert not DatasetMerge.objects.exists()


NAMES = [
    DatasetName(namespace, name)
    for namespace in (PG, "postgresql://DB.example", "s3://plays", "s3a://plays/")
    for name in ("shop.public.orders", "shop.public.ORDERS", "raw/plays", "/raw/plays/")
]
CALLS = st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4), min_size=1, max_size=5)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(CALLS, st.randoms(use_true_random=False))
def test_any_order_and_repetition_of_names_makes_the_same_groups(
    calls: list[list[DatasetName]], random: Any
) -> None:
    def groups(order: list[list[DatasetName]]) -> set[frozenset[DatasetName]]:
        Asset.objects.all().delete()
        for names in order:
            found(*names)
        asked = {name for names in order for name in names}
        by_id: dict[int, set[DatasetName]] = {}
        for name, pk in find_or_make_assets(asked, seen_at=NOW).items():
            by_id.setdefault(pk, set()).add(name)
        return {frozenset(group) for group in by_id.values()}

    shuffled = [*calls, *calls]
    random.shuffle(shuffled)
    assert groups(calls) == groups(shuffled)
