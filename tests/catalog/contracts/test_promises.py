"""What contracts promise becomes objectives of ports, which follow the document until somebody decides otherwise."""

from typing import Any

import pytest

from catalog.contracts.importer import Source, import_all
from catalog.contracts.sla import promises_of
from catalog.products.models import OutputPort
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.services import edit_slo, end_slo
from tests.catalog.contracts.documents import as_yaml, contract, product
from tests.conftest import Cast

LATENCY = {"property": "latency", "value": 4, "unit": "h"}
AVAILABLE = {"property": "availability", "value": "99.5 %", "unit": "%"}
FILLED = {"property": "completeness", "value": 98, "unit": "%", "element": "sessions.user_id"}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (LATENCY, {"kind": "freshness", "at_most": 14_400, "target": 0.95}),
        ({"property": "freshness", "value": "2", "unit": "d"}, {"kind": "freshness", "at_most": 172_800}),
        (AVAILABLE, {"kind": "availability", "target": 0.995}),
        ({"property": "availability", "value": 0.999}, {"kind": "availability", "target": 0.999}),
        (
            {"property": "availability", "value": 100, "unit": "%"},
            {"kind": "availability", "target": 0.99999},
        ),
        (FILLED, {"kind": "completeness", "at_least": 0.98, "element": "user_id"}),
        (
            {"property": "volume", "value": 10, "valueExt": 20},
            {"kind": "volume", "at_least": 10, "at_most": 20},
        ),
        ({"property": "quality", "value": 80}, {"kind": "quality", "at_least": 80}),
    ],
)
def test_properties_that_can_be_measured(item: dict[str, Any], expected: dict[str, Any]) -> None:
    (found,) = promises_of([item], ["sessions", "other"], "sessions")
    assert {name: found.values[name] for name in expected} == expected


@pytest.mark.parametrize(
    "item",
    [
        {"property": "retention", "value": 3, "unit": "y"},
        {"property": "latency", "value": 4, "unit": "parsecs"},
        {"property": "latency", "value": "soon", "unit": "h"},
        {"property": "latency", "value": float("nan")},
        {"property": "latency", "value": -1, "unit": "h"},
        {"property": "quality", "value": 400},
        {**FILLED, "element": "other.user_id"},
        "nonsense",
        {},
    ],
)
def test_what_cannot_be_measured_or_is_about_another_port_is_left_in_the_document(item: Any) -> None:
    assert promises_of([item], ["sessions", "other"], "sessions") == []


def bring(*promises: dict[str, Any], version: str = "1.0.0") -> list[str]:
    """Import the contract with these promises; returns the rules of what it noted."""
    raw = as_yaml(contract(version=version, slaProperties=list(promises)))
    (result,) = import_all([Source("contract.yaml", raw)], actor=None)
    assert result.status in ("imported", "warned"), result.problems
    return [problem.rule for problem in result.problems]


def promised() -> dict[str, tuple[float, bool]]:
    rows = ServiceLevelObjective.objects.filter(port=OutputPort.objects.get(name="sessions"))
    return {slo.source_key: (slo.target, slo.ended_at is None) for slo in rows}


def test_objectives_follow_the_contract(cast: Cast) -> None:
    list(import_all([Source("product.yaml", as_yaml(product()))], actor=None))
    bring(LATENCY, AVAILABLE, FILLED)
    assert promised() == {
        "freshness:": (0.95, True),
        "availability:": (0.995, True),
        "completeness:user_id": (0.95, True),
    }
    bring(LATENCY, {**AVAILABLE, "value": 99}, version="1.1.0")
    assert promised()["availability:"] == (0.99, True)
    assert promised()["completeness:user_id"] == (0.95, False)
    bring(LATENCY, FILLED, version="1.2.0")
    assert promised()["completeness:user_id"] == (0.95, True)
    assert promised()["availability:"] == (0.99, False)


def test_what_people_decided_stays_and_is_told(cast: Cast) -> None:
    list(import_all([Source("product.yaml", as_yaml(product()))], actor=None))
    bring(LATENCY, AVAILABLE)
    by_key = {slo.source_key: slo for slo in ServiceLevelObjective.objects.all()}
    edit_slo(actor=None, slo=by_key["availability:"], target=0.9)
    end_slo(actor=None, slo=by_key["freshness:"])
    assert "edited-by-hand" not in bring(LATENCY, AVAILABLE, version="1.1.0")
    assert "edited-by-hand" in bring(LATENCY, {**AVAILABLE, "value": 99}, version="1.2.0")
    assert promised() == {"availability:": (0.9, True), "freshness:": (0.95, False)}
