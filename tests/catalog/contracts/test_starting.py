"""Templates of contracts, drafts on top of them, and the start of a port's contract."""

from typing import Any

import pytest
from django.test import Client

from catalog.audit.models import AuditEvent
from catalog.common.documents import read_document
from catalog.common.errors import Conflict, Invalid, NotAllowed, StaleRevision
from catalog.contracts.drafting import IDENTITY, with_template
from catalog.contracts.emit import to_yaml
from catalog.contracts.models import ContractTemplate, DataContract, PortContract
from catalog.contracts.services import import_document
from catalog.contracts.services.importing import judge
from catalog.contracts.services.starting import drafted, start_contract
from catalog.contracts.services.templates import remove_template, save_template
from catalog.contracts.templates import BUILT_IN, offered_templates, template_named
from catalog.products.models import OutputPort
from tests import factories as make
from tests.catalog.contracts.documents import as_yaml, contract, product
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
TEXT = "slaProperties:\n- property: latency\n  value: 2\n  unit: h\n"


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    """A port of Play events that a crawl has seen, under no contract."""
    store = make.make_connection(team=cast.listening_team)
    asset = make.make_asset(store, "main.plays")
    make.make_schema(asset, {"play_id": "string", "played_at": "timestamp"})
    return make.make_port(cast.play_events, "plays", connection=store, asset=asset)


def raw_of(port: OutputPort, **changes: Any) -> bytes:
    return to_yaml({**drafted(port), **changes}).encode()


@pytest.mark.parametrize("template", BUILT_IN, ids=lambda item: item.slug)
def test_contract_from_a_built_in_template_is_valid_and_keeps_what_was_observed(
    port: OutputPort, template: Any
) -> None:
    data = drafted(port, template)
    reading = judge(to_yaml(data).encode())
    assert [problem for problem in reading.problems if problem.severity == "error"] == []
    assert [item["name"] for item in data["schema"][0]["properties"]] == ["play_id", "played_at"]
    assert data["slaProperties"] == template.data["slaProperties"]
    assert (data["id"], data["status"]) == ("urn:mesh:listening:play-events:plays", "draft")


def test_identity_and_fields_are_never_the_templates(port: OutputPort) -> None:
    greedy = {"id": "x", "version": "9.0.0", "status": "active", "team": {"name": "a"},
              "schema": [{"name": "x", "properties": [{"name": "x"}], "tags": ["t"]}]}  # fmt: skip
    bare = drafted(port)
    made = with_template(bare, greedy)
    assert {name: made.get(name) for name in IDENTITY} == {name: bare.get(name) for name in IDENTITY}
    assert made["team"] == {"name": "a"}
    assert made["schema"] == [{**bare["schema"][0], "tags": ["t"]}]


def test_governance_keeps_templates_and_a_built_in_one_comes_back(cast: Cast) -> None:
    governor = make.make_user("governor")
    make.make_membership(governor, "governance", None)
    for person in (cast.owner, cast.steward):
        with pytest.raises(NotAllowed):
            save_template(actor=person, slug="own", name="Own", text=TEXT)
    save_template(actor=governor, slug="own", name="Own", text=TEXT)
    save_template(actor=governor, slug="batch-table", name="Table of ours", text=TEXT, expected_revision=0)
    assert {"Own", "Table of ours"} <= {item.name for item in offered_templates()}
    with pytest.raises(StaleRevision):
        save_template(actor=governor, slug="own", name="Other", text=TEXT, expected_revision=7)
    save_template(actor=governor, slug="own", name="Own", text=TEXT, is_offered=False)
    assert "own" not in {item.slug for item in offered_templates()}
    remove_template(actor=governor, slug="batch-table")
    found = template_named("batch-table")
    assert found is not None
    assert (found.name, found.revision) == ("Table, loaded daily", 0)
    with pytest.raises(Conflict):
        remove_template(actor=governor, slug="batch-table")
    verbs = AuditEvent.objects.filter(object_kind="contract_template").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "contract_template.created", "contract_template.created", "contract_template.edited",
        "contract_template.deleted",
    ]  # fmt: skip
    assert ContractTemplate.history.filter(slug="own").count() == 2


@pytest.mark.parametrize(
    "text", ["- a list", "a: [", "slaProperties: 5", "slaProperties:\n- value: 1\n", "&a [*a]"]
)
def test_text_no_contract_can_be_started_from_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        save_template(actor=None, slug="own", name="Own", text=text)
    assert not ContractTemplate.objects.exists()


def test_started_contract_is_tied_to_its_port(cast: Cast, port: OutputPort) -> None:
    version = start_contract(actor=cast.owner, port=port, raw=raw_of(port))
    joint = PortContract.objects.get(port=port)
    assert (joint.version, joint.contract_key) == (version, "urn:mesh:listening:play-events:plays")
    assert version.contract.product == cast.play_events
    port.refresh_from_db()
    assert port.declared_schema is not None
    assert AuditEvent.objects.filter(verb="contract.started", product_id=cast.play_events.pk).count() == 1
    with pytest.raises(Conflict, match="under a contract already"):
        start_contract(actor=cast.owner, port=port, raw=raw_of(port, id="urn:other"))


def test_started_contract_outlives_descriptors_that_say_nothing_new(cast: Cast) -> None:
    plain = [{"name": "sessions", "version": "1.0.0", "type": "table"}]
    awaited = [{**plain[0], "contractId": "urn:awaited"}]
    for slug, before in (("plain", plain), ("awaited", awaited)):
        names = {"id": f"urn:{slug}", "name": slug, "inputPorts": [], "outputPorts": before}
        assert import_document(actor=cast.owner, raw=as_yaml(product(**names))).status == "imported"
        port = OutputPort.objects.get(product__slug=slug)
        version = start_contract(actor=cast.owner, port=port, raw=as_yaml(contract(id=f"urn:started:{slug}")))
        again = product(**names, version="1.2.1", tags=["other"])
        assert import_document(actor=cast.owner, raw=as_yaml(again)).status == "imported"
        assert PortContract.objects.get(port=port).version == version
        other = [{**plain[0], "contractId": "urn:other"}]
        named = product(**{**names, "outputPorts": other}, version="1.2.2")
        result = import_document(actor=cast.owner, raw=as_yaml(named))
        assert (result.status, result.problems[-1].rule) == ("warned", "edited-by-hand")
        assert PortContract.objects.get(port=port).version == version


def test_nothing_is_left_of_a_start_that_is_refused(cast: Cast, port: OutputPort) -> None:
    with pytest.raises(NotAllowed):
        start_contract(actor=cast.steward, port=port, raw=raw_of(port))
    for raw in (b"just words", raw_of(port, id=""), raw_of(port, slaProperties=3)):
        with pytest.raises(Invalid):
            start_contract(actor=cast.owner, port=port, raw=raw)
    other = make.make_port(cast.play_events, "other")
    start_contract(actor=cast.owner, port=other, raw=raw_of(other))
    with pytest.raises(Conflict, match="already"):
        start_contract(actor=cast.owner, port=port, raw=raw_of(other))
    assert not PortContract.objects.filter(port=port).exists()
    assert DataContract.objects.count() == 1


def test_owner_starts_a_contract_on_the_page(cast: Cast, port: OutputPort) -> None:
    client = Client()
    client.force_login(cast.owner)
    address = "/products/listening/play-events/contract/draft/?port=plays/1.0.0&template=batch-table"
    page = client.get(address).content.decode()
    assert 'value="play_id"' in page
    key = "listening/play-events/plays/1.0.0"
    assert f'name="port" value="{key}"' in page
    text = to_yaml(drafted(port, template_named("batch-table")))
    checked = client.post("/contracts/check/", {"text": text, "port": key, "check": "1"}).content.decode()
    assert "Start the contract" in checked
    started = client.post("/contracts/check/", {"text": text, "port": key, "start": "1"})
    assert (started.status_code, started["Location"]) == (302, "/products/listening/play-events/contract/")
    again = client.post("/contracts/check/", {"text": text, "port": key, "start": "1"})
    assert again.status_code == 409
    assert client.get(f"{address}&port=none/1.0.0").status_code == 404
    assert client.get(address.replace("batch-table", "none")).status_code == 404


def test_api_drafts_and_starts(cast: Cast, port: OutputPort) -> None:
    client = Client()
    client.force_login(cast.owner)
    at = "/api/v1/products/listening/play-events/ports/plays/1.0.0/contract/"
    draft = client.get(f"{at}draft/?template=event-stream", headers={"Accept": "application/yaml"})
    assert draft["Content-Type"].startswith("application/yaml")
    data = read_document(draft.content).data
    assert data["slaProperties"][0]["value"] == 5
    assert client.get(f"{at}draft/?template=none").status_code == 400
    made = client.post(at, draft.content, content_type="application/yaml")
    assert (made.status_code, made.json()["contract"]) == (201, "urn:mesh:listening:play-events:plays")
    assert client.post(at, draft.content, content_type="application/yaml").status_code == 409
    assert client.post(at, b"words", content_type="application/yaml").status_code == 400


def test_api_keeps_templates(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.admin)
    at = "/api/v1/contracts/templates/"
    fields = {"slug": "own", "name": "Own", "text": TEXT}
    made = client.post(at, fields, content_type="application/json")
    assert (made.status_code, made.json()["revision"]) == (201, 1)
    assert client.post(at, fields, content_type="application/json").status_code == 409
    wrong = client.post(at, {**fields, "slug": "b", "text": "a: ["}, content_type="application/json")
    assert wrong.status_code == 400
    change = {"name": "Ours", "text": TEXT, "revision": 1}
    assert client.put(f"{at}own/", change, content_type="application/json").json()["name"] == "Ours"
    stale = {**change, "name": "Theirs"}
    assert client.put(f"{at}own/", stale, content_type="application/json").status_code == 409
    assert client.delete(f"{at}own/").status_code == 204
    assert client.get(f"{at}own/").status_code == 404
    assert {item["slug"] for item in client.get(at).json()["results"]} == {item.slug for item in BUILT_IN}


def test_pages_of_templates(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.admin)
    page = {"slug": "own", "name": "Own", "text": TEXT, "is_offered": "on"}
    assert client.post("/contracts/templates/new/", page).status_code == 302
    assert client.post("/contracts/templates/new/", page).status_code == 400
    edited = {"name": "Ours", "text": "a: [", "revision": "1"}
    assert client.post("/contracts/templates/own/", edited).status_code == 400
    assert client.post("/contracts/templates/own/", {**edited, "text": TEXT}).status_code == 302
    assert client.post("/contracts/templates/own/", {**edited, "text": TEXT, "name": "C"}).status_code == 409
    shown = client.get("/contracts/templates/").content.decode()
    assert "Ours" in shown
    assert "not offered" in shown
    client.force_login(cast.consumer)
    assert "Ours" not in client.get("/contracts/templates/").content.decode()
