"""What contracts promise becomes objectives of ports, which follow the document until somebody decides otherwise."""

import io
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from catalog.contracts import detect, validation
from catalog.contracts.importer import Source, import_all
from catalog.contracts.sla import promises_of, property_of
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


MEASURED = st.one_of(
    st.builds(
        dict, kind=st.just("availability"), target=st.floats(0.5, 0.99999).map(lambda each: round(each, 6))
    ),
    st.builds(dict, kind=st.sampled_from(["freshness", "latency"]), at_most=st.integers(1, 10**7)),
    st.builds(
        dict,
        kind=st.just("completeness"),
        at_least=st.floats(0.001, 1).map(lambda each: round(each, 6)),
        element=st.sampled_from(["", "user_id", "user.name"]),
    ),
    st.builds(dict, kind=st.just("quality"), at_least=st.integers(1, 100)),
    st.builds(dict, kind=st.just("volume"), at_least=st.integers(1, 10**6), at_most=st.none()),
    st.builds(dict, kind=st.just("volume"), at_least=st.integers(1, 10), at_most=st.integers(10, 10**6)),
)


@given(MEASURED, st.sampled_from(["", "Every hour."]))
def test_an_objective_written_as_a_property_is_read_as_the_same_objective(values: Any, words: str) -> None:
    values = {"target": 0.95, "description": words} | values
    item = property_of(values, "sessions")
    assert item is not None
    (found,) = promises_of([item], ["sessions", "other"], "sessions")
    assert {name: found.values.get(name, "") for name in values} == {
        name: pytest.approx(value) if isinstance(value, float) else value for name, value in values.items()
    }
    document = contract(slaProperties=[item])
    assert validation.validate(document, detect.identify(document)) == []


def test_what_the_standard_has_no_word_for_is_not_written() -> None:
    assert property_of({"kind": "schema_stability", "target": 0.99}) is None
    assert property_of({"kind": "custom", "target": 0.99, "at_least": 4}) is None


def test_the_command_prints_objectives_as_properties(cast: Cast) -> None:
    list(import_all([Source("product.yaml", as_yaml(product()))], actor=None))
    bring(LATENCY, AVAILABLE)
    out = io.StringIO()
    call_command("export_slos", "--as", "odcs", stdout=out)
    (said,) = yaml.safe_load_all(out.getvalue())
    assert [item["property"] for item in said["slaProperties"]] == ["freshness", "availability"]
    assert said["slaProperties"][0] == {"property": "freshness", "value": 4, "unit": "h"}


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
