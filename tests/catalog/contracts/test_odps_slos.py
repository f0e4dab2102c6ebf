"""Objectives from product descriptors: the SLA of Linux Foundation ODPS, and `slaProperties` of a Bitol port."""

from typing import Any

import pytest

from catalog.contracts.other_products import from_odps_lf
from catalog.contracts.services import import_document
from catalog.slos.models import ServiceLevelObjective
from tests.catalog.contracts.documents import as_yaml
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
DIMENSIONS = [
    {"dimension": "uptime", "objective": 99, "unit": "percent"},
    {"dimension": "responseTime", "objective": 200, "unit": "milliseconds"},
    {"dimension": "updateFrequency", "objective": 1, "unit": "days"},
    {"dimension": "timeToRepair", "objective": 4, "unit": "hours"},
]


def urban(sla: Any) -> dict[str, Any]:
    details = {
        "en": {"name": "Urban pulse", "productID": "urban", "status": "production", "visibility": "public"}
    }
    access = {"default": {"name": {"en": "API"}, "outputPortType": "API"}}
    return {
        "schema": "https://opendataproducts.org/v4.0/schema/odps.yaml", "version": "4.0",
        "product": {"details": details, "dataAccess": access, "SLA": sla},
    }  # fmt: skip


@pytest.mark.parametrize(
    "sla",
    [
        {"declarative": DIMENSIONS},
        {"declarative": {"default": {"dimensions": DIMENSIONS}, "premium": {"dimensions": []}}},
        DIMENSIONS,
    ],
)
def test_declared_levels_of_every_shape_are_read(sla: Any) -> None:
    [port] = from_odps_lf(urban(sla))["outputPorts"]
    said = {item["property"]: item["value"] for item in port["customProperties"]}["slaProperties"]
    assert [(item["property"], item["value"]) for item in said] == [
        ("availability", 99), ("responseTime", 200), ("freshness", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "sla", [None, 3, "x", [], {"declarative": 3}, {"declarative": {"a": 3}}, [{"dimension": 3}]]
)
def test_odd_levels_promise_nothing(sla: Any) -> None:
    [port] = from_odps_lf(urban(sla))["outputPorts"]
    assert "slaProperties" not in {item["property"] for item in port.get("customProperties", [])}


def promised() -> dict[str, tuple[float, float | None]]:
    rows = ServiceLevelObjective.objects.active().filter(source="odps")
    return {kind: (target, most) for kind, target, most in rows.values_list("kind", "target", "at_most")}


def test_objectives_follow_the_descriptor(cast: Cast) -> None:
    assert import_document(actor=None, raw=as_yaml(urban({"declarative": DIMENSIONS}))).status != "refused"
    assert promised() == {
        "availability": (0.99, None), "latency": (0.95, 200.0), "freshness": (0.95, 86_400.0),
    }  # fmt: skip
    slower = [{**DIMENSIONS[1], "objective": 2, "unit": "seconds"}, DIMENSIONS[0]]
    assert import_document(actor=None, raw=as_yaml(urban({"declarative": slower}))).status != "refused"
    assert promised() == {"availability": (0.99, None), "latency": (0.95, 2_000.0)}


def test_bitol_port_may_say_its_service_levels(cast: Cast) -> None:
    port = {"name": "plays", "version": "1.0.0", "customProperties": [
        {"property": "slaProperties", "value": [{"property": "latency", "value": 4, "unit": "h"}]}]}  # fmt: skip
    data = {"apiVersion": "v1.0.0", "kind": "DataProduct", "id": "urn:x:plays", "name": "Heard", "status": "active",
            "domain": "listening", "outputPorts": [port]}  # fmt: skip
    assert import_document(actor=None, raw=as_yaml(data)).status in ("imported", "warned")
    assert promised() == {"freshness": (0.95, 14_400.0)}
