"""OpenSLO v1 in and out: what is said comes back, documents of others are read, nonsense is refused with its path."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from catalog.slos.exchange import export_slos, import_slos
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.services import create_slo, edit_slo
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
KEY = "listening/play-events/plays/1.0.0"
FOREIGN = """
apiVersion: openslo/v1
kind: SLI
metadata: {name: latency-indicator}
spec:
  thresholdMetric:
    metricSource: {type: Prometheus, spec: {query: "delivery_minutes"}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: delivery, displayName: Delivered in time}
spec:
  description: Somebody else measures it.
  service: plays
  indicatorRef: latency-indicator
  timeWindow:
    - duration: 1M
      isRolling: false
      calendar: {startTime: "2024-01-01 00:00:00", timeZone: Europe/Berlin}
  budgetingMethod: Occurrences
  objectives:
    - {displayName: quick, op: lte, value: 15, target: 0.95}
    - {displayName: at all, op: lte, value: 120, targetPercent: 99.9}
"""


@pytest.fixture
def plays(cast: Cast) -> Any:
    return make.make_port(cast.play_events, "plays", version="1.0.0")


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "freshness", "at_most": 21_600.0, "target": 0.95},
        {"kind": "volume", "at_least": 10.0, "at_most": 99.0, "target": 0.9, "window": "quarter",
         "time_zone": "Asia/Kolkata"},
        {"kind": "custom", "target": 0.999, "unit": "min", "expected_every": timedelta(hours=6), "window_days": 7},
        {"kind": "completeness", "at_least": 0.98, "element": "user_id", "target": 0.9, "criticality": "critical"},
    ],
)  # fmt: skip
def test_what_goes_out_comes_back(plays: Any, fields: dict[str, Any]) -> None:
    slo = create_slo(actor=None, port=plays, name="Ein Versprechen", description="Wörtlich", **fields)
    text = export_slos([slo])
    slo.delete()
    (result,) = import_slos(actor=None, raw=text.encode())
    assert (result.status, result.problems) == ("imported", ())
    again = ServiceLevelObjective.objects.get()
    assert (again.name, again.description) == ("Ein Versprechen", "Wörtlich")
    assert {name: getattr(again, name) for name in fields} == fields


def test_documents_of_others_become_custom_objectives(cast: Cast, plays: Any) -> None:
    results = import_slos(actor=cast.owner, raw=FOREIGN.encode(), port_key=KEY)
    assert [(item.key, item.status) for item in results] == [
        ("delivery#0", "imported"),
        ("delivery#1", "imported"),
    ]
    first, second = ServiceLevelObjective.objects.order_by("pk")
    assert (first.name, first.kind, first.at_most, first.target) == ("Delivered in time", "custom", 15, 0.95)
    assert (first.window, first.time_zone) == ("month", "Europe/Berlin")
    assert (second.name, second.target) == ("at all", 0.999)
    again = import_slos(actor=cast.owner, raw=FOREIGN.encode(), port_key=KEY)
    assert [item.status for item in again] == ["unchanged", "unchanged"]
    edit_slo(actor=None, slo=first, target=0.9)
    changed = FOREIGN.replace("0.95", "0.97").replace("99.9", "99.5").encode()
    results = import_slos(actor=cast.owner, raw=changed, port_key=KEY)
    assert [[problem.rule for problem in item.problems] for item in results] == [["edited-by-hand"], []]
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.target, second.target) == (0.9, 0.995)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (("openslo/v1\nkind: SLO", "openslo/v2\nkind: SLO"), "$.apiVersion"),
        (("target: 0.95", "target: 1.5"), "$.spec.objectives[0].target"),
        (("duration: 1M", "duration: 5M"), "$.spec.timeWindow[0].duration"),
        (("Europe/Berlin", "Mars"), "time_zone"),
        (("kind: SLO", "kind: Service"), "$.kind"),
    ],
)
def test_what_means_nothing_is_refused_with_its_path(plays: Any, change: tuple[str, str], path: str) -> None:
    results = import_slos(actor=None, raw=FOREIGN.replace(*change).encode(), port_key=KEY)
    assert results[0].status == "refused"
    assert path in [problem.path for problem in results[0].problems]
    assert import_slos(actor=None, raw=b"a: [")[0].status == "refused"


def test_rights_count_and_ports_nobody_sees_are_none(cast: Cast, plays: Any) -> None:
    for person in (cast.consumer, cast.guest):
        results = import_slos(actor=person, raw=FOREIGN.encode(), port_key=KEY)
        assert {item.status for item in results} == {"refused"}
    assert not ServiceLevelObjective.objects.exists()


def test_the_commands_do_the_same(plays: Any, tmp_path: Path) -> None:
    file, out = tmp_path / "slos.yaml", StringIO()
    file.write_text(FOREIGN)
    with pytest.raises(SystemExit):
        call_command("import_slos", str(file), stdout=StringIO())
    call_command("import_slos", str(file), port=KEY, stdout=out)
    assert out.getvalue().count("imported") == 2
    printed = StringIO()
    call_command("export_slos", product="listening/play-events", stdout=printed)
    documents = list(yaml.safe_load_all(printed.getvalue()))
    assert [item["metadata"]["displayName"] for item in documents] == ["Delivered in time", "at all"]
