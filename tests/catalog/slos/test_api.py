"""Objectives over the API: filters, If-Match, measurements sent once or twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.slos.evaluating import evaluate_due
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.services import create_slo
from tests import factories as make
from tests.conftest import Cast

LIST = "/api/v1/slos/"


@pytest.fixture
def client(cast: Cast) -> APIClient:
    client = APIClient()
    client.force_login(cast.owner)
    return client


@pytest.fixture
def slo(cast: Cast) -> ServiceLevelObjective:
    port = make.make_port(cast.play_events, "plays")
    return create_slo(actor=None, port=port, name="Delivered", kind="custom", target=0.9, at_most=10)


def test_an_objective_is_promised_read_changed_and_deleted(client: APIClient, cast: Cast) -> None:
    make.make_port(cast.play_events, "plays", version="1.0.0")
    body = {
        "port": "listening/play-events/plays/1.0.0",
        "kind": "freshness",
        "target": 0.95,
        "at_most": 21_600,
    }
    made = client.post(LIST, body, format="json")
    assert made.status_code == 201, made.json()
    assert made.json()["promise"] == "data at most 6 h old"
    assert made.json()["state"]["status"] == "unknown"
    address, tag = f"{LIST}{made.json()['id']}/", made["ETag"]
    assert client.patch(address, {"target": 0.9}, format="json").status_code == 428
    saved = client.patch(address, {"target": 0.9}, format="json", HTTP_IF_MATCH=tag)
    assert (saved.status_code, saved.json()["target"]) == (200, 0.9)
    assert client.patch(address, {"target": 0.8}, format="json", HTTP_IF_MATCH=tag).status_code == 412
    assert client.get(address, HTTP_IF_NONE_MATCH=saved["ETag"]).status_code == 304
    assert client.delete(address, HTTP_IF_MATCH="*").status_code == 204
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"target": 2}, "target"),
        ({"at_most": None}, "at_most"),
        ({"window_days": 400}, "window_days"),
        ({"nonsense": 1}, "nonsense"),
        ({"port": "vault/x/y/1.0.0"}, "port"),
    ],
)
def test_what_is_wrong_is_named(client: APIClient, cast: Cast, body: dict[str, Any], field: str) -> None:
    make.make_port(cast.play_events, "plays", version="1.0.0")
    good = {"port": "listening/play-events/plays/1.0.0", "kind": "latency", "target": 0.95, "at_most": 1}
    answer = client.post(LIST, {**good, **body}, format="json")
    assert answer.status_code == 400
    assert field in [problem["path"].removeprefix("$.") for problem in answer.json()["problems"]]


def test_measurements_are_idempotent_and_all_or_none(client: APIClient, slo: ServiceLevelObjective) -> None:
    now = datetime.now(UTC)
    address = f"{LIST}{slo.pk}/measurements/"
    batch = [
        {"measured_at": (now - timedelta(hours=hours)).isoformat(), "key": f"run-{hours}", "value": hours}
        for hours in range(20)
    ]
    for is_changed in (True, False):
        answer = client.post(address, batch, format="json")
        assert answer.json() == {"received": 20, "is_changed": is_changed}
    one = {"measured_at": now.isoformat(), "good": 5, "bad": 1}
    assert client.post(address, one, format="json").status_code == 200
    wrong = [one, {"measured_at": "yesterday", "good": 1}]
    assert client.post(address, wrong, format="json").status_code == 400
    assert client.post(address, [], format="json").status_code == 400
    assert slo.measurements.count() == 21
    evaluate_due(now=now + timedelta(seconds=1))
    state = client.get(f"{LIST}{slo.pk}/").json()["state"]
    assert (state["good"], state["bad"], state["status"]) == (16, 10, "bad")


def test_the_list_is_narrowed_and_sorted(client: APIClient, cast: Cast, slo: ServiceLevelObjective) -> None:
    other = create_slo(
        actor=None, port=make.make_port(), kind="availability", target=0.9, criticality="critical"
    )
    create_slo(
        actor=None,
        port=make.make_port(make.make_product(visibility="private")),
        kind="availability",
        target=0.9,
    )

    def found(query: str) -> list[int]:
        answer = client.get(f"{LIST}{query}")
        assert answer.status_code == 200, answer.json()
        return [item["id"] for item in answer.json()["results"]]

    assert set(found("")) == {slo.pk, other.pk}
    assert found("?mine=true") == [slo.pk]
    assert found("?criticality=critical") == [other.pk]
    assert found("?domain=listening") == [slo.pk]
    assert found("?product=listening/play-events&q=deliv") == [slo.pk]
    assert found("?state=good") == []
    assert set(found("?state=unknown&sort=-budget")) == {slo.pk, other.pk}
    assert found("?ended=true") == []
    assert client.get(f"{LIST}?state=red").status_code == 400
