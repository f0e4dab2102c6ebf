"""Measurements in the database: roll-ups exact for late, doubled and corrected ones, and evaluated from them."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from catalog.slos.evaluate import Raw, evaluate, measured_of, roll_up
from catalog.slos.evaluating import evaluate_due, evaluate_slos
from catalog.slos.models import Measurement, MeasurementRollup, ServiceLevelObjective, SloState
from catalog.slos.services import create_slo
from catalog.slos.storing import NewMeasurement, prune, store_measurements
from catalog.slos.windows import DAY, HOUR
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 18, 15, 40, tzinfo=UTC)
SHAPES = [
    {"window": "rolling", "window_days": 28, "time_zone": "UTC"},
    {"window": "rolling", "window_days": 7, "time_zone": "Asia/Kolkata"},
    {"window": "month", "time_zone": "Europe/Berlin"},
    {"window": "rolling", "window_days": 1, "time_zone": "America/St_Johns"},
]


def slo_of(**fields: object) -> ServiceLevelObjective:
    fields = {"name": "Delivered", "kind": "custom", "target": 0.95, **fields}
    return create_slo(actor=None, port=make.make_port(), **fields)  # type: ignore[arg-type]


def rollups(slo: ServiceLevelObjective, grain: str) -> list[tuple[datetime, int, int]]:
    rows = MeasurementRollup.objects.filter(slo=slo, grain=grain).exclude(good=0, bad=0).order_by("starts_at")
    return list(rows.values_list("starts_at", "good", "bad"))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_roll_ups_equal_raw_whatever_arrives_in_whatever_order(shape: dict[str, object], seed: int) -> None:
    """Batches in random order, with repetitions and corrections (another time, other counts), late by weeks."""
    dice = random.Random(seed)
    slo = slo_of(**shape)
    kept: dict[str, NewMeasurement] = {}
    for _ in range(12):
        batch = []
        for _ in range(25):
            key = f"m{dice.randrange(120)}"
            at = NOW - timedelta(minutes=dice.randrange(34 * 24 * 60))
            item = NewMeasurement(slo.pk, key, at, dice.randrange(4), dice.randrange(3))
            if dice.random() < 0.2 and kept:
                item = dice.choice(list(kept.values()))
            batch.append(item)
            kept[item.key] = item
        store_measurements(batch, now=NOW)
    raws = [Raw(item.measured_at, item.good, item.bad) for item in kept.values()]
    hours, days = roll_up(slo.time_zone, raws)
    for grain, buckets in (("h", hours), ("d", days)):
        counted = [(b.starts_at, b.counts.good, b.counts.bad) for b in buckets if b.counts.total]
        assert rollups(slo, grain) == counted
    assert Measurement.objects.filter(slo=slo).count() == len(kept)
    evaluate_slos([slo.pk], now=NOW)
    state = SloState.objects.get(slo=slo)
    expected = evaluate(slo.target, slo.judged_over, measured_of(slo.judged_over, raws, NOW), NOW)
    assert (state.good, state.bad) == (expected.counts.good, expected.counts.bad)
    assert state.budget_left == expected.budget_left
    assert state.burn_rate == expected.burn_rate


def test_the_same_again_changes_nothing_and_says_so() -> None:
    slo = slo_of()
    batch = [NewMeasurement(slo.pk, "a", NOW, 1, 0), NewMeasurement(slo.pk, "b", NOW - HOUR, 0, 1)]
    assert store_measurements(batch, now=NOW) == {slo.pk}
    assert store_measurements(batch, now=NOW) == set()
    assert sum(good + bad for _, good, bad in rollups(slo, "d")) == 2


def test_measurements_of_objectives_that_are_gone_are_passed_over() -> None:
    assert store_measurements([NewMeasurement(4_711, "a", NOW, 1, 0)], now=NOW) == set()


def test_due_is_what_was_measured_since_and_what_is_an_hour_old() -> None:
    slo = slo_of()
    assert evaluate_due(now=NOW) == 1
    assert SloState.objects.get(slo=slo).status == "unknown"
    assert evaluate_due(now=NOW) == 0
    store_measurements([NewMeasurement(slo.pk, "a", NOW, 1, 0)], now=NOW)
    assert evaluate_due(now=NOW) == 1
    assert SloState.objects.get(slo=slo).status == "good"
    assert evaluate_due(now=NOW + timedelta(minutes=19)) == 0
    assert evaluate_due(now=NOW + timedelta(minutes=21)) == 1
    assert evaluate_due(now=NOW + 2 * DAY + HOUR) == 1
    assert SloState.objects.get(slo=slo).status == "unknown"


def test_many_objectives_take_as_many_queries_as_few(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    def measured(count: int) -> list[int]:
        port = make.make_port()
        slos = [create_slo(actor=None, port=port, kind="custom", target=0.9) for _ in range(count)]
        store_measurements([NewMeasurement(slo.pk, "a", NOW, 1, 0) for slo in slos], now=NOW)
        return [slo.pk for slo in slos]

    for count in (5, 50):
        ids = measured(count)
        with django_assert_max_num_queries(16):
            evaluate_slos(ids, now=NOW)


def test_old_rows_are_forgotten_and_the_figures_of_days_stay() -> None:
    slo = slo_of()
    store_measurements(
        [NewMeasurement(slo.pk, str(days), NOW - days * DAY, 1, 0) for days in (1, 40, 100, 800)], now=NOW
    )
    assert prune(now=NOW) == 3 + 2 + 1
    assert Measurement.objects.filter(slo=slo).count() == 1
    assert len(rollups(slo, "h")) == 2
    assert len(rollups(slo, "d")) == 3
