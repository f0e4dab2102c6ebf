"""The addresses that the command lines of others call, and the gate a new version of a contract passes."""

import json
from typing import Any

import pytest
from django.test import Client

from catalog.accounts.models import User
from catalog.accounts.services import create_token
from catalog.audit.models import AuditEvent
from catalog.contracts.models import ContractVersion, DataContract, PortContract
from catalog.contracts.services import import_document
from catalog.contracts.services.publishing import acknowledge_change, propose_change
from catalog.products.models import DataProduct, OutputPort
from tests import factories as make
from tests.catalog.contracts.documents import as_yaml, contract, product
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
KEY = "urn:example:sessions-contract"
IDS = (KEY, "https://contracts.example.com/sessions/v1", "plain", "with blank ünd")


def caller(person: User) -> Client:
    """A client that says who it is as these command lines do."""
    _, secret = create_token(actor=person, person=person, name="ci", days=1, scopes=["read", "write"])
    return Client(headers={"x-api-key": secret})


def put(client: Client, data: dict[str, Any], kind: str = "datacontracts", key: str = "") -> Any:
    return client.put(f"/api/{kind}/{key or data['id']}", json.dumps(data), content_type="application/json")


def without_user() -> list[dict[str, Any]]:
    data = contract()
    data["schema"][0]["properties"].pop(1)
    return list(data["schema"])


@pytest.fixture
def plays(cast: Cast) -> OutputPort:
    """A port of Play events under the contract; Playback quality reads from it."""
    port = make.make_port(cast.play_events, "plays")
    PortContract.objects.create(port=port, contract_key=KEY)
    assert import_document(actor=None, raw=as_yaml(contract())).status == "imported"
    make.make_input_port(cast.playback_quality, port)
    return port


@pytest.mark.parametrize("key", IDS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_contract_is_put_and_read_under_its_id_whatever_it_holds(cast: Cast, key: str, slash: str) -> None:
    client, data = caller(cast.owner), contract(id=key, tags=["kept"])
    answer = put(client, data, key=key + slash)
    assert (answer.status_code, answer.json()["status"]) == (200, "imported")
    again = put(client, data, key=key + slash)
    assert (again.status_code, again.json()["status"]) == (200, "unchanged")
    for address in (key, key + slash, key.replace("/", "%2F").replace(":", "%3A")):
        read = client.get(f"/api/datacontracts/{address}")
        assert (read.status_code, read.json()) == (200, data)
    assert ContractVersion.objects.filter(contract__key=key).count() == 1


def test_contract_is_given_as_yaml_to_those_who_ask(cast: Cast) -> None:
    client = caller(cast.owner)
    put(client, contract())
    answer = client.get(f"/api/datacontracts/{KEY}", headers={"Accept": "application/yaml"})
    assert answer["Content-Type"].startswith("application/yaml")
    assert b"id: urn:example:sessions-contract" in answer.content


def test_contract_that_is_not_there_and_one_that_is_private_answer_alike(cast: Cast) -> None:
    secret = make.make_product("Secret", visibility="private", domain=make.make_domain())
    import_document(actor=None, raw=as_yaml(contract()))
    DataContract.objects.update(product=secret)
    client = caller(cast.owner)
    private, unknown = (client.get(f"/api/datacontracts/{key}") for key in (KEY, "nothing"))
    assert private.status_code == unknown.status_code == 404
    assert private.json()["detail"] == unknown.json()["detail"]
    assert put(client, contract(version="1.0.1")).status_code == 404
    assert ContractVersion.objects.count() == 1


def test_whoever_may_make_nothing_learns_of_no_id(cast: Cast) -> None:
    import_document(actor=None, raw=as_yaml(contract()))
    for data in (contract(), contract(id="urn:example:new")):
        assert put(caller(cast.consumer), data).status_code == 404
    assert put(caller(cast.consumer), product(), "dataproducts").status_code == 404
    assert put(Client(), contract()).status_code == 401


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", "$"),
        (b"{", "$"),
        (b"[1]", "$"),
        (b'{"kind": "Other"}', "$"),
        (as_yaml(contract(id="urn:example:other")), "$.id"),
        (as_yaml(product()), "$"),
        (as_yaml({**contract(), "schema": "none"}), "$.schema"),
        (b"\x1f\x8bdamaged", "$"),
    ],
)
def test_what_is_no_contract_of_this_id_is_refused_with_its_place(cast: Cast, body: bytes, path: str) -> None:
    client = caller(cast.owner)
    before = AuditEvent.objects.count()
    answer = client.put(f"/api/datacontracts/{KEY}", body, content_type="application/json")
    assert answer.status_code == 400
    assert path in {problem["path"] for problem in answer.json()["problems"]}
    assert not DataContract.objects.exists()
    assert AuditEvent.objects.count() == before


def test_breaking_change_is_no_minor_version(cast: Cast, plays: OutputPort) -> None:
    answer = put(caller(cast.owner), contract(version="1.1.0", schema=without_user()))
    assert answer.status_code == 400
    (problem,) = answer.json()["problems"]
    assert (problem["path"], problem["rule"]) == ("$.version", "semantic-version")
    assert "Use 2.0.0" in problem["message"]
    assert ContractVersion.objects.count() == 1


def test_changed_document_under_the_same_version_is_refused_and_the_next_one_taken(
    cast: Cast, plays: OutputPort
) -> None:
    client = caller(cast.owner)
    assert put(client, contract(name="Other")).status_code == 400
    assert put(client, contract(name="Other", version="1.0.1")).status_code == 200
    plays.contract_in_force.refresh_from_db()
    assert plays.contract_in_force.version is not None
    assert plays.contract_in_force.version.version == "1.0.1"


def test_breaking_version_waits_for_its_consumers_and_is_then_offered_beside(
    cast: Cast, plays: OutputPort
) -> None:
    data, client = contract(version="2.0.0", schema=without_user()), caller(cast.owner)
    refused = put(client, data)
    assert refused.status_code == 409
    assert "has not acknowledged" in refused.json()["detail"]
    assert not DataContract.objects.get(key=KEY).proposals.exists()
    proposal = propose_change(actor=cast.owner, raw=as_yaml(data))
    acknowledge_change(actor=cast.steward, proposal=proposal, product=cast.playback_quality)
    assert put(client, data).status_code == 200
    proposal.refresh_from_db()
    assert proposal.standing == "published"
    assert set(OutputPort.objects.filter(name="plays").values_list("version", flat=True)) == {
        "1.0.0",
        "2.0.0",
    }


def test_imports_of_people_are_held_to_the_gate_and_those_of_the_portal_are_warned(
    cast: Cast, plays: OutputPort
) -> None:
    small = as_yaml(contract(version="1.1.0", schema=without_user()))
    refused = import_document(actor=cast.owner, raw=small)
    assert (refused.status, refused.problems[-1].rule) == ("refused", "semantic-version")
    big = import_document(actor=cast.owner, raw=as_yaml(contract(version="2.0.0", schema=without_user())))
    assert (big.status, big.problems[-1].rule) == ("refused", "conflict")
    history = import_document(actor=None, raw=small)
    assert (history.status, history.problems[-1].rule) == ("warned", "semantic-version")


def test_draft_may_be_changed_freely(cast: Cast) -> None:
    client = caller(cast.owner)
    assert put(client, contract(status="draft")).status_code == 200
    assert put(client, contract(status="draft", schema=without_user())).status_code == 200


def test_another_contract_in_the_descriptor_is_no_way_around_consumers(cast: Cast) -> None:
    narrower = contract(id="urn:example:narrower", schema=without_user())
    for data in (contract(), narrower, product(inputPorts=[])):
        assert import_document(actor=cast.owner, raw=as_yaml(data)).status == "imported"
    port = OutputPort.objects.get(product__slug="sessions")
    reader = make.make_input_port(cast.playback_quality, port)
    offered = product()["outputPorts"][0]
    for number, key in enumerate(("urn:example:narrower", "urn:example:awaited", "")):
        moved = product(inputPorts=[], version=f"1.3.{number}", outputPorts=[{**offered, "contractId": key}])
        result = import_document(actor=cast.owner, raw=as_yaml(moved))
        assert (result.status, result.problems[-1].rule) == ("refused", "conflict")
        assert PortContract.objects.get(port=port).contract_key == KEY
    port.refresh_from_db()
    assert port.declared_schema.fields.filter(path="user_id").exists()
    reader.delete()  # nobody relies on it any more
    assert import_document(actor=cast.owner, raw=as_yaml(moved)).status == "imported"
    assert not PortContract.objects.filter(port=port).exists()


@pytest.mark.parametrize("status", ["draft", "proposed"])
def test_draft_is_no_way_around_consumers(cast: Cast, plays: OutputPort, status: str) -> None:
    def bring(version: str, **changes: Any) -> tuple[str, str]:
        result = import_document(actor=cast.owner, raw=as_yaml(contract(version=version, **changes)))
        return result.status, result.problems[-1].rule if result.problems else ""

    assert bring("1.0.1", status=status) == ("refused", "semantic-version")
    assert bring("2.0.0", status=status) == ("refused", "conflict")
    assert bring("1.0.2", schema=without_user()) == ("refused", "semantic-version")
    assert put(caller(cast.owner), contract(version="2.0.0", status=status)).status_code == 409
    assert PortContract.objects.get(port=plays).version.version == "1.0.0"


def test_product_is_put_under_its_id_and_its_page_named(cast: Cast) -> None:
    client, data = caller(cast.owner), product(id="urn:example:a/b", inputPorts=[])
    answer = put(client, data, "dataproducts")
    assert (answer.status_code, answer.json()["keys"]) == (200, ["listening/sessions"])
    assert answer["location-html"] == "http://testserver/products/listening/sessions/"
    assert put(client, data, "dataproducts", "urn:example:a/b/").json()["status"] == "unchanged"
    assert DataProduct.objects.get(slug="sessions").origin_key == "urn:example:a/b"
    assert put(caller(cast.steward), data, "dataproducts").status_code == 403


def test_product_others_may_not_see_answers_like_none(cast: Cast) -> None:
    import_document(actor=None, raw=as_yaml(product()))
    secret = DataProduct.objects.get(slug="sessions")
    secret.visibility, secret.team, secret.domain = "private", None, make.make_domain()
    secret.save()
    secret.stewardships.all().delete()
    assert put(caller(cast.owner), product(version="1.2.1"), "dataproducts").status_code == 404


def test_token_that_only_reads_publishes_nothing(cast: Cast) -> None:
    _, secret = create_token(actor=cast.owner, person=cast.owner, name="look", days=1, scopes=["read"])
    client = Client(headers={"x-api-key": secret})
    assert put(client, contract()).status_code == 403
    assert client.get("/api/datacontracts/nothing").status_code == 404
