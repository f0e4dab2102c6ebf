"""The row that says how far a port is from its contract: judged when a side changes, announced when it differs."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from catalog.contracts.models import PortDrift
from catalog.contracts.services.drifting import judge_drift
from catalog.contracts.signals import drift_changed
from catalog.products.models import OutputPort
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def plays(cast: Cast) -> OutputPort:
    """Promises two fields; one is there, of another type."""
    asset = make.make_asset(None, "plays")
    make.make_schema(asset, {"id": "string", "extra": "string"})
    declared = make.make_schema(None, {"id": "integer", "listener": "string"})
    return make.make_port(cast.play_events, "plays", asset=asset, declared_schema=declared)


def judge(port: OutputPort, now: datetime = NOW) -> PortDrift:
    judge_drift(port_ids=[port.pk], now=now)
    return PortDrift.objects.get(port=port)


def test_each_severity_is_counted_and_the_worst_are_told(plays: OutputPort) -> None:
    row = judge(plays)
    assert (row.declared, row.is_read) == (2, True)
    assert (row.breaking, row.risky, row.harmless) == (2, 0, 1)
    assert set(row.sentences) == {
        "id is string; integer is promised.",
        "listener is promised and not there.",
    }
    assert row.drifted_at == NOW


def test_drift_is_as_old_as_it_first_broke(plays: OutputPort) -> None:
    judge(plays)
    assert plays.asset is not None
    make.make_schema(plays.asset, {"id": "integer"}, number=2)
    worse = judge(plays, NOW + DAY)
    assert (worse.breaking, worse.drifted_at) == (1, NOW)
    make.make_schema(plays.asset, {"id": "integer", "listener": "string"}, number=3)
    kept = judge(plays, NOW + 2 * DAY)
    assert (kept.breaking, kept.drifted_at, kept.digest) == (0, None, "")


def test_what_was_never_read_has_not_drifted(plays: OutputPort) -> None:
    OutputPort.objects.update(asset=None)
    row = judge(plays)
    assert (row.is_read, row.breaking, row.drifted_at) == (False, 0, None)


def test_a_port_that_promises_nothing_any_more_has_no_row(plays: OutputPort) -> None:
    judge(plays)
    OutputPort.objects.update(declared_schema=None)
    judge_drift(port_ids=[plays.pk], now=NOW)
    assert not PortDrift.objects.exists()


def test_it_is_announced_when_it_is_another_and_only_then(
    plays: OutputPort, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard: list[tuple[list[int], datetime]] = []

    def listen(port_ids: Iterable[int], at: datetime, **_: object) -> None:
        heard.append((list(port_ids), at))

    drift_changed.connect(listen)
    try:
        for days in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                judge(plays, NOW + days * DAY)
    finally:
        drift_changed.disconnect(listen)
    assert heard == [([plays.pk], NOW)]


@pytest.mark.parametrize("many", [5, 50])
def test_ports_without_a_promise_cost_two_queries(
    cast: Cast, many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ports = [make.make_port(cast.play_events, f"port-{number}").pk for number in range(many)]
    with django_assert_num_queries(4):  # two, and the savepoint around the second
        judge_drift(port_ids=ports, now=NOW)
