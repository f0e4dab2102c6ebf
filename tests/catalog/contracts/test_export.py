"""Documents out: equal to what came in, or changed exactly where somebody edited."""

import json
from copy import deepcopy
from io import StringIO
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.test import Client

from catalog.common.documents import read_document
from catalog.common.errors import Invalid
from catalog.contracts import detect, validation
from catalog.contracts.export import export_contract, export_product, find_version, with_spec
from catalog.contracts.models import DataContract
from catalog.contracts.services import import_document
from catalog.products import services as products
from catalog.products.models import DataProduct, Stewardship
from tests import factories as make
from tests.catalog.contracts.documents import as_yaml, contract, product
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def bring(data: dict[str, Any]) -> None:
    assert import_document(actor=None, raw=as_yaml(data)).status in ("imported", "warned")


def exported() -> dict[str, Any]:
    return export_product(DataProduct.objects.get(slug="sessions")).data


def rich() -> dict[str, Any]:
    """A descriptor with much the portal has no model for."""
    data = product(
        tenant="${TENANT}",
        unknownMember={"deep": [1, None, "2026-01-02"]},
        customProperties=[{"property": "costCentre", "value": 7}, {"property": "region", "value": "eu"}],
        authoritativeDefinitions=[{"type": "wiki", "url": "https://wiki.example.com/sessions", "id": "w1"}],
        managementPorts=[{"name": "d", "content": "discoverability", "tags": []}],
    )
    data["outputPorts"][0]["sbom"] = [{"url": "https://example.com/sbom", "type": "external"}]
    data["team"]["members"].append({"username": "nobody.known", "role": "engineer", "dateIn": "2026-01-01"})
    return data


@pytest.mark.parametrize("order", ["contract first", "product first"])
def test_unedited_product_equals_its_import(cast: Cast, order: str) -> None:
    documents = [contract(), rich()]
    for data in documents if order == "contract first" else reversed(documents):
        bring(data)
    assert exported() == rich()
    assert yaml.safe_load(export_product(DataProduct.objects.get(slug="sessions")).text) == rich()


def test_edit_changes_exactly_what_was_edited(cast: Cast) -> None:
    bring(rich())
    bring(contract())
    made = DataProduct.objects.get(slug="sessions")
    port = made.output_ports.get()
    products.edit_product(
        actor=None, product=made, name="Listening sessions", purpose="Plays without a pause.", tags=["plays", "web"],
        region="us", links=[{"label": "Wiki", "url": "https://wiki.example.com/sessions"},
                            {"label": "Runbook", "url": "https://run.example.com"}],
    )  # fmt: skip
    products.edit_port(actor=None, port=port, description="One row a pause.", format="parquet")
    steward = Stewardship.Role.STEWARD
    products.set_stewards(actor=None, product=made, role=steward, users=[cast.steward])
    wanted = deepcopy(rich())
    wanted["name"] = "Listening sessions"
    wanted["description"]["purpose"] = "Plays without a pause."
    wanted["tags"] = ["plays", "web"]
    wanted["customProperties"][1]["value"] = "us"
    wanted["authoritativeDefinitions"].append(
        {"type": "other", "url": "https://run.example.com", "description": "Runbook"}
    )
    wanted["outputPorts"][0]["description"] = "One row a pause."
    wanted["outputPorts"][0]["customProperties"] = [{"property": "format", "value": "parquet"}]
    wanted["team"]["members"].append({"username": "steward", "role": "steward"})
    assert exported() == wanted
    identity = detect.identify(wanted)
    assert not [p for p in validation.validate(wanted, identity) if p.severity == "error"]


def test_edit_that_an_import_left_alone_is_still_exported(cast: Cast) -> None:
    bring(rich())
    made = DataProduct.objects.get(slug="sessions")
    products.edit_product(actor=None, product=made, purpose="Edited here.")
    for purpose in ("Plays in a row.", "The document says something new."):
        newer = rich() | {"tenant": purpose}
        newer["description"] = {**newer["description"], "purpose": purpose}
        bring(newer)
        assert exported() == {**newer, "description": {**newer["description"], "purpose": "Edited here."}}


def test_ports_added_renamed_and_removed(cast: Cast) -> None:
    bring(rich() | {"status": "draft"})
    made = DataProduct.objects.get(slug="sessions")
    port = made.output_ports.get()
    products.edit_port(actor=None, port=port, name="visits")
    products.create_port(actor=None, product=made, name="daily", kind="view")
    plays = make.make_port(cast.play_events, "plays")
    products.add_input_port(actor=None, product=made, name="more plays", version="2.0.0", upstream_port=plays)
    products.remove_input_port(actor=None, input_port=made.input_ports.get(name="plays"))
    found = exported()
    first, second = found["outputPorts"]
    assert first == {**rich()["outputPorts"][0], "name": "visits"}
    assert (second["name"], second["version"], second["type"]) == ("daily", "1.0.0", "view")
    assert [item["name"] for item in found["inputPorts"]] == ["more plays"]
    assert not [p for p in validation.validate(found, detect.identify(found)) if p.severity == "error"]


def test_product_made_here_is_written_and_reads_back(cast: Cast) -> None:
    products.edit_product(actor=None, product=cast.play_events, purpose="Who played what.", tags=["a"])
    made = export_product(cast.play_events).data
    assert validation.validate(made, detect.identify(made)) == []
    assert (made["name"], made["domain"], made["tags"]) == ("Play events", "listening", ["a"])
    assert made["description"] == {"purpose": "Who played what."}


def test_contract_keeps_variables_comments_and_unknown_members(cast: Cast) -> None:
    raw = b"# a comment\n" + as_yaml(
        contract(id="urn:a:b/c", servers=[], tenant="${TENANT}", more={"x": None})
    )
    import_document(actor=None, raw=raw)
    version = find_version(DataContract.objects.get(), "1.0.0")
    assert export_contract(version).text.encode() == raw
    out = StringIO()
    call_command("export_document", "contract", "urn:a:b/c", "--version", "1.0.0", stdout=out)
    assert out.getvalue().encode() == raw


def test_other_version_of_the_standard_only_where_it_can_say_all(cast: Cast) -> None:
    assert with_spec(contract(), "3.2.0") == contract(apiVersion="v3.2.0")
    newer = contract()
    newer["schema"][0]["relationships"] = [{"from": "sessions.user_id", "to": "sessions.session_id"}]
    with pytest.raises(Invalid) as caught:
        with_spec(newer, "3.0.0")
    assert caught.value.problems
    with pytest.raises(CommandError, match="There is no contract"):
        call_command("export_document", "contract", "nothing")


def test_command_and_api_write_the_version_of_the_standard_that_is_asked_for(cast: Cast) -> None:
    bring(contract())
    out = StringIO()
    call_command(
        "export_document", "contract", contract()["id"], "--as", "odcs", "--spec", "3.2.0", stdout=out
    )
    wanted = contract(apiVersion="v3.2.0")
    assert yaml.safe_load(out.getvalue()) == wanted
    assert validation.validate(wanted, detect.identify(wanted)) == []
    client = Client()
    client.force_login(cast.admin)
    url = f"/api/v1/contracts/{contract()['id']}/versions/latest/document/"
    answer = client.get(f"{url}?spec=3.2.0", headers={"Accept": "application/json"})
    assert answer.json() == wanted
    assert client.get(f"{url}?spec=9.0.0").status_code == 400


def test_api_tells_what_a_kept_version_changed(cast: Cast) -> None:
    bring(contract(id="urn:a:b/c:d"))
    bring(contract(id="urn:a:b/c:d", version="1.1.0", description={"purpose": "Another."}))
    DataContract.objects.update(product=cast.play_events)
    url = "/api/v1/contracts/urn:a:b/c:d/versions/latest/difference/"
    client = Client()
    client.force_login(cast.consumer)
    found = client.get(url).json()
    assert (found["before"], found["after"]) == ("1.0.0", "1.1.0")
    assert [change["path"] for change in found["neutral"]] == ["description.purpose"]
    assert not found["breaking"]
    back = client.get(url.replace("latest", "1.0.0"), {"before": "1.1.0"}).json()
    assert (back["before"], back["after"]) == ("1.1.0", "1.0.0")
    assert client.get(url.replace("latest", "1.0.0")).status_code == 404  # nothing came before
    assert client.get(url, {"before": "7"}).status_code == 404
    DataContract.objects.update(product=None)
    assert client.get(url).status_code == 404


def test_api_gives_the_document_by_negotiation_to_those_who_see_it(cast: Cast) -> None:
    bring(contract(id="urn:a:b/c:d"))
    DataContract.objects.update(product=cast.play_events)
    url = "/api/v1/contracts/urn:a:b/c:d/versions/1.0.0/document/"
    client = Client()
    client.force_login(cast.consumer)
    for accept, read in (("application/json", json.loads), ("*/*", lambda raw: read_document(raw).data)):
        response = client.get(url, headers={"Accept": accept})
        assert response.status_code == 200
        assert read(response.content) == contract(id="urn:a:b/c:d")
    assert client.get(url.replace("1.0.0", "9")).status_code == 404
    DataContract.objects.update(product=None)
    assert client.get(url).status_code == 404
    client.force_login(cast.admin)
    assert client.get(url).status_code == 200
