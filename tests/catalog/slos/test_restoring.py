"""Bringing an older version of an objective back; OpenSLO in and out by API."""

from typing import Any

import pytest
import yaml
from django.test import Client
from django.utils import timezone

from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, NotAllowed, NotFound
from catalog.products.models import OutputPort
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.restoring import history_of, restore_slo
from catalog.slos.services import Given, create_slo, edit_slo, end_slo, record_measurements
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    return make.make_port(cast.play_events, "plays")


@pytest.fixture
def slo(cast: Cast, port: OutputPort) -> ServiceLevelObjective:
    return create_slo(
        actor=cast.owner, port=port, kind="custom", name="Delivered", target=0.9, at_most=30.0, unit="min"
    )


def test_older_version_comes_back_as_a_new_one_and_judges_what_was_measured(
    cast: Cast, slo: ServiceLevelObjective
) -> None:
    record_measurements(actor=None, slo=slo, measurements=[Given(timezone.now(), value=20.0)])
    slo.refresh_from_db()
    edited = edit_slo(actor=cast.owner, slo=slo, name="Faster", target=0.99, at_most=10.0)
    assert slo.measurements.get().bad == 1
    first = history_of(edited).last()
    restored = restore_slo(
        actor=cast.owner, slo=edited, history_id=first.history_id, expected_revision=edited.revision
    )
    assert (restored.name, restored.target, restored.at_most) == ("Delivered", 0.9, 30.0)
    assert slo.measurements.get().good == 1
    assert history_of(restored).count() == 3
    event = AuditEvent.objects.filter(verb="slo.edited").latest("pk")
    assert event.changes["target"] == [0.99, 0.9]
    assert event.detail["reason"].startswith("Restored the version of")


def test_withdrawn_objective_stays_withdrawn_and_the_kind_of_what_was_measured_stays(
    cast: Cast, slo: ServiceLevelObjective
) -> None:
    changed = edit_slo(actor=cast.owner, slo=slo, kind="quality", at_most=None, at_least=80.0, unit="")
    first = history_of(changed).last()
    ended = end_slo(actor=cast.owner, slo=changed)
    assert restore_slo(actor=cast.owner, slo=ended, history_id=first.history_id).ended_at is not None
    other = create_slo(actor=cast.owner, port=slo.port, kind="quality", target=0.9, at_least=80.0)
    before = history_of(other).first().history_id
    other = edit_slo(
        actor=cast.owner, slo=other, kind="custom", at_least=None, at_most=5.0, unit="min", name="Mine"
    )
    record_measurements(actor=None, slo=other, measurements=[Given(timezone.now(), value=2.0)])
    other.refresh_from_db()
    with pytest.raises(Conflict):
        restore_slo(actor=cast.owner, slo=other, history_id=before)


def test_only_own_versions_and_only_by_editors(cast: Cast, slo: ServiceLevelObjective) -> None:
    other = create_slo(actor=None, port=slo.port, kind="availability", target=0.9)
    with pytest.raises(NotFound):
        restore_slo(actor=cast.owner, slo=slo, history_id=history_of(other).first().history_id)
    with pytest.raises(NotAllowed):
        restore_slo(actor=cast.consumer, slo=slo, history_id=history_of(slo).first().history_id)


def test_history_is_read_and_restored_by_page_and_api(cast: Cast, slo: ServiceLevelObjective) -> None:
    edit_slo(actor=cast.owner, slo=slo, target=0.99)
    client = Client()
    client.force_login(cast.owner)
    shown = client.get(f"/slos/{slo.pk}/history/").content.decode()
    assert "Restore this version" in shown
    listed = client.get(f"/api/v1/slos/{slo.pk}/history/").json()["results"]
    assert [item["is_newest"] for item in listed] == [True, False]
    assert [change["name"] for change in listed[0]["changes"]] == ["target"]
    body, at = {"version": listed[1]["id"]}, f"/api/v1/slos/{slo.pk}/restoration/"
    assert client.post(at, body, content_type="application/json").status_code == 428
    done = client.post(at, body, content_type="application/json", headers={"If-Match": "*"})
    assert (done.status_code, done.json()["target"]) == (200, 0.9)
    form = {"version": listed[0]["id"], "revision": "1"}
    assert client.post(f"/slos/{slo.pk}/restore/", form).status_code == 409  # somebody was faster
    assert client.post(f"/slos/{slo.pk}/restore/", {**form, "revision": "3"}).status_code == 302
    assert client.post(f"/slos/{slo.pk}/restore/", {"version": "x"}).status_code == 404


def documents(key: str = "") -> list[dict[str, Any]]:
    metadata: dict[str, Any] = {"name": "delivered", "annotations": {"mesh-portal/port": key} if key else {}}
    indicator = {
        "metadata": {"name": "late"},
        "spec": {"thresholdMetric": {"metricSource": {"type": "prometheus", "spec": {}}}},
    }
    spec = {"service": "plays", "indicator": indicator, "timeWindow": [{"duration": "28d", "isRolling": True}],
            "budgetingMethod": "Occurrences", "objectives": [{"target": 0.95, "op": "lte", "value": 30}]}  # fmt: skip
    return [{"apiVersion": "openslo/v1", "kind": "SLO", "metadata": metadata, "spec": spec}]


def test_openslo_goes_in_and_out_by_api(cast: Cast, port: OutputPort) -> None:
    client = Client()
    client.force_login(cast.owner)
    key, at = "listening/play-events/plays/1.0.0", "/api/v1/slos/openslo/"

    def send(text: str, query: str = "") -> Any:
        return client.post(f"{at}{query}", text, content_type="application/yaml")

    raw = yaml.safe_dump_all(documents())
    assert send(raw).status_code == 400  # no port is named
    made = send(raw, f"?port={key}")
    assert (made.status_code, made.json()["results"][0]["status"]) == (200, "imported")
    assert send(raw, f"?port={key}").json()["results"][0]["status"] == "unchanged"
    out = client.get(f"{at}?product=listening/play-events")
    assert out["Content-Type"].startswith("application/yaml")
    [document] = yaml.safe_load_all(out.content)
    assert document["metadata"]["annotations"]["mesh-portal/port"] == key
    assert send(out.content.decode()).json()["results"][0]["status"] in ("unchanged", "imported", "changed")
    for wrong in ("just words", "a: [", "kind: SLO"):
        assert send(wrong).status_code == 400
    assert client.get(f"{at}?state=odd").status_code == 400
    assert client.get(f"{at}?page=2").status_code == 400
    client.force_login(cast.consumer)
    refused = send(yaml.safe_dump_all(documents(key)))
    assert (refused.status_code, refused.json()["results"][0]["status"]) == (400, "refused")
    client.force_login(cast.guest)
    assert client.get(at).content.strip() in (b"", b"[]")
