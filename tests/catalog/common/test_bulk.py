"""The staged upsert: inserts, updates what differs, leaves alone what is equal, on either database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.assets.models import Asset, AssetReading
from catalog.common import bulk
from catalog.schemas.models import FieldProfile
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COLUMNS = ("asset_id", "path", "profiled_at", "row_count", "is_sample", "null_share", "distinct_estimate")
COLUMNS += ("minimum", "maximum", "mean", "histogram", "top_values", "withheld_because")
FIGURES = COLUMNS[3:]


def row(asset: Asset, path: str = "a", at: datetime = NOW, **figures: Any) -> tuple[Any, ...]:
    values = {
        "row_count": 10,
        "is_sample": False,
        "null_share": None,
        "distinct_estimate": None,
        "minimum": "",
        "maximum": "",
        "mean": 1.5,
        "histogram": [[1, 2, 10]],
        "top_values": [],
        "withheld_because": "",
    } | figures
    return (asset.pk, path, at, *values.values())


def store(*rows: tuple[Any, ...]) -> None:
    bulk.upsert(
        FieldProfile,
        COLUMNS,
        rows,
        unique=("asset_id", "path"),
        update=("profiled_at", *FIGURES),
        compare=FIGURES,
    )


def test_new_rows_arrive_with_every_type_intact() -> None:
    asset = make.make_asset()
    store(row(asset, "naïve “é”\t\\N\n", histogram=[["2026-01-01", "2026-02-01", 3]], null_share=0.25))
    found = FieldProfile.objects.get()
    assert (found.asset, found.path, found.profiled_at) == (asset, "naïve “é”\t\\N\n", NOW)
    assert (found.histogram, found.null_share, found.mean) == ([["2026-01-01", "2026-02-01", 3]], 0.25, 1.5)
    assert found.distinct_estimate is None


def test_equal_rows_are_not_written_again() -> None:
    asset = make.make_asset()
    store(row(asset, null_share=None))
    store(row(asset, null_share=None, at=NOW + timedelta(hours=1)))
    assert FieldProfile.objects.get().profiled_at == NOW


@pytest.mark.parametrize(
    "change", [{"null_share": 0.5}, {"mean": None}, {"histogram": [[1, 2, 11]]}, {"is_sample": True}]
)
def test_rows_that_differ_are_updated(change: dict[str, Any]) -> None:
    asset = make.make_asset()
    store(row(asset))
    store(row(asset, at=NOW + timedelta(hours=1), **change))
    found = FieldProfile.objects.get()
    assert found.profiled_at == NOW + timedelta(hours=1)
    assert {name: getattr(found, name) for name in change} == change


def test_of_doubled_rows_the_last_counts() -> None:
    asset = make.make_asset()
    store(row(asset, row_count=1), row(asset, row_count=2))
    assert FieldProfile.objects.get().row_count == 2


def test_without_columns_to_update_existing_rows_are_left_alone() -> None:
    asset = make.make_asset()
    columns = (
        "asset_id",
        "read_at",
        "is_reachable",
        "row_count_is_estimate",
        "error_code",
        "error",
        "remedy",
    )
    columns += ("fresh_basis",)
    for error in ("first", "second"):
        bulk.upsert(
            AssetReading,
            columns,
            [(asset.pk, NOW, True, False, "", error, "", "")],
            unique=("asset_id", "read_at"),
        )
    assert AssetReading.objects.get().error == "first"


def test_nothing_to_store_asks_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        store()


def test_number_of_statements_does_not_grow_with_the_rows(django_assert_max_num_queries: Any) -> None:
    asset = make.make_asset()
    with django_assert_max_num_queries(5):
        store(*(row(asset, f"field{number}") for number in range(3_000)))
    assert FieldProfile.objects.count() == 3_000
