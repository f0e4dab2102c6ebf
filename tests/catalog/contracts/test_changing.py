"""What breaks if I change this: checked, proposed, acknowledged, published; by page, API and command."""

import datetime as dt
import json
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.contracts import detect
from catalog.contracts.beside import made_for, version_beside
from catalog.contracts.checking import check_contract, notice_days
from catalog.contracts.drafting import draft_contract
from catalog.contracts.editing import sheet, with_form
from catalog.contracts.models import ChangeProposal, ContractVersion, DataContract, PortContract
from catalog.contracts.services import import_document
from catalog.contracts.services.publishing import acknowledge_change, propose_change, publish_change
from catalog.contracts.validation import validate
from catalog.products import reach
from catalog.products.models import OutputPort
from catalog.schemas.shape import FieldShape
from tests import factories as make
from tests.catalog.contracts.documents import as_yaml, contract, product
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 1)


@pytest.fixture
def plays(cast: Cast) -> OutputPort:
    """A port of Play events under a contract; Playback quality reads from it, a private product from that."""
    port = make.make_port(cast.play_events, "plays")
    PortContract.objects.create(port=port, contract_key="urn:example:sessions-contract")
    assert import_document(actor=None, raw=as_yaml(contract())).status == "imported"
    make.make_input_port(cast.playback_quality, port)
    further = make.make_port(cast.playback_quality, "quality")
    secret = make.make_product("Secret", visibility="private", domain=make.make_domain())
    make.make_input_port(secret, further)
    return port


def newer(version: str, **changes: Any) -> bytes:
    return as_yaml(contract(version=version, **changes))


def without_user() -> list[dict[str, Any]]:
    data = contract()
    data["schema"][0]["properties"].pop(1)
    return list(data["schema"])


def test_reach_goes_downstream_and_says_who_spoke(cast: Cast, plays: OutputPort) -> None:
    answer = reach.downstream_of(plays)
    assert [(item.product.name, item.steps) for item in answer.products] == [
        ("Playback quality", 1),
        ("Secret", 2),
    ]
    assert reach.DECLARED in answer.providers
    assert [item.product.name for item in reach.consumers_of(plays).products] == ["Playback quality"]


def test_check_counts_what_the_caller_may_not_see_only_for_those_in_charge(
    cast: Cast, plays: OutputPort
) -> None:
    raw = newer("2.0.0", schema=without_user())
    for user, names, hidden in (
        (cast.owner, ["Playback quality"], 1),
        (cast.consumer, ["Playback quality"], None),
        (None, ["Playback quality", "Secret"], 0),
    ):
        check = check_contract(user, raw, TODAY)
        assert [item.product.name for item in check.consumers] == names
        assert check.hidden == hidden
    assert check.found.is_breaking
    assert not check.version_problem
    assert check.earliest_at == TODAY + dt.timedelta(days=30)
    assert [step.due_at for step in check.plan] == [None, None, check.earliest_at, check.earliest_at]


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ({"customProperties": [{"property": "noticePeriod", "value": "P3M"}]}, 92),
        ({"customProperties": [{"property": "noticePeriod", "value": 14}]}, 14),
        ({"slaProperties": [{"property": "noticePeriod", "value": 2, "unit": "w"}]}, 14),
        ({}, 30),
    ],
)
def test_notice_period_is_read_where_contracts_state_it(said: dict[str, Any], days: int) -> None:
    assert notice_days(said) == days


def test_breaking_change_as_a_minor_version_is_refused(cast: Cast, plays: OutputPort) -> None:
    with pytest.raises(Invalid, match=r"Use 2\.0\.0"):
        propose_change(actor=cast.owner, raw=newer("1.1.0", schema=without_user()))
    with pytest.raises(Conflict):
        propose_change(actor=cast.owner, raw=newer("1.1.0"))
    with pytest.raises(NotAllowed):
        propose_change(actor=cast.consumer, raw=newer("2.0.0", schema=without_user()))
    assert not ChangeProposal.objects.exists()


def test_compatible_version_takes_effect_on_every_port(cast: Cast, plays: OutputPort) -> None:
    data = contract(version="1.1.0")
    data["schema"][0]["properties"].append({"name": "extra", "logicalType": "string"})
    proposal = propose_change(actor=cast.owner, raw=as_yaml(data))
    version = publish_change(actor=cast.owner, proposal=proposal)
    plays.refresh_from_db()
    assert plays.contract_in_force.version == version
    assert plays.declared_schema is not None
    assert plays.declared_schema.fields.filter(path="extra").exists()


def test_breaking_version_waits_for_consumers_then_stands_beside_the_old(
    cast: Cast, plays: OutputPort
) -> None:
    proposal = propose_change(actor=cast.owner, raw=newer("2.0.0", schema=without_user()))
    with pytest.raises(Conflict, match="1 consumer has not acknowledged"):
        publish_change(actor=cast.owner, proposal=proposal)
    with pytest.raises(NotAllowed):
        acknowledge_change(actor=cast.consumer, proposal=proposal, product=cast.playback_quality)
    acknowledge_change(actor=cast.admin, proposal=proposal, product=cast.playback_quality)
    version = publish_change(actor=cast.owner, proposal=proposal, sunset_at=dt.date(2030, 1, 1))
    plays.refresh_from_db()
    beside = cast.play_events.output_ports.get(name="plays", version="2.0.0")
    assert (plays.contract_in_force.version.version, plays.sunset_at) == ("1.0.0", dt.date(2030, 1, 1))
    assert beside.contract_in_force.version == version
    assert not beside.declared_schema.fields.filter(path="user_id").exists()
    event = AuditEvent.objects.get(verb="contract.published")
    assert (event.actor, event.detail["acknowledged"], event.detail["breaking"]) == (cast.owner, 1, 1)
    import_document(actor=None, raw=newer("2.0.1", schema=without_user()))
    plays.refresh_from_db()
    assert PortContract.objects.get(port=plays).version.version == "1.0.0"  # it stays under the old contract
    assert PortContract.objects.get(port=beside).version.version == "2.0.1"


def test_descriptor_leaves_a_port_under_the_version_it_is_offered_under(cast: Cast) -> None:
    assert import_document(actor=None, raw=as_yaml(contract())).status == "imported"
    assert import_document(actor=None, raw=as_yaml(product())).status == "imported"
    old = OutputPort.objects.get(product__slug="sessions", version="1.0.0")
    moved = [{"server": "lake", "type": "duckdb", "database": "lake.duckdb", "schema": "other"}]
    later = newer("2.0.0", schema=without_user(), servers=moved)
    proposal = propose_change(actor=cast.owner, raw=later)
    version = publish_change(actor=cast.owner, proposal=proposal)
    raw = as_yaml(product(version="1.2.1", tags=["plays", "more"]))
    assert import_document(actor=cast.owner, raw=raw).status == "imported"
    assert PortContract.objects.get(port=old).version.version == "1.0.0"
    before = old.location
    old.refresh_from_db()
    assert old.location == before
    assert old.declared_schema.fields.filter(path="user_id").exists()
    beside = PortContract.objects.get(port__product__slug="sessions", port__version="2.0.0")
    assert beside.version == version
    assert beside.port.location != before


def test_override_needs_a_reason_which_is_recorded(cast: Cast, plays: OutputPort) -> None:
    proposal = propose_change(actor=cast.owner, raw=newer("2.0.0", schema=without_user()))
    with pytest.raises(Conflict):
        publish_change(actor=cast.owner, proposal=proposal, override_reason="  ")
    publish_change(actor=cast.owner, proposal=proposal, override_reason="The law asks for it.")
    assert (
        AuditEvent.objects.get(verb="contract.published").detail["override_reason"] == "The law asks for it."
    )
    with pytest.raises(Conflict):
        publish_change(actor=cast.owner, proposal=proposal)


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (newer("1.0.1", tags=["x"]), 0),
        (newer("2.0.0", schema=without_user()), 1),
        (newer("1.0.1", schema=without_user()), 1),
        (as_yaml(contract(id="")), 2),
        (b"just words", 2),
        (as_yaml(contract(id="urn:new")), 0),
    ],
)
def test_command_is_a_gate_with_exit_codes_and_junit(
    plays: OutputPort, tmp_path: Path, document: bytes, status: int
) -> None:
    file, report = tmp_path / "c.yaml", tmp_path / "report.xml"
    file.write_bytes(document)
    out = StringIO()
    try:
        call_command("check_contract", str(file), "--junit", str(report), "--format", "json", stdout=out)
        code = 0
    except SystemExit as end:
        code = int(str(end.code))
    assert code == status
    assert json.loads(out.getvalue())["ok"] is (status == 0)
    suite = ElementTree.parse(report).getroot()  # noqa: S314  # our own report
    assert (int(suite.attrib["failures"]) > 0) is (status != 0)


def test_api_tells_the_same_and_nothing_of_hidden_contracts(cast: Cast, plays: OutputPort) -> None:
    client = Client()
    client.force_login(cast.consumer)

    def ask(raw: bytes) -> Any:
        return client.post("/api/v1/contracts/check/", raw, content_type="application/yaml")

    answer = ask(newer("1.1.0", schema=without_user()))
    assert answer.status_code == 200
    body = answer.json()
    assert (body["ok"], body["bump"], body["suggested_version"]) == (False, "major", "2.0.0")
    assert [item["product"] for item in body["consumers"]] == [cast.playback_quality.key]
    assert "Secret" not in answer.content.decode()
    assert ask(b"nothing: known").status_code == 400
    cast.play_events.visibility = "private"
    cast.play_events.save()
    assert ask(newer("1.1.0", schema=without_user())).json()["base_version"] is None


def test_pages_lead_from_editing_to_publishing_without_scripts(cast: Cast, plays: OutputPort) -> None:
    client = Client()
    client.force_login(cast.owner)
    key = "urn:example:sessions-contract"
    page = client.get(f"/contracts/check/?contract={key}&view=form")
    assert 'value="session_id"' in page.content.decode()
    typed = {
        "text": as_yaml(contract()).decode(), "is_form": "1", "object": "0", "version": "1.1.0", "field-1-name": "",
        "check": "1",
    }  # fmt: skip
    page = client.post("/contracts/check/", typed)
    assert "sessions.user_id was removed." in page.content.decode()
    assert "Use 2.0.0" in page.content.decode()
    raw = newer("2.0.0", schema=without_user()).decode()
    page = client.post("/contracts/check/", {"text": raw, "propose": "1", "note": "Too personal."})
    assert page.status_code == 302
    assert client.post(page["Location"], {"publish": "1"}).status_code == 409
    assert client.post(page["Location"], {"publish": "1", "override_reason": "Law."}).status_code == 302
    assert "Published without every acknowledgement" in client.get(page["Location"]).content.decode()
    document = f"contract-{DataContract.objects.get().pk}"
    shown = client.get(
        f"/products/listening/play-events/contract/difference/?document={document}"
    ).content.decode()
    assert "sessions.user_id was removed." in shown
    assert ContractVersion.objects.count() == 2


def test_form_changes_only_what_was_typed() -> None:
    data = contract(description={"purpose": "P", "more": "kept"}, odd={"x": 1})
    rows = sheet(data)
    posted = {"object": "0", **rows.head, **rows.terms}
    for row in (*rows.fields, *rows.levels, *rows.checks):
        posted |= {f"{row.key}-{name}": value for name, value in row.values.items()}
        posted |= {f"{row.key}-{name}": "on" for name, is_set in row.flags.items() if is_set}
    assert with_form(data, posted) == data
    posted |= {
        "field-1-name": "listener",
        "field-4-name": "extra",
        "level-0-value": "8",
        "usage": "All.",
        "field-3-name": "",
    }
    made = with_form(data, posted)
    names = [item["name"] for item in made["schema"][0]["properties"]]
    assert names == ["session_id", "listener", "device", "extra"]
    assert (made["slaProperties"][0]["value"], made["odd"]) == (8, {"x": 1})
    assert made["description"] == {"purpose": "P", "more": "kept", "usage": "All."}


def test_drafted_contract_is_valid_and_nested(cast: Cast) -> None:
    shapes = [
        FieldShape("id", "string", "VARCHAR", False, 1, True), FieldShape("device", "object"),
        FieldShape("device.os", "string"), FieldShape("items", "array"),
        FieldShape("items[].sku", "string", comment="c"),
    ]  # fmt: skip
    made = draft_contract(key="urn:x", name="X", table="t", domain="d", product="P", fields=shapes)
    assert validate(made, detect.identify(made)) == []
    first, device, items = made["schema"][0]["properties"]
    assert (first["primaryKey"], device["properties"][0]["name"]) == (True, "os")
    assert items["items"]["properties"][0]["description"] == "c"
    asset = make.make_asset(name="db.plays")
    make.make_schema(asset, {"play_id": "string"})
    make.make_port(cast.play_events, "seen", asset=asset, connection=asset.connection)
    client = Client()
    client.force_login(cast.owner)
    assert 'value="play_id"' in client.get("/products/listening/play-events/contract/draft/").content.decode()


@pytest.mark.parametrize(
    ("versions", "contract_version", "expected"),
    [
        (["1.0.0"], "2.0.0", "2.0.0"),
        (["2.0.0"], "2.0.0", "3.0.0"),  # the port's own numbers ran ahead of its contract's
        (["1.0.0", "3.1.0"], "2.0.0", "4.0.0"),
    ],
)
def test_port_beside_is_newer_than_every_version_of_the_port(
    cast: Cast, versions: list[str], contract_version: str, expected: str
) -> None:
    ports = [make.make_port(cast.play_events, "plays", version=version) for version in versions]
    for number, port in enumerate(ports):
        PortContract.objects.create(port=port, contract_key=f"urn:example:{number}")
    assert version_beside(ports[0], contract_version) == expected
    waiting = make.make_port(cast.play_events, "plays", version="2.5.0")
    assert version_beside(ports[0], "2.5.0") == "2.5.0"
    assert made_for(ports[0], "2.5.0") == waiting


def test_breaking_version_never_replaces_what_the_port_is_offered_under(cast: Cast) -> None:
    port = make.make_port(cast.play_events, "plays", version="2.0.0")
    PortContract.objects.create(port=port, contract_key="urn:example:sessions-contract")
    import_document(actor=None, raw=as_yaml(contract()))
    proposal = propose_change(actor=cast.owner, raw=newer("2.0.0", schema=without_user()))
    publish_change(actor=cast.owner, proposal=proposal)
    port.refresh_from_db()
    assert port.contract_in_force.version.version == "1.0.0"
    assert port.sunset_at is not None
    beside = OutputPort.objects.get(product=cast.play_events, name="plays", version="3.0.0")
    assert beside.contract_in_force.version.version == "2.0.0"
    assert beside.sunset_at is None


def test_gate_names_the_port_beside_and_the_earliest_sunset(cast: Cast, plays: OutputPort) -> None:
    check = check_contract(cast.owner, newer("2.0.0", schema=without_user()), TODAY)
    [beside] = check.as_dict()["beside"]
    assert beside == {
        "port": "listening/play-events/plays/1.0.0",
        "beside": "listening/play-events/plays/2.0.0",
        "sunset_at": (TODAY + dt.timedelta(days=check.notice_days)).isoformat(),
    }
    assert check_contract(cast.owner, newer("1.0.1", tags=["x"]), TODAY).beside == ()


def test_sunset_before_the_notice_is_over_needs_a_reason_and_is_never_past(
    cast: Cast, plays: OutputPort
) -> None:
    proposal = propose_change(actor=cast.owner, raw=newer("2.0.0", schema=without_user()))
    acknowledge_change(actor=cast.admin, proposal=proposal, product=cast.playback_quality)
    today = timezone.localdate()
    with pytest.raises(Invalid, match="past already"):
        publish_change(actor=cast.owner, proposal=proposal, sunset_at=today - dt.timedelta(days=1))
    soon = today + dt.timedelta(days=2)
    with pytest.raises(Conflict, match="days of notice"):
        publish_change(actor=cast.owner, proposal=proposal, sunset_at=soon)
    publish_change(actor=cast.owner, proposal=proposal, sunset_at=soon, override_reason="The store goes.")
    plays.refresh_from_db()
    assert plays.sunset_at == soon
    assert ChangeProposal.objects.get().override_reason == "The store goes."


def test_api_stops_a_breaking_version_until_it_is_acknowledged(cast: Cast, plays: OutputPort) -> None:
    owner, steward = Client(), Client()
    owner.force_login(cast.owner)
    steward.force_login(cast.steward)
    raw = newer("2.0.0", schema=without_user())
    made = owner.post("/api/v1/contracts/proposals/?note=Law", raw, content_type="application/yaml")
    assert made.status_code == 201
    body = made.json()
    assert (body["note"], body["waiting_for"]) == ("Law", ["playback/playback-quality"])
    assert body["check"]["beside"][0]["port"] == "listening/play-events/plays/1.0.0"
    at = f"/api/v1/contracts/proposals/{body['id']}/"
    stopped = owner.post(f"{at}publication/", {}, content_type="application/json")
    assert stopped.status_code == 409
    assert stopped.json()["problems"][0]["message"] == "playback/playback-quality has not acknowledged it."
    assert ContractVersion.objects.count() == 1
    consumer = {"product": "playback/playback-quality"}
    assert owner.post(f"{at}acknowledgements/", consumer, content_type="application/json").status_code == 403
    done = steward.post(f"{at}acknowledgements/", consumer, content_type="application/json").json()
    assert (done["waiting_for"], done["acknowledgements"][0]["user"]) == ([], "steward")
    assert steward.post(f"{at}publication/", {}, content_type="application/json").status_code == 403
    published = owner.post(f"{at}publication/", {}, content_type="application/json").json()
    assert (published["standing"], published["check"]) == ("published", None)
    assert published["sunset_at"] is not None
    assert owner.post(f"{at}withdrawal/", {}, content_type="application/json").status_code == 409
    listed = owner.get("/api/v1/contracts/proposals/?standing=published").json()
    assert [item["id"] for item in listed["results"]] == [body["id"]]
    assert owner.get("/api/v1/contracts/proposals/?standing=lost").status_code == 400


def test_refusal_names_no_consumer_the_owner_may_not_see(cast: Cast, plays: OutputPort) -> None:
    make.make_input_port(
        make.make_product("Hidden reader", visibility="private", domain=make.make_domain()), plays
    )
    proposal = propose_change(actor=cast.owner, raw=newer("2.0.0", schema=without_user()))
    with pytest.raises(Conflict, match="2 consumers have not") as refused:
        publish_change(actor=cast.owner, proposal=proposal)
    assert [problem.message for problem in refused.value.problems] == [
        "playback/playback-quality has not acknowledged it."
    ]
