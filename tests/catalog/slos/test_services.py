"""Promising, changing, withdrawing; measurements from outside: who may, what is refused, what is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, Invalid, NotAllowed, StaleRevision
from catalog.slos.models import Measurement, ServiceLevelObjective
from catalog.slos.services import (
    Given,
    create_slo,
    delete_slo,
    edit_slo,
    end_slo,
    record_measurements,
    resume_slo,
)
from tests import factories as make
from tests.conftest import Cast

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def slo(cast: Cast) -> ServiceLevelObjective:
    port = make.make_port(cast.play_events, "plays")
    return create_slo(actor=cast.owner, port=port, name="Delivered", kind="custom", target=0.9, at_most=10)


def test_who_edits_the_product_promises_and_nobody_else(cast: Cast, slo: ServiceLevelObjective) -> None:
    assert slo.history.get().history_user == cast.owner
    for name, person in cast.everybody().items():
        if name in ("owner", "admin"):
            edit_slo(actor=person, slo=slo, description=f"by {name}")
            continue
        with pytest.raises(NotAllowed):
            create_slo(actor=person, port=slo.port, kind="availability", target=0.9)
        for deed in (edit_slo, end_slo, delete_slo):
            with pytest.raises(NotAllowed):
                deed(actor=person, slo=slo)
        with pytest.raises(NotAllowed):
            record_measurements(actor=person, slo=slo, measurements=[Given(NOW, good=1)])
    verbs = AuditEvent.objects.of_product(cast.play_events.pk).values_list("verb", flat=True)
    assert sorted(verbs) == ["slo.created", "slo.edited", "slo.edited"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"kind": "freshness"}, "at_most"),
        ({"kind": "completeness", "at_least": 2}, "at_least"),
        ({"kind": "volume", "at_least": 9, "at_most": 3}, "at_most"),
        ({"kind": "availability", "target": 1}, "target"),
        ({"kind": "availability", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"kind": "availability", "time_zone": "../etc"}, "time_zone"),
        ({"kind": "availability", "window_days": 91}, "window_days"),
        ({"kind": "custom", "expected_every": timedelta(seconds=1)}, "expected_every"),
        ({"kind": "nonsense"}, "kind"),
    ],
)
def test_what_means_nothing_is_refused_with_its_field(
    cast: Cast, fields: dict[str, object], path: str
) -> None:
    with pytest.raises(Invalid) as refused:
        create_slo(
            actor=cast.owner,
            port=make.make_port(cast.play_events),
            **{"target": 0.9, **fields},  # type: ignore[arg-type]
        )
    assert path in [problem.path for problem in refused.value.problems]
    assert not ServiceLevelObjective.objects.exists()


def test_the_second_of_two_editors_is_told(cast: Cast, slo: ServiceLevelObjective) -> None:
    edit_slo(actor=cast.owner, slo=slo, target=0.95, expected_revision=1)
    with pytest.raises(StaleRevision):
        edit_slo(actor=cast.admin, slo=slo, target=0.8, expected_revision=1)


def test_new_bounds_count_for_what_was_measured_before(cast: Cast, slo: ServiceLevelObjective) -> None:
    measurements = [Given(NOW - timedelta(hours=place), value=float(place)) for place in range(10)]
    assert record_measurements(actor=cast.owner, slo=slo, measurements=measurements) == 10
    assert slo.measurements.filter(bad=0).count() == 10
    edit_slo(actor=cast.owner, slo=slo, at_most=6.0)
    assert slo.measurements.filter(bad=1).count() == 3
    assert sum(slo.rollups.filter(grain="d").values_list("bad", flat=True)) == 3


def test_kind_and_time_zone_stay_once_measured(cast: Cast, slo: ServiceLevelObjective) -> None:
    edit_slo(actor=cast.owner, slo=slo, time_zone="Europe/Berlin")
    record_measurements(actor=cast.owner, slo=slo, measurements=[Given(NOW, value=1)])
    with pytest.raises(Conflict):
        edit_slo(actor=cast.owner, slo=slo, time_zone="UTC")
    with pytest.raises(Conflict):
        edit_slo(actor=cast.owner, slo=slo, kind="volume")


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (Given(NOW + timedelta(hours=1), value=1), "future"),
        (Given(NOW - timedelta(days=36), value=1), "too_late"),
        (Given(NOW), "value_or_counts"),
        (Given(NOW, value=1, good=1), "value_or_counts"),
        (Given(NOW, good=0, bad=0), "empty"),
    ],
)
def test_one_wrong_measurement_stores_none(
    cast: Cast, slo: ServiceLevelObjective, given: Given, rule: str
) -> None:
    with pytest.raises(Invalid) as refused:
        record_measurements(actor=cast.owner, slo=slo, measurements=[Given(NOW, good=1), given])
    assert [(problem.rule, problem.path[:4]) for problem in refused.value.problems] == [(rule, "$[1]")]
    assert not Measurement.objects.exists()


def test_measured_by_crawls_or_withdrawn_takes_nothing_from_outside(
    cast: Cast, slo: ServiceLevelObjective
) -> None:
    crawled = create_slo(actor=None, port=slo.port, kind="availability", target=0.9)
    with pytest.raises(Conflict):
        record_measurements(actor=cast.owner, slo=crawled, measurements=[Given(NOW, good=1)])
    end_slo(actor=cast.owner, slo=slo)
    slo.refresh_from_db()
    with pytest.raises(Conflict):
        record_measurements(actor=cast.owner, slo=slo, measurements=[Given(NOW, good=1)])
    resume_slo(actor=cast.owner, slo=slo)
    slo.refresh_from_db()
    assert record_measurements(actor=cast.owner, slo=slo, measurements=[Given(NOW, good=3, bad=1)]) == 1
