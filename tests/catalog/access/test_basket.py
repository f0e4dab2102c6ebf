"""The basket: several ports asked for in one form, one request each."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.access.basket import BasketItem
from catalog.access.models import AccessRequest
from catalog.access.services.collecting import MOST_ITEMS, Part, ask_for_all, put_in_basket
from catalog.access.services.rules import set_terms
from catalog.common.errors import Conflict, NotAllowed
from catalog.products.models import OutputPort
from tests import factories as make
from tests.catalog.access.asking import ask
from tests.conftest import Cast


@pytest.fixture
def other(cast: Cast) -> OutputPort:
    return make.make_port(cast.playback_quality, "scores")


def key(port: OutputPort) -> str:
    return f"{port.product.key}/{port.name}/{port.version}"


def test_a_port_is_in_the_basket_once_and_only_so_many_fit(cast: Cast, port: OutputPort) -> None:
    put_in_basket(actor=cast.consumer, port=port)
    put_in_basket(actor=cast.consumer, port=port)
    assert BasketItem.objects.count() == 1
    for number in range(MOST_ITEMS - 1):
        put_in_basket(actor=cast.consumer, port=make.make_port(cast.play_events, f"p{number}"))
    with pytest.raises(Conflict, match="full"):
        put_in_basket(actor=cast.consumer, port=make.make_port(cast.play_events, "more"))
    with pytest.raises(NotAllowed):
        put_in_basket(actor=cast.guest, port=port)


def test_each_port_is_asked_for_by_itself_and_what_is_refused_stays(
    cast: Cast, port: OutputPort, other: OutputPort
) -> None:
    for item in (port, other):
        put_in_basket(actor=cast.consumer, port=item)
    ask(cast.consumer, other)  # so that another request cannot be sent
    outcome = ask_for_all(
        actor=cast.consumer,
        consumer=cast.consumer,
        shared={"purpose": "The weekly letter.", "days": 90},
        parts=[Part(port, {"days": 30}), Part(other, {})],
    )
    assert [(item.agreement.port, item.days) for item in outcome.sent] == [(port, 30)]
    assert list(outcome.refused) == [other.pk]
    assert [item.port for item in BasketItem.objects.all()] == [other]
    assert AccessRequest.objects.filter(agreement__port=other).count() == 1


def test_collecting_and_asking_in_one_form_without_scripts(
    cast: Cast, port: OutputPort, other: OutputPort, client: Client
) -> None:
    make.make_schema(make.make_asset(), {"id": "integer"})
    set_terms(actor=cast.owner, port=port, modes=["plain", "masked"])
    client.force_login(cast.consumer)
    page = client.get("/products/listening/play-events/access/").content.decode()
    assert f'value="{key(port)}"' in page
    for item in (port, other):
        answer = client.post("/access/basket/put/", {"port": key(item), "next": "/products/"})
        assert answer["Location"] == "/products/"
    away = client.post("/access/basket/put/", {"port": key(port), "next": "https://evil.example.org/"})
    assert away["Location"] == "/access/basket/"
    page = client.get("/access/basket/").content.decode()
    assert page.count(">Take out<") == 2
    shared: dict[str, Any] = {"consumer": f"person:{cast.consumer.pk}", "purpose": "Letter.", "days": "40"}
    fields = {**shared, f"mode-{port.pk}": "masked", f"days-{other.pk}": "9000"}
    wrong = client.post("/access/basket/", fields)
    assert wrong.status_code == 400  # more days than there can be
    assert not AccessRequest.objects.exists()
    fields[f"days-{other.pk}"] = "3000"
    checked = client.post("/access/basket/", {**fields, "check": "1"})
    assert "Nothing is sent yet" in checked.content.decode()
    assert not AccessRequest.objects.exists()
    partly = client.post("/access/basket/", fields)
    assert partly.status_code == 400
    assert "at most 365 days" in partly.content.decode()
    assert "1 request is sent." in partly.content.decode()
    sent = AccessRequest.objects.get()
    assert (sent.agreement.port, sent.mode, sent.days) == (port, "masked", 40)
    del fields[f"days-{other.pk}"]
    assert client.post("/access/basket/", fields)["Location"] == "/access/"
    assert AccessRequest.objects.count() == 2
    assert not BasketItem.objects.exists()


def test_what_can_no_longer_be_seen_is_not_shown(
    cast: Cast, port: OutputPort, other: OutputPort, client: Client
) -> None:
    for item in (port, other):
        put_in_basket(actor=cast.consumer, port=item)
    other.product.visibility = "private"
    other.product.save()
    client.force_login(cast.consumer)
    page = client.get("/access/basket/").content.decode()
    assert "Play events" in page
    assert "Playback quality" not in page


def test_a_full_basket_asks_the_database_as_often_as_a_small_one(cast: Cast, client: Client) -> None:
    client.force_login(cast.consumer)
    counts = []
    for number in range(MOST_ITEMS):
        port = make.make_port(cast.play_events, f"p{number}")
        set_terms(actor=cast.owner, port=port, may_choose_columns=True, modes=["plain"])
        put_in_basket(actor=cast.consumer, port=port)
        if number in (4, MOST_ITEMS - 1):
            client.get("/access/basket/")
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get("/access/basket/")
            counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_basket_through_the_api(cast: Cast, port: OutputPort, client: Client) -> None:
    other = make.make_port(cast.play_events, "other")
    client.force_login(cast.consumer)
    keys = [f"listening/play-events/{item.name}/{item.version}" for item in (port, other)]
    for key in (*keys, keys[0]):
        assert client.post("/api/v1/access/basket/", {"port": key}, "application/json").status_code == 201
    assert [row["port"] for row in client.get("/api/v1/access/basket/").json()["results"]] == keys
    asked = {
        "purpose": "Counting.",
        "days": 30,
        "ports": [{"port": keys[0]}, {"port": keys[1], "days": 3_000}],
    }
    answer = client.post("/api/v1/access/basket/requests/", asked, "application/json")
    assert answer.status_code == 200, answer.content
    assert [row["port"] for row in answer.json()["sent"]] == keys[:1]
    assert [row["port"] for row in answer.json()["refused"]] == keys[1:]
    assert [row["port"] for row in client.get("/api/v1/access/basket/").json()["results"]] == keys[1:]
    assert client.delete(f"/api/v1/access/basket/?port={keys[1]}").status_code == 204
    assert client.get("/api/v1/access/basket/").json()["results"] == []
