"""Products in the REST API: reading, writing, two editors, old addresses, rights, bad input."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.products.models import DataProduct
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PLAYS = "/api/v1/products/listening/play-events/"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def write(client: Client, method: str, url: str, body: Any, etag: str | None = "*") -> Any:
    headers = {"If-Match": etag} if etag else {}
    return getattr(client, method)(url, body, content_type="application/json", headers=headers)


def test_owner_makes_describes_publishes_and_deprecates(cast: Cast) -> None:
    client = signed_in(cast.owner)
    body = {
        "name": "Skips", "domain": "listening", "purpose": "Which songs are skipped.", "tags": ["Gold", "gold "],
        "people": {"business_owner": ["owner"], "technical_owner": ["OWNER"]},
    }  # fmt: skip
    made = write(client, "post", "/api/v1/products/", body)
    assert made.status_code == 201, made.content
    assert made.json()["key"] == "listening/skips"
    assert made.json()["tags"] == ["Gold"]
    assert {person["role"] for person in made.json()["people"]} == {"business_owner", "technical_owner"}
    refused = write(client, "post", "/api/v1/products/listening/skips/lifecycle/", {"step": "active"})
    assert refused.status_code == 400
    assert [problem["path"] for problem in refused.json()["problems"]] == ["output_ports"]
    port = write(
        client, "post", "/api/v1/products/listening/skips/ports/", {"name": "skips", "kind": "table"}
    )
    assert port.status_code == 201, port.content
    published = write(client, "post", "/api/v1/products/listening/skips/lifecycle/", {"step": "active"})
    assert published.json()["lifecycle"] == "active"
    step = {"step": "deprecated", "successor": "listening/play-events", "sunset_at": "2199-01-01"}
    deprecated = write(client, "post", "/api/v1/products/listening/skips/lifecycle/", step)
    assert deprecated.json()["successor"] == "listening/play-events"
    verbs = [
        event["verb"] for event in client.get("/api/v1/products/listening/skips/history/").json()["results"]
    ]
    assert verbs[-1] == "product.created"
    assert len(verbs) >= 4


def test_two_editors_do_not_overwrite_each_other(cast: Cast) -> None:
    client = signed_in(cast.owner)
    etag = client.get(PLAYS)["ETag"]
    assert write(client, "patch", PLAYS, {"purpose": "mine"}, etag).status_code == 200
    late = write(client, "patch", PLAYS, {"purpose": "theirs"}, etag)
    assert late.status_code == 412
    assert write(client, "patch", PLAYS, {"purpose": "blind"}, None).status_code == 428
    assert client.get(PLAYS).json()["purpose"] == "mine"


def test_unchanged_product_is_not_sent_again(cast: Cast) -> None:
    client = signed_in(cast.consumer)
    etag = client.get(PLAYS)["ETag"]
    assert client.get(PLAYS, headers={"If-None-Match": etag}).status_code == 304


def test_put_forgets_what_it_does_not_say_and_patch_keeps_it(cast: Cast) -> None:
    client = signed_in(cast.owner)
    write(client, "patch", PLAYS, {"purpose": "why", "usage": "how", "tags": ["a"]})
    assert write(client, "patch", PLAYS, {"purpose": "because"}).json()["usage"] == "how"
    replaced = write(
        client, "put", PLAYS, {"name": "Play events", "domain": "listening", "purpose": "new"}
    ).json()
    assert (replaced["purpose"], replaced["usage"], replaced["tags"]) == ("new", "", [])


def test_moved_product_is_found_at_its_old_address_by_reads_and_writes(cast: Cast) -> None:
    client = signed_in(cast.admin)
    moved = write(client, "patch", PLAYS, {"domain": "playback", "slug": "plays"})
    assert moved.json()["key"] == "playback/plays"
    answer = client.get(PLAYS + "history/?page=1")
    assert answer.status_code == 308
    assert answer["Location"] == "/api/v1/products/playback/plays/history/?page=1"
    assert signed_in(cast.guest).get(PLAYS).status_code == 404


@pytest.mark.parametrize(
    ("who", "reads", "edits"),
    [
        ("owner", 200, 200),
        ("steward", 200, 403),
        ("consumer", 200, 403),
        ("guest", 404, 404),
        ("admin", 200, 200),
    ],
)
def test_who_reads_and_edits(cast: Cast, who: str, reads: int, edits: int) -> None:
    client = signed_in(cast.everybody()[who])
    assert client.get(PLAYS).status_code == reads
    assert write(client, "patch", PLAYS, {"purpose": "changed"}).status_code == edits
    without_etag = write(client, "patch", PLAYS, {"purpose": "blind"}, None).status_code
    assert without_etag == (428 if edits == 200 else edits), "rights are judged before preconditions"
    assert (DataProduct.objects.get(pk=cast.play_events.pk).purpose == "changed") == (edits == 200)


def test_private_product_is_nowhere_to_be_seen(cast: Cast) -> None:
    make.make_product("Secret plan", domain=cast.listening, visibility="private")
    client = signed_in(cast.consumer)
    assert "ecret" not in client.get("/api/v1/products/").content.decode()
    assert client.get("/api/v1/products/listening/secret-plan/").status_code == 404
    assert client.get("/api/v1/products/listening/secret-plan/ports/").status_code == 404
    assert client.get("/api/v1/domains/listening/").json()["products"] == 1
    assert signed_in(cast.owner).get("/api/v1/domains/listening/").json()["products"] == 2


def test_successor_one_may_not_see_is_not_named(cast: Cast) -> None:
    secret = make.make_product("Secret plan", domain=cast.listening, visibility="private")
    DataProduct.objects.filter(pk=cast.play_events.pk).update(successor=secret)
    assert signed_in(cast.consumer).get(PLAYS).json()["successor"] is None
    assert signed_in(cast.owner).get(PLAYS).json()["successor"] == "listening/secret-plan"


def test_filters_narrow_and_nonsense_is_refused(cast: Cast) -> None:
    client = signed_in(cast.consumer)

    def keys(query: str) -> list[str]:
        return [item["key"] for item in client.get(f"/api/v1/products/{query}").json()["results"]]

    assert keys("?domain=listening") == ["listening/play-events"]
    assert keys("?domain=listening&domain=playback&sort=-name") == [
        "playback/playback-quality",
        "listening/play-events",
    ]
    assert keys("?q=quality") == ["playback/playback-quality"]
    for query in (
        "?domain=nowhere",
        "?lifecycle=odd",
        "?colour=red",
        "?sort=secret",
        "?page=0",
        "?page_size=101",
    ):
        answer = client.get(f"/api/v1/products/{query}")
        assert answer.status_code == 400, query
        assert answer.json()["problems"], query


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"color": "red"}, "$.color"),
        ({"archetype": "odd"}, "$.archetype"),
        ({"domain": "nowhere"}, "$.domain"),
        ({"tags": "gold"}, "$.tags"),
        ({"people": {"king": ["owner"]}}, "$.people"),
        ({"people": {"steward": ["nobody"]}}, "$.people"),
        ({"links": [{"url": "javascript:alert(1)"}]}, "links"),
        ({"version": "one"}, "version"),
        ({"purpose": "x" * 200_001}, "$.purpose"),
        ([], "$"),
    ],
)
def test_bad_input_is_refused_with_its_path_and_changes_nothing(cast: Cast, body: Any, path: str) -> None:
    before = DataProduct.objects.get(pk=cast.play_events.pk).revision
    answer = write(signed_in(cast.owner), "patch", PLAYS, body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["problems"][0]["path"].removeprefix("$.").startswith(path.removeprefix("$."))
    assert DataProduct.objects.get(pk=cast.play_events.pk).revision == before


def test_half_a_write_never_happens(cast: Cast) -> None:
    make.make_product("Taken", domain=cast.listening)
    answer = write(signed_in(cast.owner), "patch", PLAYS, {"purpose": "changed", "slug": "taken"})
    assert answer.status_code == 400
    assert DataProduct.objects.get(pk=cast.play_events.pk).purpose == ""


def test_draft_is_deleted_and_published_is_not(cast: Cast) -> None:
    client = signed_in(cast.owner)
    make.make_product("Sketch", domain=cast.listening, lifecycle="draft")
    url = "/api/v1/products/listening/sketch/"
    assert client.delete(url, headers={"If-Match": "*"}).status_code == 204
    refused = client.delete(PLAYS, headers={"If-Match": "*"})
    assert refused.status_code == 409
    assert "retire" in refused.json()["remedy"]


def test_input_ports_name_only_what_the_caller_may_see(cast: Cast) -> None:
    secret = make.make_product("Secret source", domain=cast.playback, visibility="private")
    make.make_input_port(cast.play_events, make.make_port(secret), name="the source")
    url = PLAYS + "input-ports/"
    assert signed_in(cast.consumer).get(url).json()["results"][0]["upstream"] is None
    added = write(signed_in(cast.owner), "post", url, {"upstream": "playback/secret-source/x/1.0.0"})
    assert added.status_code == 400
    port = make.make_port(cast.playback_quality, "minutes")
    added = write(
        signed_in(cast.owner), "post", url, {"upstream": f"playback/playback-quality/minutes/{port.version}"}
    )
    assert added.status_code == 201, added.content
    removed = signed_in(cast.owner).delete(f"{url}{added.json()['id']}/")
    assert removed.status_code == 204
    foreign = cast.play_events.input_ports.get().pk
    assert (
        signed_in(cast.admin)
        .get(f"/api/v1/products/playback/playback-quality/input-ports/{foreign}/")
        .status_code
        == 404
    )


@pytest.mark.parametrize("count", [5, 50])
def test_list_asks_no_more_for_fifty_rows_than_for_five(cast: Cast, count: int) -> None:
    for _ in range(count):
        product = make.make_product(domain=cast.listening)
        make.make_port(product)
        make.make_stewardship(product, cast.owner)
    client = signed_in(cast.consumer)
    with CaptureQueriesContext(connection) as queries:
        assert len(client.get("/api/v1/products/?page_size=100").json()["results"]) == count + 2
    assert len(queries) <= 12


def test_list_is_narrowed_by_the_slugs_of_what_belongs_to_a_product(cast: Cast) -> None:
    client = signed_in(cast.owner)
    write(client, "patch", PLAYS, {"tags": ["Gold medal"]})
    for query in (
        "tag=gold-medal",
        "owner=listening-team",
        "domain=listening",
        "lifecycle=active&domain=listening",
    ):
        found = client.get(f"/api/v1/products/?{query}").json()
        assert [row["key"] for row in found["results"]] == ["listening/play-events"], query
    for query in ("tag=nothing", "owner=nobody", "domain=x", "classification=x", "lifecycle=x", "colour=red"):
        assert client.get(f"/api/v1/products/?{query}").status_code == 400, query
