"""The audit trail as a page and as files: for those who see everything, filtered, and taking it along is recorded."""

import csv
import json
from typing import Any

import pytest
from django.test import Client

from catalog.accounts.models import Role
from catalog.audit import chain
from catalog.audit import services as audit
from catalog.audit.models import AuditEvent
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_of_governance(cast: Cast) -> Client:
    auditor = make.make_user("auditor")
    make.make_membership(auditor, Role.GOVERNANCE)
    client = Client()
    client.force_login(auditor)
    return client


def record(cast: Cast, name: str, verb: str = "product.edited") -> AuditEvent:
    return audit.record(
        actor=cast.owner, verb=verb, obj=cast.play_events, name=name, changes={"name": ["a", "=1+1"]}
    )


def body(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


def test_filters_find_by_actor_verb_thing_and_time(cast: Cast, client_of_governance: Client) -> None:
    record(cast, "Needle")
    record(cast, "Hay", "product.published")

    def shown(query: str) -> tuple[bool, bool]:
        text = client_of_governance.get(f"/audit/?{query}").content.decode()
        return "Needle" in text, "Hay" in text

    assert shown("q=needle") == (True, False)
    assert shown("verb=product.pub") == (False, True)
    assert shown("actor=owner") == (True, True)
    assert shown("actor=nobody") == (False, False)
    assert shown(f"kind=product&object={cast.play_events.pk}") == (True, True)
    assert shown("from=2100-01-01") == (False, False)
    assert shown("from=2020-01-01&to=2100-01-01") == (True, True)


def test_exports_are_whole_neutralised_and_recorded(cast: Cast, client_of_governance: Client) -> None:
    record(cast, "=cmd|' /C calc'!A0")
    chain.seal_waiting()
    rows = list(
        csv.DictReader(body(client_of_governance.get("/audit/?format=csv&kind=product")).splitlines())
    )
    (row,) = rows
    assert row["object_name"].startswith("'=cmd")
    assert json.loads(row["changes"]) == {"name": ["a", "=1+1"]}
    assert len(row["digest"]) == 64
    lines = body(client_of_governance.get("/audit/?format=json&kind=product")).splitlines()
    assert [json.loads(line)["verb"] for line in lines] == ["product.edited"]
    told = AuditEvent.objects.filter(verb="audit.exported").order_by("pk")
    assert [event.detail for event in told] == [
        {"as": "csv", "filters": {"kind": "product"}},
        {"as": "json", "filters": {"kind": "product"}},
    ]


def test_nobody_else_learns_that_there_is_one(cast: Cast) -> None:
    for person in (cast.owner, cast.steward, cast.consumer, cast.guest):
        client = Client()
        client.force_login(person)
        assert client.get("/audit/?format=csv").status_code == 404


def test_the_page_takes_as_many_queries_for_fifty_as_for_five(
    cast: Cast, client_of_governance: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(50):
        record(cast, f"n {number}")
    with django_assert_max_num_queries(20):
        client_of_governance.get("/audit/")
