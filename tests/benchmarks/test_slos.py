"""Objectives at scale: 10,000 with 28 days of hours evaluated from roll-ups, and an hour's 120,000 measurements stored.

The database is that of the tests: SQLite unless MESHPORTAL_DATABASE_URL names another. Times are processor seconds of
this process; those of a database server come on top. The past is planted by one statement, the measured part goes
through the services.
"""

import os
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from catalog.common import bulk
from catalog.slos.evaluating import evaluate_due
from catalog.slos.models import Measurement, MeasurementRollup, ServiceLevelObjective, SloState
from catalog.slos.storing import NewMeasurement, store_measurements
from catalog.slos.windows import DAY, HOUR
from tests import factories as make

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db, pytest.mark.timeout(1_800)]
SLOS = int(os.environ.get("BENCHMARK_SLOS", "10000"))
PER_HOUR = 12  # new measurements of each in an hour
NOW = datetime(2026, 11, 18, 15, 40, tzinfo=UTC)


def plant() -> list[int]:
    """Objectives on 100 ports with hours and days of the last 28 days and more."""
    ports = [make.make_port() for _ in range(100)]
    ServiceLevelObjective.objects.bulk_create(
        (
            ServiceLevelObjective(port=ports[place % 100], name=f"SLO {place}", kind="custom", target=0.99)
            for place in range(SLOS)
        ),
        batch_size=500,
    )
    ids = list(ServiceLevelObjective.objects.values_list("pk", flat=True))
    SloState.objects.bulk_create((SloState(slo_id=pk) for pk in ids), batch_size=500)
    columns = ("slo_id", "grain", "starts_at", "good", "bad")
    today, hour = NOW.replace(hour=0, minute=0), NOW.replace(minute=0)
    first = ids[0]
    hours = ((first, "h", hour - n * HOUR, 12, int(n % 90 == 0)) for n in range(1, 29 * 24))
    days = ((first, "d", today - n * DAY, 285, 3) for n in range(29))
    bulk.upsert(MeasurementRollup, columns, [*hours, *days], unique=columns[:3])
    table, slos = MeasurementRollup._meta.db_table, ServiceLevelObjective._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (slo_id, grain, starts_at, good, bad) "  # noqa: S608  # names of our own
            f"SELECT s.id, r.grain, r.starts_at, r.good, r.bad FROM {slos} s CROSS JOIN {table} r "
            "WHERE r.slo_id = %s AND s.id <> %s ORDER BY s.id, r.grain, r.starts_at",
            [first, first],
        )
    SloState.objects.update(measured_at=NOW - HOUR)
    return ids


def test_evaluate_and_store(capsys: pytest.CaptureFixture[str]) -> None:
    ids = plant()
    began = time.process_time()
    assert evaluate_due(now=NOW) == len(ids)
    evaluated = time.process_time() - began
    new = [
        NewMeasurement(pk, f"run {n}", NOW - timedelta(minutes=5 * n), int(n != 3), int(n == 3), float(n))
        for pk in ids
        for n in range(PER_HOUR)
    ]
    began = time.process_time()
    store_measurements(new, now=NOW)
    stored = time.process_time() - began
    assert evaluate_due(now=NOW) == len(ids)
    again = time.process_time() - began - stored
    assert Measurement.objects.count() == len(new)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(ids):,} objectives, {MeasurementRollup.objects.count():,} roll-ups: "
            f"evaluated in {evaluated:.1f} s; "
            f"{len(new):,} measurements stored in {stored:.1f} s and evaluated in {again:.1f} s\n"
        )
    state = SloState.objects.get(slo=ids[0])
    assert (state.status, state.good + state.bad > 0) == (
        "bad" if (state.budget_left or 0) < 0 else "warning",
        True,
    )
    if SLOS <= 10_000:  # the figures hold on a slow machine too; they are no test of the suite
        assert evaluated < 60
        assert stored + again < 15
