"""What crawls of a real store, evaluations and contracts open and end."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from catalog.contracts.models import PortDrift
from catalog.incidents.detecting import look_at, sweep
from catalog.incidents.models import Incident
from catalog.products.models import DataProduct, Lifecycle, OutputPort
from catalog.products.services import change_lifecycle, edit_port
from catalog.quality.models import QualityCheck
from catalog.quality.services import create_check, delete_check, end_check
from catalog.quality.storing import NewResult, store_results
from catalog.slos.evaluating import evaluate_slos
from catalog.slos.models import ServiceLevelObjective, SloState
from catalog.slos.services import create_slo, delete_slo, edit_slo, end_slo
from catalog.slos.storing import NewMeasurement, store_measurements
from tests import factories as make
from tests.catalog.crawling.conftest import NOW, Store
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


Committed = Callable[[], AbstractContextManager[Any]]


@pytest.fixture
def committed(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Committed:
    """A step that is kept: what waits for the commit happens at its end."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def the(cause: str) -> Incident:
    return Incident.objects.get(cause=cause)


def test_a_crawl_that_does_not_reach_the_data_opens_an_incident_and_the_next_ends_it(
    store: Store, committed: Committed
) -> None:
    away = store.path.with_suffix(".away")
    store.path.rename(away)
    with committed():
        store.crawl(NOW)
    incident = the("unreachable")
    assert incident.title == "plays 1.0.0 cannot be reached"
    assert incident.summary
    assert incident.status == "open"
    away.rename(store.path)
    with committed():
        store.crawl(NOW + timedelta(hours=1))
    incident.refresh_from_db()
    assert (incident.status, incident.is_resolved_by_portal) == ("resolved", True)


def test_a_crawl_that_finds_a_promised_field_gone_opens_an_incident_of_drift(
    store: Store, committed: Committed
) -> None:
    port = OutputPort.objects.get()
    with committed():
        edit_port(actor=None, port=port, declared_schema=make.make_schema(None, {"id": "integer"}))
        store.crawl(NOW)
    row = PortDrift.objects.get(port=port)
    assert (row.breaking, row.is_read, row.declared, row.drifted_at) == (0, True, 1, None)
    assert not Incident.objects.exists()
    store.execute("ALTER TABLE plays RENAME COLUMN id TO number")
    with committed():
        store.crawl(NOW + DAY)
    row.refresh_from_db()
    assert (row.breaking, row.sentences) == (1, ["id is promised and not there."])
    assert row.drifted_at == NOW + DAY
    incident = the("drift")
    assert incident.summary == "id is promised and not there."
    with committed():
        port.refresh_from_db()
        edit_port(actor=None, port=port, declared_schema=make.make_schema(None, {"number": "integer"}))
    incident.refresh_from_db()
    assert incident.status == "resolved"


def test_drift_is_compared_only_when_a_side_changed(store: Store, committed: Committed) -> None:
    declared = make.make_schema(None, {"gone": "string"})
    OutputPort.objects.update(declared_schema=declared)
    with committed():
        store.crawl(NOW)
    first = PortDrift.objects.get()
    with committed():
        store.crawl(NOW + DAY)
    again = PortDrift.objects.get()
    assert again.judged_at == first.judged_at == NOW
    assert the("drift").events.count() == 1


@pytest.fixture
def slo(cast: Cast) -> ServiceLevelObjective:
    port = make.make_port(cast.play_events, "sessions")
    return create_slo(
        actor=None, port=port, name="Delivered", kind="custom", target=0.9, criticality="critical"
    )


def measure(slo: ServiceLevelObjective, bad: int, of: int = 20) -> None:
    now = timezone.now()
    moments = [now - timedelta(minutes=place) for place in range(of)]
    rows = [
        NewMeasurement(slo.pk, str(place), at, int(place >= bad), int(place < bad))
        for place, at in enumerate(moments)
    ]
    store_measurements(rows, now=now)
    evaluate_slos([slo.pk], now=now)


def test_a_missed_objective_opens_an_incident_until_it_is_kept_again(
    slo: ServiceLevelObjective, committed: Committed
) -> None:
    with committed():
        measure(slo, bad=5)
    incident = the("slo")
    assert incident.title == "Delivered of sessions 1.0.0 is missed"
    assert incident.severity == "high"  # critical, and nobody reads from it
    assert incident.slo == slo
    with committed():
        measure(slo, bad=0)
    incident.refresh_from_db()
    assert incident.status == "resolved"


def test_an_objective_that_is_not_measured_any_more_neither_opens_nor_ends_anything(
    slo: ServiceLevelObjective, committed: Committed
) -> None:
    with committed():
        measure(slo, bad=5)
    SloState.objects.update(valid_until=timezone.now() - DAY)
    look_at(port_ids=[slo.port_id], now=timezone.now())
    assert the("slo").status == "open"
    Incident.objects.all().delete()
    look_at(port_ids=[slo.port_id], now=timezone.now())
    assert not Incident.objects.exists()


@pytest.mark.parametrize("how", ["withdrawn", "deleted", "forgiven"])
def test_an_objective_that_promises_no_more_ends_its_incident(
    slo: ServiceLevelObjective, how: str, committed: Committed
) -> None:
    with committed():
        measure(slo, bad=5)
    with committed():
        if how == "withdrawn":
            end_slo(actor=None, slo=slo)
        elif how == "deleted":
            delete_slo(actor=None, slo=slo)
        else:
            edit_slo(actor=None, slo=slo, target=0.5)
    assert the("slo").status == "resolved"


@pytest.fixture
def check(cast: Cast) -> QualityCheck:
    port = make.make_port(cast.play_events, "sessions")
    return create_check(
        actor=None,
        port=port,
        name="No empty listener",
        kind="not_null",
        element="listener",
        severity="critical",
    )


def answer(check: QualityCheck, *outcomes: str, ago: timedelta = timedelta()) -> None:
    """Results one after the other, the last just now or `ago`."""
    now = timezone.now() - ago
    moments = [now - timedelta(minutes=len(outcomes) - place) for place in range(len(outcomes))]
    store_results(
        NewResult(check_id=check.pk, measured_at=at, outcome=outcome, source="crawl")
        for at, outcome in zip(moments, outcomes, strict=True)
    )


def test_a_failing_check_opens_an_incident_until_it_passes(
    client: Client, cast: Cast, check: QualityCheck, committed: Committed
) -> None:
    with committed():
        answer(check, "failed", "failed", "failed", ago=timedelta(hours=1))
    incident = the("check")
    assert incident.title == "No empty listener of sessions 1.0.0 fails"
    assert incident.quality_check == check
    client.force_login(cast.consumer)
    assert check.get_absolute_url() in client.get(incident.get_absolute_url()).content.decode()
    assert incident.severity == "medium"  # a critical check, and nobody reads from it
    with committed():
        answer(check, "passed", "passed", "passed", "passed", "passed")
    incident.refresh_from_db()
    assert incident.status == "resolved"


@pytest.mark.parametrize("service", [end_check, delete_check])
def test_a_check_that_is_asked_no_more_ends_its_incident(
    check: QualityCheck, service: Callable[..., Any], committed: Committed
) -> None:
    with committed():
        answer(check, "failed", "failed", "failed")
    with committed():
        service(actor=None, check=check)
    assert the("check").status == "resolved"
    sweep(now=timezone.now())
    assert Incident.objects.count() == 1


def test_a_check_that_only_informs_opens_nothing(check: QualityCheck, committed: Committed) -> None:
    QualityCheck.objects.update(severity="info")
    with committed():
        answer(check, "failed", "failed", "failed")
    assert not Incident.objects.exists()


def test_drafts_open_nothing_and_a_retired_product_ends_what_is_open(
    cast: Cast, slo: ServiceLevelObjective, committed: Committed
) -> None:
    DataProduct.objects.update(lifecycle=Lifecycle.DRAFT)
    with committed():
        measure(slo, bad=5)
    assert not Incident.objects.exists()
    DataProduct.objects.update(lifecycle=Lifecycle.DEPRECATED)
    look_at(port_ids=[slo.port_id], now=timezone.now())
    assert the("slo").status == "open"
    with committed():
        product = DataProduct.objects.get(pk=cast.play_events.pk)
        change_lifecycle(actor=None, product=product, step=Lifecycle.RETIRED, reason="It is replaced.")
    assert the("slo").status == "resolved"


def test_a_sweep_makes_up_for_what_was_missed_and_counts_nothing_twice(
    store: Store, cast: Cast, slo: ServiceLevelObjective
) -> None:
    measure(slo, bad=5)
    store.path.unlink()
    store.crawl(NOW)  # nobody looked: nothing was committed
    assert not Incident.objects.exists()
    sweep(now=timezone.now())
    assert set(Incident.objects.values_list("cause", flat=True)) == {"slo", "unreachable"}
    sweep(now=timezone.now())
    assert set(Incident.objects.values_list("occurrences", flat=True)) == {1}
    SloState.objects.update(status="good")
    sweep(now=timezone.now())
    assert the("slo").status == "resolved"


@pytest.mark.parametrize("many", [5, 50])
def test_looking_at_many_ports_that_are_well_costs_the_same(
    cast: Cast, many: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ports = [make.make_port(cast.play_events, f"port-{number}") for number in range(many)]
    with django_assert_max_num_queries(8):
        look_at(port_ids=[port.pk for port in ports], now=timezone.now())
