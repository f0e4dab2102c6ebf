"""Trust rows: what was measured last of a port, and the weakest of a product's ports."""

from datetime import UTC, datetime, timedelta

import pytest

from catalog.assets.models import AssetReading
from catalog.quality.models import QualityScore
from catalog.trust.models import PortTrust, ProductTrust
from catalog.trust.services import Trust, refresh_ports, refresh_products, weakest
from tests import factories as make
from tests.conftest import Cast

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GOOD = Trust(
    quality=95,
    quality_at=NOW,
    documentation=0.9,
    fresh_at=NOW - HOUR,
    freshness_promise=2 * HOUR,
    is_reachable=True,
    measured_at=NOW,
    valid_until=NOW + 5 * HOUR,
    has_owner=True,
)
POOR = Trust(
    quality=40,
    quality_at=NOW - HOUR,
    documentation=0.2,
    fresh_at=NOW - 30 * HOUR,
    freshness_promise=24 * HOUR,
    is_reachable=False,
    measured_at=NOW - HOUR,
    valid_until=NOW + HOUR,
)


def test_each_mark_is_that_of_the_weakest_port() -> None:
    found = weakest([GOOD, POOR], has_owner=True)
    assert (found.quality, found.quality_at, found.documentation) == (40, NOW - HOUR, 0.2)
    assert (found.fresh_at, found.freshness_promise) == (POOR.fresh_at, POOR.freshness_promise)
    assert (found.is_reachable, found.measured_at, found.valid_until) == (False, NOW - HOUR, NOW + HOUR)
    assert found.has_owner


def test_latest_data_is_judged_by_its_promise_and_not_by_its_age() -> None:
    monthly = Trust(fresh_at=NOW - 100 * HOUR, freshness_promise=720 * HOUR, measured_at=NOW)
    hourly = Trust(fresh_at=NOW - 2 * HOUR, freshness_promise=HOUR, measured_at=NOW)
    unpromised = Trust(fresh_at=NOW - 9_999 * HOUR, measured_at=NOW)
    assert weakest([monthly, hourly, unpromised], has_owner=True).fresh_at == hourly.fresh_at


def test_ports_nobody_measured_say_nothing() -> None:
    assert weakest([GOOD, Trust()], has_owner=True).is_reachable is True
    assert weakest([Trust()], has_owner=False) == Trust()
    assert weakest([], has_owner=True) == Trust(has_owner=True)


def test_port_without_score_does_not_hide_anothers() -> None:
    unscored = Trust(is_reachable=True, measured_at=NOW, valid_until=NOW)
    assert weakest([unscored, GOOD], has_owner=True).quality == 95


@pytest.mark.django_db
def test_rows_hold_what_was_measured_last_as_of_the_time_given(cast: Cast) -> None:
    asset = make.make_asset(make.make_connection(schedule="1h"))
    port = make.make_port(cast.play_events, asset=asset, connection=asset.connection, freshness_promise=HOUR)
    for hours, reachable in ((-2, True), (-1, False), (1, True)):
        AssetReading.objects.create(
            asset=asset, read_at=NOW + hours * HOUR, is_reachable=reachable, fresh_at=NOW + (hours - 1) * HOUR
        )
    for hours, value in ((-2, 80.0), (-1, 70.0), (1, 99.0)):
        QualityScore.objects.create(
            port=port,
            scored_at=NOW + hours * HOUR,
            value=value,
            formula="1",
            documentation=0.5,
            dimensions=[],
        )
    refresh_ports(port_ids=[port.pk], now=NOW)
    row = PortTrust.objects.get(port=port)
    assert (row.quality, row.quality_at) == (70, NOW - HOUR)
    assert (row.is_reachable, row.measured_at) == (False, NOW - HOUR)
    assert row.fresh_at == NOW - 3 * HOUR  # of the last reading that reached the data
    assert row.valid_until == NOW + 2 * HOUR
    assert ProductTrust.objects.get(product=cast.play_events).quality == 70


@pytest.mark.django_db
def test_equal_rows_are_not_written_again(cast: Cast) -> None:
    port = make.make_port(cast.play_events)
    refresh_ports(port_ids=[port.pk], now=NOW)
    refresh_ports(port_ids=[port.pk], now=NOW + HOUR)
    assert PortTrust.objects.get().refreshed_at == NOW
    assert ProductTrust.objects.get().refreshed_at == NOW


@pytest.mark.django_db
def test_product_nobody_answers_for_is_known_as_such(cast: Cast) -> None:
    orphan = make.make_product(team=None)
    refresh_products(product_ids=[orphan.pk, cast.play_events.pk], now=NOW)
    assert dict(ProductTrust.objects.values_list("product_id", "has_owner")) == {
        orphan.pk: False,
        cast.play_events.pk: True,
    }
