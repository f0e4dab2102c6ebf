"""Search over REST: the shape of the answer, strict parameters, the whole cast."""

from typing import Any

import pytest
from django.test import Client

from catalog.products.models import DataProduct
from catalog.search import services
from catalog.search.backends.base import SearchBackend
from catalog.vocabulary.models import Tag
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
API = "/api/v1/search/"


@pytest.fixture
def mesh(cast: Cast, search_index: SearchBackend) -> Cast:
    asset = make.make_asset()
    make.make_schema(asset, {"customer_email": "string", "customer_id": "string", "played_at": "timestamp"})
    cast.play_events.tags.add(Tag.objects.create(name="Gold", slug="gold"))
    make.make_port(cast.play_events, "plays", asset=asset, region="eu-west-1")
    make.make_product("Vault", domain=cast.playback, lifecycle="draft", region="moonbase")
    services.drain_marks()
    return cast


def ask(client: Client, user: Any, status: int = 200, **parameters: Any) -> Any:
    client.force_login(user)
    response = client.get(API, parameters)
    assert response.status_code == status, response.content[:500]
    return response.json()


def test_products_come_with_their_best_ports_and_columns(mesh: Cast, client: Client) -> None:
    answer = ask(client, mesh.consumer, q="customer_email")
    assert (answer["count"], answer["page"]) == (1, 1)
    (row,) = answer["results"]
    assert row["kind"] == "product"
    assert row["key"] == "listening/play-events"
    assert row["title"] == "Play events"
    assert row["url"] == "http://testserver/products/listening/play-events/"
    assert row["domain"] == "listening"
    assert row["score"] > 2
    assert {"field": "column", "text": "customer_email"} in row["matched"]
    assert row["highlights"]["column"] == "<mark>customer_email</mark>"
    (port,) = row["ports"]
    assert port["key"] == "listening/play-events/plays/1.0.0"
    assert port["columns"] == ["customer_email", "customer_id"]
    assert {"value": "gold", "label": "Gold", "count": 1} in answer["facets"]["tag"]
    assert set(answer["facets"]) == {
        "domain",
        "owner",
        "port_kind",
        "lifecycle",
        "tag",
        "classification",
        "quality",
        "certification",
        "archetype",
        "region",
    }


def test_ports_and_columns_are_listed(mesh: Cast, client: Client) -> None:
    (port,) = ask(client, mesh.consumer, q="customer", kind="port")["results"]
    assert port["key"] == "listening/play-events/plays/1.0.0"
    answer = ask(client, mesh.consumer, q="customer", kind="column")
    assert answer["count"] == 2
    assert [row["title"] for row in answer["results"]] == ["customer_email", "customer_id"]
    assert answer["results"][0]["key"] == "listening/play-events/plays/1.0.0#customer_email"
    assert answer["facets"]["domain"] == [{"value": "listening", "label": "Listening", "count": 2}]


def test_filters_repeat_as_any_of(mesh: Cast, client: Client) -> None:
    assert ask(client, mesh.consumer, domain=["listening", "playback"])["count"] == 2
    assert ask(client, mesh.consumer, domain="listening", tag="gold")["count"] == 1
    assert ask(client, mesh.consumer, region="eu-west-1")["count"] == 1
    assert (
        ask(client, mesh.consumer, page_size=1, page=2, sort="name")["results"][0]["title"]
        == "Playback quality"
    )
    assert ask(client, mesh.consumer, page=7)["results"] == []


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"kind": "user"}, "kind"),
        ({"sort": "-name"}, "sort"),
        ({"page": "0"}, "page"),
        ({"page": "x"}, "page"),
        ({"page_size": "101"}, "page_size"),
        ({"page": "9999999", "page_size": "100"}, "page"),
        ({"lifecycle": "gone"}, "lifecycle"),
        ({"port_kind": ["table", "chair"]}, "port_kind"),
        ({"quality": "splendid"}, "quality"),
        ({"domain": "nowhere"}, "domain"),
        ({"owner": "nobody"}, "owner"),
        ({"tag": ""}, "tag"),
        ({"classification": "x" * 4_000}, "classification"),
        ({"region": "moonbase"}, "region"),
        ({"unknown": "1"}, "unknown"),
        ({"q": ["a", "b"]}, "q"),
    ],
)
def test_what_is_unknown_is_refused_with_its_place(
    mesh: Cast, client: Client, parameters: dict[str, Any], path: str
) -> None:
    client.force_login(mesh.consumer)
    response = client.get(API, parameters)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert [problem["path"] for problem in response.json()["problems"]] == [path]


def test_everybody_counts_only_what_they_may_see(mesh: Cast, client: Client) -> None:
    expected = {"owner": 2, "steward": 3, "consumer": 2, "guest": 0, "admin": 3}
    for name, user in mesh.everybody().items():
        answer = ask(client, user)
        assert answer["count"] == expected[name], name
        assert sum(value["count"] for value in answer["facets"]["domain"]) == expected[name]
        suggested = client.get(f"{API}suggest/", {"q": "vau"}).json()["suggestions"]
        assert bool(suggested) is (name in ("steward", "admin")), name


def test_a_filter_does_not_tell_what_only_hidden_products_carry(mesh: Cast, client: Client) -> None:
    vault = DataProduct.objects.get(name="Vault")
    vault.tags.add(Tag.objects.create(name="Merger", slug="merger"))
    for name, user in mesh.everybody().items():
        may_know = name in ("steward", "admin")
        ask(client, user, 200 if may_know else 400, tag="merger")
    for field, value in (("tag", "gold"), ("domain", "listening"), ("owner", "listening-team")):
        ask(client, mesh.guest, 400, **{field: value})
    make.make_stewardship(mesh.play_events, mesh.guest)
    for field, value in (("tag", "gold"), ("domain", "listening"), ("owner", "listening-team")):
        assert ask(client, mesh.guest, **{field: value}) is not None


def test_strangers_are_refused(client: Client) -> None:
    assert client.get(API).status_code in (401, 403)
    assert client.get(f"{API}suggest/").status_code in (401, 403)


def test_suggestions_have_their_addresses(mesh: Cast, client: Client) -> None:
    client.force_login(mesh.consumer)
    found = client.get(f"{API}suggest/", {"q": "play ev"}).json()["suggestions"]
    assert found[0] == {
        "kind": "product",
        "key": "listening/play-events",
        "text": "Play events",
        "about": "Listening",
        "url": "http://testserver/products/listening/play-events/",
    }
    assert client.get(f"{API}suggest/", {"x": "1"}).status_code == 400


def test_an_index_that_is_away_is_503(mesh: Cast, client: Client, search_index: Any) -> None:
    (search_index._store._folder / "CURRENT").unlink()
    search_index._store._snapshot = None
    client.force_login(mesh.consumer)
    response = client.get(API)
    assert response.status_code == 503
    assert response["Retry-After"] == "30"
