"""Root causes: the rule as a table, then found upstream of an incident, told as far as one may know."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.incidents.models import Incident
from catalog.incidents.services import Report, report_incident
from catalog.products.models import OutputPort
from catalog.trust.models import PortTrust
from lineage.impact.causes import Fault, Judged, Sign, judge, ranked
from lineage.impact.root_cause import causes_of
from tests.conftest import Cast
from tests.lineage.impact.conftest import Mesh, hide

pytestmark = pytest.mark.usefixtures("data_folder")
OPENED = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
BEFORE, AFTER = OPENED - dt.timedelta(hours=2), OPENED + dt.timedelta(hours=2)


@pytest.mark.parametrize(
    ("faults", "steps", "column", "score"),
    [
        ([], 1, None, 0.0),
        ([Fault(Sign.UNREACHABLE, "x")], 1, None, 1.0),
        ([Fault(Sign.UNREACHABLE, "x")], 3, None, 0.64),
        ([Fault(Sign.UNREACHABLE, "x", AFTER)], 1, None, 0.5),
        ([Fault(Sign.UNREACHABLE, "x", BEFORE)], 1, None, 1.0),
        ([Fault(Sign.CHECK, "x", is_on_way=False)], 1, None, 0.3),
        ([Fault(Sign.INCIDENT, "x", severity="critical"), Fault(Sign.CHECK, "y")], 1, None, 1.1),
        ([Fault(Sign.CHECK, "x")] * 9, 1, None, 0.9),
        ([Fault(Sign.SLO, "x")], 1, False, 0.4),
        ([Fault(Sign.SLO, "x")], 1, True, 0.8),
    ],
)
def test_the_rule(faults: list[Fault], steps: int, column: bool | None, score: float) -> None:
    judged = judge(faults, steps, OPENED, column)
    assert judged.score == pytest.approx(score)
    assert bool(judged.reasons) == bool(faults)


def test_likeliest_first_then_the_nearer_then_by_name() -> None:
    one, other = Judged(0.8, ()), Judged(0.5, ())
    assert ranked([(other, 1, "a"), (one, 2, "b"), (one, 1, "z"), (one, 1, "c")]) == [3, 2, 1, 0]


def break_port(port: OutputPort, **marks: Any) -> None:
    now = timezone.now()
    current = {"measured_at": now, "valid_until": now + dt.timedelta(days=1), "is_reachable": True}
    PortTrust.objects.update_or_create(port=port, defaults=current | marks)


def trouble(port: OutputPort, title: str, severity: str = "high") -> Incident:
    report = Report(title, "", severity, port)
    return report_incident(actor=None, product=port.product, report=report)


@pytest.mark.django_db
def test_what_is_broken_upstream_is_ranked_with_its_way(cast: Cast, mesh: Mesh) -> None:
    ports = mesh.chain(5)
    break_port(ports[2], is_reachable=False)
    break_port(ports[3], slo_status="bad", slo_valid_until=timezone.now() + dt.timedelta(days=1))
    break_port(
        ports[0], slo_status="bad", slo_valid_until=timezone.now() - dt.timedelta(days=1)
    )  # too old to say
    trouble(ports[1], "Rows are missing")
    found = causes_of(cast.consumer, trouble(ports[4], "Charts are empty"))
    assert [cause.product.name for cause in found.causes] == ["Step 3", "Step 2", "Step 1"]
    assert [cause.steps for cause in found.causes] == [1, 2, 3]
    assert [step.name for step in found.causes[2].way] == ["Step 1", "Step 2", "Step 3", "Step 4"]
    assert "cannot be reached" in found.causes[1].judged.reasons[0]
    assert (found.upstream, found.hidden, found.hidden_broken) == (4, 0, 0)


@pytest.mark.django_db
def test_what_one_may_not_see_is_a_number(cast: Cast, mesh: Mesh) -> None:
    ports = mesh.chain(3)
    break_port(ports[0], is_reachable=False)
    hide(ports[0].product)
    incident = trouble(ports[2], "Charts are empty")
    found = causes_of(cast.consumer, incident)
    assert (found.causes, found.upstream, found.hidden, found.hidden_broken) == ((), 1, 1, 1)
    assert [cause.product.name for cause in causes_of(cast.admin, incident).causes] == ["Step 0"]
    client = Client()
    client.force_login(cast.consumer)
    page = client.get(incident.get_absolute_url())
    assert "Step 0" not in page.content.decode()
    assert "something is broken in 1 of them" in page.content.decode()


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow(cast: Cast, mesh: Mesh) -> None:
    counts = []
    for size in (5, 30):
        last = mesh.product(f"Last {size}")
        for n in range(size):
            upstream = mesh.product(f"Upstream {size} {n}")
            mesh.reads(last, upstream)
            break_port(upstream, is_reachable=False)
        incident = trouble(last, f"Trouble {size}")
        causes_of(cast.consumer, incident)
        with CaptureQueriesContext(connection) as queries:
            assert len(causes_of(cast.consumer, incident).causes) == size
        counts.append(len(queries))
    assert counts[0] == counts[1]
