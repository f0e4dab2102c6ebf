"""The feed: in order, whole, only what its reader may see, and a cursor that always moves on."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from catalog.access.services.agreeing import mark_provisioning, revoke_agreement
from catalog.access.services.deciding import decide_stage
from catalog.access.states import Event
from catalog.accounts.models import User
from catalog.audit import outbox
from catalog.audit.models import OutboxEvent
from catalog.events import selectors
from catalog.events.types import SHARED, TYPES
from catalog.products import services as products
from catalog.products.models import DataProduct, Visibility
from tests import factories as make
from tests.catalog.access.asking import agreed, ask, stage_of
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[3]


def feed(person: User, query: str = "") -> dict[str, Any]:
    client = Client()
    client.force_login(person)
    answer = client.get(f"/api/v1/events/{query}")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def types_of(person: User, query: str = "") -> list[str]:
    return [event["type"] for event in feed(person, query)["events"]]


def publish(product: DataProduct | None, count: int = 1) -> None:
    for number in range(count):
        outbox.publish(
            type="product.changed", subject=f"s/{number}", data={"n": number},
            product_id=product.pk if product else None,
        )  # fmt: skip
    outbox.number_waiting()


def walk(person: User, query: str = "") -> Iterator[dict[str, Any]]:
    after = 0
    while True:
        found = feed(person, f"?after={after}{query}")
        yield from found["events"]
        if not found["has_more"]:
            return
        assert found["cursor"] > after
        after = found["cursor"]


def test_an_event_is_a_cloud_event(cast: Cast) -> None:
    products.edit_product(actor=cast.owner, product=cast.play_events, purpose="Counting plays.")
    outbox.number_waiting()
    (event,) = feed(cast.consumer)["events"]
    assert event.keys() == {
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "position", "data",
    }  # fmt: skip
    assert (event["specversion"], event["type"]) == ("1.0", "product.changed")
    assert event["subject"] == f"product/{cast.play_events.key}"
    data = event["data"]
    assert data["who"] == {"id": cast.owner.pk, "name": str(cast.owner)}
    assert data["product"]["name"] == "Play events"
    assert data["changes"] == {"purpose": {"before": "", "after": "Counting plays."}}
    assert data["link"].endswith("/products/listening/play-events/")


def test_pages_of_the_feed_meet_every_event_once_and_in_order(cast: Cast) -> None:
    publish(cast.play_events, 25)
    found = list(walk(cast.consumer, "&limit=7"))
    assert [event["data"]["n"] for event in found] == list(range(25))
    assert len({event["id"] for event in found}) == 25


def test_the_cursor_moves_on_over_what_one_may_not_see(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "LOOKED_AT", 10)
    hidden = make.make_product("Hidden", domain=cast.playback, visibility=Visibility.PRIVATE)
    publish(hidden, 25)
    publish(cast.play_events)
    publish(None, 3)
    first = feed(cast.consumer)
    assert (first["events"], first["cursor"], first["has_more"]) == ([], 10, True)
    assert [event["position"] for event in walk(cast.consumer)] == ["26"]
    assert len(list(walk(cast.admin))) == 29
    assert feed(cast.consumer, "?after=29")["cursor"] == 29
    assert feed(cast.guest)["events"] == []


def test_a_cursor_from_before_the_oldest_or_after_the_newest_goes_on_where_it_can(cast: Cast) -> None:
    publish(cast.play_events, 5)
    OutboxEvent.objects.filter(position__lte=3).delete()
    assert [event["position"] for event in feed(cast.consumer, "?after=1")["events"]] == ["4", "5"]
    assert feed(cast.consumer, "?after=999")["cursor"] == 5


def test_what_was_hidden_since_is_shown_no_longer(cast: Cast) -> None:
    publish(cast.play_events)
    assert types_of(cast.consumer) == ["product.changed"]
    cast.play_events.visibility = Visibility.PRIVATE
    cast.play_events.save()
    assert types_of(cast.consumer) == []
    assert types_of(cast.owner) == ["product.changed"]


def test_a_deleted_product_is_told_to_those_who_see_everything(cast: Cast) -> None:
    draft = make.make_product("Draft", domain=cast.listening, lifecycle="draft")
    products.delete_draft(actor=cast.owner, product=draft)
    outbox.number_waiting()
    assert types_of(cast.admin) == ["product.deleted"]
    assert types_of(cast.owner) == []


def test_access_is_told_to_its_parties_and_to_nobody_else(cast: Cast) -> None:
    port = make.make_port(cast.play_events, "plays")
    agreement = agreed(cast.consumer, port, cast.owner)
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED, note="Role made.")
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED, note="Still there.")
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="No longer offered.", at_once=True)
    outbox.number_waiting()
    told = [
        "access.requested", "access.stage_approved", "access.decided", "access.granted", "access.revoked",
        "access.ended",
    ]  # fmt: skip
    for person in (cast.consumer, cast.owner, cast.admin):
        assert types_of(person, "?type=access.*") == told, person
    assert types_of(cast.steward, "?type=access.*") == []
    requested, _, decided, granted, revoked, ended = feed(cast.consumer, "?type=access.*")["events"]
    assert requested["data"]["consumer"] == {
        "kind": "person",
        "id": cast.consumer.pk,
        "name": str(cast.consumer),
    }
    assert requested["data"]["request"]["purpose"] == "Counting plays."
    assert (decided["data"]["decision"], decided["data"]["who"]["name"]) == ("approved", str(cast.owner))
    assert granted["data"]["note"] == "Role made."
    assert revoked["data"]["reason"] == "No longer offered."
    assert ended["data"]["reason"] == "revoked"


def test_a_denial_says_why(cast: Cast) -> None:
    request = ask(cast.consumer, make.make_port(cast.play_events, "plays"))
    decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=False, note="Ask for the summary.")
    outbox.number_waiting()
    *_, decided = feed(cast.consumer)["events"]
    assert (decided["data"]["decision"], decided["data"]["note"]) == ("denied", "Ask for the summary.")


def test_people_in_charge_and_new_versions_are_told(cast: Cast) -> None:
    products.set_people(actor=cast.owner, product=cast.play_events, people={"steward": [cast.steward]})
    products.create_port(
        actor=cast.owner, product=cast.play_events, name="plays", version="1.0.0", kind="table"
    )
    products.create_port(
        actor=cast.owner, product=cast.play_events, name="plays", version="2.0.0", kind="table"
    )
    outbox.number_waiting()
    owners, first, second = feed(cast.consumer)["events"]
    assert owners["type"] == "product.owners_changed"
    assert owners["data"]["changes"]["steward"]["after"] == ["Steward"]
    assert (first["data"]["is_new_version"], second["data"]["is_new_version"]) == (False, True)


def test_nobody_reads_the_name_of_a_store_or_a_successor(cast: Cast) -> None:
    store = make.make_connection("Secret store", team=cast.listening_team)
    port = make.make_port(cast.play_events, "plays")
    products.edit_port(actor=cast.owner, port=port, connection=store)
    products.edit_port(actor=cast.owner, port=port, connection=None, title="Plays")
    outbox.number_waiting()
    said = str(feed(cast.owner))
    assert "Secret store" not in said
    assert types_of(cast.owner) == ["port.changed"]


def test_a_wrong_type_product_or_parameter_is_refused(cast: Cast, client: Client) -> None:
    client.force_login(cast.consumer)
    for query, status in (
        ("type=x", 400),
        ("after=-1", 400),
        ("limit=0", 400),
        ("cursor=1", 400),
        ("product=a/b", 404),
    ):
        assert client.get(f"/api/v1/events/?{query}").status_code == status, query


def test_the_feed_takes_as_many_queries_for_many_events_as_for_few(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    publish(cast.play_events, 60)
    cast.consumer.__dict__.pop("_standing", None)
    with django_assert_max_num_queries(8):
        assert len(selectors.page_of(cast.consumer, after=0, limit=50).events) == 50


def test_every_type_and_every_member_is_documented() -> None:
    words = (ROOT / "docs/events.md").read_text()
    rows = {
        name: row for row in words.splitlines() if (name := row.removeprefix("| `").split("`")[0]) in TYPES
    }
    assert rows.keys() == TYPES.keys()
    for name, item in TYPES.items():
        for member in (*item.shared, *item.fields):
            assert f"`{member}`" in rows[name], f"{name}: {member}"
    assert all(f"| `{name}` | {text} |" in words for name, text in SHARED.items())


def test_every_published_type_is_known() -> None:
    """Also those other features publish by themselves."""
    quoted = re.compile(
        r"""["']((?:product|port|schema|contract|incident|slo|access|lineage)\.[a-z_]+)["']"""
    )
    published: set[str] = set()
    for path in (ROOT / "catalog/events").glob("*.py"):
        if path.name in ("products.py", "troubles.py", "access.py"):
            published |= {
                name for name in quoted.findall(path.read_text()) if not name.startswith("port.schema")
            }
    for folder in ("catalog", "lineage"):
        for path in (ROOT / folder).rglob("*.py"):
            found = re.findall(r"""publish\(\s*type=["']([a-z_.]+)["']""", path.read_text())
            published |= set(found)
    verbs = {"product.imported", "product.edited", "product.renamed", "product.people_named",
             "product.handed_over", "port.edited"}  # fmt: skip  # of the audit trail, what they are made of
    assert published - verbs <= TYPES.keys()
    assert TYPES.keys() <= published
