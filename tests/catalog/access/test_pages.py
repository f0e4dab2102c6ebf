"""Pages of access: what the form says before sending, what is kept, the inbox; lists cost the same for 5 and 50."""

import datetime as dt
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.access.models import AccessRequest, Agreement, ApprovalRule
from catalog.access.services.rules import set_terms
from catalog.contracts.models import PortContract
from catalog.contracts.services import import_document
from catalog.products.models import OutputPort
from catalog.vocabulary.models import Purpose
from tests import factories as make
from tests.catalog.access.asking import agreed, ask, stage_of
from tests.conftest import Cast

ASK = "/products/listening/play-events/ports/plays/1.0.0/access/request/"
TAB = "/products/listening/play-events/access/"


def form(person: Any, **fields: Any) -> dict[str, Any]:
    return {
        "consumer": f"person:{person.pk}",
        "purpose": "Counting plays.",
        "days": 30,
        "kind": "new",
        **fields,
    }


def test_the_form_says_who_decides_before_anything_is_sent(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    client.force_login(cast.consumer)
    text = client.get(ASK).content.decode()
    assert "Owner" in text
    assert "none was decided here" in text
    answer = client.post(ASK, form(cast.consumer, check="1"))
    assert answer.status_code == 200
    assert "Nothing is sent yet" in answer.content.decode()
    assert not AccessRequest.objects.exists()
    answer = client.post(ASK, form(cast.consumer))
    assert answer.status_code == 302
    text = client.get(answer["Location"]).content.decode()
    assert "waiting for a decision" in text
    assert "nothing agreed yet" in text


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    client.force_login(cast.consumer)
    for wrong in (
        {"days": "0"}, {"days": "-3"}, {"days": "1e9"}, {"days": "9" * 30}, {"ends_on": "2026-02-31"}, {"days": "NaN"},
        {"days": "", "ends_on": "0001-01-01"}, {"days": "", "ends_on": "9999-12-31"}, {"purpose": ""},
        {"consumer": "person:99999999999999999999"}, {"consumer": "team:1"}, {"consumer": "nobody"},
        {"kind": "release"}, {"kind": "\x00"}, {"purpose": "x" * 6_000},
    ):  # fmt: skip
        answer = client.post(ASK, form(cast.consumer, **wrong))
        assert answer.status_code == 400, wrong
    assert not AccessRequest.objects.exists()
    assert client.get(f"{ASK}?kind=nonsense").status_code == 404


def test_a_draft_is_kept_changed_sent_and_thrown_away(client: Client, cast: Cast, port: OutputPort) -> None:
    client.force_login(cast.consumer)
    client.post(ASK, form(cast.consumer, purpose="", draft="1"))
    draft = AccessRequest.objects.get()
    edit = f"/access/requests/{draft.pk}/edit/"
    assert client.post(edit, form(cast.consumer, purpose="Better words.")).status_code == 302
    draft.refresh_from_db()
    assert (draft.decision, draft.purpose) == ("submitted", "Better words.")
    assert client.get(edit).status_code == 302  # there is no draft any more
    assert client.post(f"/access/requests/{draft.pk}/withdraw/").status_code == 302
    client.post(ASK, form(cast.consumer, draft="1"))
    again = AccessRequest.objects.get(decision="draft")
    client.post(f"/access/requests/{again.pk}/edit/", {"discard": "1"})
    assert not AccessRequest.objects.filter(decision="draft").exists()


def test_the_terms_that_were_shown_are_accepted_and_kept(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    data = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "urn:plays", "version": "1.0.0", "status": "active",
            "roles": [{"role": "reader", "access": "read"}, {"role": "masked"}],
            "schema": [{"name": "plays", "properties": [{"name": "play_id", "logicalType": "string"}]}]}  # fmt: skip
    PortContract.objects.create(port=port, contract_key="urn:plays")
    import_document(actor=None, raw=json.dumps(data).encode())
    client.force_login(cast.consumer)
    digest = PortContract.objects.get().version.digest  # type: ignore[union-attr]
    assert digest in client.get(ASK).content.decode()
    asked = form(cast.consumer, mode="reader", digest=digest)
    assert client.post(ASK, asked).status_code == 400  # not ticked
    stale = client.post(ASK, {**asked, "digest": "0" * 64, "accepts_terms": "on"})
    assert stale.status_code == 400
    assert "changed while you were asking" in stale.content.decode()
    assert client.post(ASK, {**asked, "mode": "writer", "accepts_terms": "on"}).status_code == 400
    assert client.post(ASK, {**asked, "accepts_terms": "on"}).status_code == 302
    kept = AccessRequest.objects.get()
    assert (kept.contract_digest, kept.mode) == (digest, "reader")
    assert kept.contract_words.endswith("1.0.0")


def test_the_inbox_decides_many_and_says_what_it_could_not(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    other = make.make_port(cast.play_events, "stream")
    stages = [stage_of(ask(cast.consumer, item)) for item in (port, other)]
    foreign = stage_of(ask(cast.consumer, make.make_port(cast.playback_quality, "quality")))
    client.force_login(cast.owner)
    assert "Counting plays." in client.get("/inbox/").content.decode()
    picked = [stage.pk for stage in (*stages, foreign)]
    answer = client.post("/inbox/decide/", {"stage": picked, "outcome": "deny", "note": " "})
    assert answer.status_code == 400
    assert "needs a note" in answer.content.decode()
    assert client.post("/inbox/decide/", {"stage": ["x", "9" * 40], "outcome": "approve"}).status_code == 400
    assert client.post("/inbox/decide/", {"stage": picked, "outcome": "burn"}).status_code == 400
    answer = client.post(
        "/inbox/decide/", {"stage": picked, "outcome": "approve", "next": "//evil.example/"}, follow=True
    )
    assert answer.redirect_chain == [("/inbox/", 302)]
    text = answer.content.decode()
    assert "2 requests approved" in text
    assert "1 no longer wait for you" in text
    assert set(AccessRequest.objects.values_list("decision", flat=True)) == {"approved", "submitted"}


def test_the_page_of_an_agreement_offers_what_each_side_may_do(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    client.force_login(cast.owner)
    text = client.get(agreement.get_absolute_url()).content.decode()
    assert "agreed, not granted yet" in text
    assert "It is granted" in text
    assert "Give it back" not in text
    client.post(f"{agreement.get_absolute_url()}mark/", {"event": "succeed"})
    client.force_login(cast.consumer)
    text = client.get(agreement.get_absolute_url()).content.decode()
    assert "Use it" in text
    assert "Revoke" not in text
    assert client.post(f"{agreement.get_absolute_url()}mark/", {"event": "fail"}).status_code == 403
    assert (
        client.post(f"{agreement.get_absolute_url()}release/", {"ends_on": "1999-01-01"}).status_code == 400
    )
    assert client.post(f"{agreement.get_absolute_url()}release/", {"reason": "Done."}).status_code == 302
    agreement.refresh_from_db()
    assert agreement.provisioning == "removing"


def test_others_see_how_many_have_access_and_not_who(client: Client, cast: Cast, port: OutputPort) -> None:
    agreed(cast.consumer, port, cast.owner)
    client.force_login(cast.steward)
    text = client.get(TAB).content.decode()
    assert "Consumer</td>" not in text
    assert "of others, whom only the owners see" in text
    client.force_login(cast.owner)
    assert "agreed, not granted yet" in client.get(TAB).content.decode()


def test_terms_and_rules_are_edited_on_pages(client: Client, cast: Cast, port: OutputPort) -> None:
    client.force_login(cast.owner)
    terms = "/products/listening/play-events/ports/plays/1.0.0/access/terms/"
    fields = {
        "longest_days": 30,
        "notice_days": 7,
        "release_notice_days": 0,
        "provisioner": "none",
        "modes": "a\na\nb",
    }
    assert client.post(terms, {**fields, "provisioner": "magic"}).status_code == 400
    assert client.post(terms, {**fields, "notice_days": 10**9}).status_code == 400
    assert client.post(terms, fields).status_code == 302
    assert port.access_terms.modes == ["a", "b"]
    rule = {
        "name": "Ours", "place": f"port:{port.pk}", "stages-TOTAL_FORMS": 2, "stages-INITIAL_FORMS": 0,
        "stages-0-approvers": "owners", "stages-0-step": 1, "stages-1-approvers": "person",
        "stages-1-person": "steward",
    }  # fmt: skip
    assert client.post("/access/rules/new/", {**rule, "stages-1-person": "nobody.here"}).status_code == 400
    assert client.post("/access/rules/new/", {**rule, "place": "mesh"}).status_code == 400
    assert client.post("/access/rules/new/", {**rule, "stages-TOTAL_FORMS": "x"}).status_code == 400
    empty = {"name": "Open", "place": f"port:{port.pk}", "stages-TOTAL_FORMS": 0, "stages-INITIAL_FORMS": 0}
    assert (
        client.post("/access/rules/new/", empty).status_code == 400
    )  # nobody opens a port by leaving fields out
    assert not ApprovalRule.objects.exists()
    assert client.post("/access/rules/new/", rule).status_code == 302
    made = ApprovalRule.objects.get()
    assert [stage.approvers for stage in made.stages.all()] == ["owners", "person"]
    assert "Ours" in client.get(f"/access/rules/{made.pk}/").content.decode()
    client.post(f"/access/rules/{made.pk}/delete/")
    assert not ApprovalRule.objects.exists()


def test_somebody_stands_in_while_one_is_away(client: Client, cast: Cast, port: OutputPort) -> None:
    client.force_login(cast.owner)
    today = timezone.now().date()
    dates = {"starts_on": today, "ends_on": today + dt.timedelta(days=3)}
    assert client.post("/inbox/away/", {"delegate": "nobody.here", **dates}).status_code == 400
    assert client.post("/inbox/away/", {"delegate": "owner", **dates}).status_code == 400
    assert client.post("/inbox/away/", {"delegate": "steward", **dates}).status_code == 302
    ask(cast.consumer, port)
    client.force_login(cast.steward)
    text = client.get("/inbox/").content.decode()
    assert "You decide for Owner" in text
    assert "Counting plays." in text


@pytest.mark.parametrize(
    "address", ["/access/", "/inbox/", TAB, "/api/v1/access/agreements/", "/api/v1/access/requests/"]
)
def test_lists_cost_the_same_for_5_and_50(client: Client, cast: Cast, address: str) -> None:
    def plant(count: int) -> None:
        for _ in range(count):
            port = make.make_port(cast.play_events)
            person = make.make_user()
            make.make_membership(person, "viewer", cast.playback_team)
            agreed(person, port, cast.owner)
            ask(person, make.make_port(cast.play_events))
            agreed(cast.owner, make.make_port(cast.playback_quality), cast.steward)

    def queries() -> int:
        client.force_login(cast.owner)
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as made:
            assert client.get(address).status_code == 200
        return len(made)

    plant(2)
    few = queries()
    plant(18)
    assert queries() == few
    assert few < 45


def test_the_api_asks_decides_and_says_whether_one_can_read(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    Purpose.objects.create(name="Reporting", slug="reporting")
    client.force_login(cast.consumer)
    asked: dict[str, Any] = {
        "port": "listening/play-events/plays/1.0.0",
        "purpose": "Counting.",
        "days": 90,
        "purposes": ["reporting"],
    }

    def send(path: str, data: dict[str, Any]) -> Any:
        return client.post(f"/api/v1/access/{path}", data, content_type="application/json")

    for wrong in (
        {"days": 0}, {"days": -1}, {"days": 10**30}, {"days": "P1M"}, {"days": 3, "ends_on": "2030-01-01"},
        {"ends_on": "2026-13-01", "days": None}, {"ends_on": "9999-12-31", "days": None}, {"purpose": ""}, {"x": 1},
        {"purposes": ["none"]}, {"for_team": "insights", "for_product": "playback/playback-quality"},
        {"columns": ["x"]}, {"mode": "owner"}, {"kind": "renew"}, {"port": "no/such/port/1"},
    ):  # fmt: skip
        answer = send("requests/", asked | wrong)
        assert answer.status_code == 400, wrong
    assert not AccessRequest.objects.exists()
    made = send("requests/", asked)
    assert made.status_code == 201
    assert send("requests/", asked).status_code == 409
    number = made.json()["id"]
    assert send(f"requests/{number}/decisions/", {"is_approval": True}).status_code == 403
    client.force_login(cast.owner)
    assert client.get("/api/v1/access/requests/?to_decide=true").json()["count"] == 1
    assert send(f"requests/{number}/decisions/", {"is_approval": False}).status_code == 400
    assert send(f"requests/{number}/decisions/", {"is_approval": True}).json()["decision"] == "approved"
    assert send(f"requests/{number}/decisions/", {"is_approval": True}).status_code == 409
    agreement = client.get("/api/v1/access/agreements/").json()["results"][0]
    assert (agreement["validity"], agreement["provisioning"], agreement["is_usable"]) == (
        "active",
        "waiting",
        False,
    )
    path = f"agreements/{agreement['id']}"
    assert send(f"{path}/provisioning/", {"event": "removed"}).status_code == 409
    assert send(f"{path}/provisioning/", {"event": "succeed"}).json()["is_usable"] is True
    assert send(f"{path}/revoke/", {"reason": "Over.", "at_once": True}).json()["provisioning"] == "removing"
    assert Agreement.objects.get().cut_short == "revoked"


def test_the_api_says_before_asking_who_would_decide(client: Client, cast: Cast, port: OutputPort) -> None:
    set_terms(actor=cast.owner, port=port, longest_days=60)
    client.force_login(cast.consumer)
    told = client.get("/api/v1/access/prospect/?port=listening/play-events/plays/1.0.0").json()
    assert told["stages"][0]["deciders"] == ["owner"]
    assert (told["is_automatic"], told["longest_days"]) == (False, 60)
