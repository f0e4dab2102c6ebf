"""Crawls over REST: asking, following, who sees what, bad input."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.crawling.models import CrawlRun
from tests.catalog.crawling.conftest import Store
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PRODUCT = "/api/v1/products/listening/play-events/"
PORT = f"{PRODUCT}ports/plays/1.0.0/"


@pytest.fixture
def api() -> APIClient:
    return APIClient()


def as_(api: APIClient, person: Any) -> APIClient:
    api.force_authenticate(person)
    return api


def test_asking_for_a_crawl_gives_the_address_to_follow(api: APIClient, cast: Cast, store: Store) -> None:
    answer = as_(api, cast.owner).post(f"{PORT}crawl/")
    assert answer.status_code == 202
    run = CrawlRun.objects.get(status="queued")
    assert answer["Location"] == f"/api/v1/crawls/{run.pk}/"
    assert answer.json()["status"] == "queued"
    assert api.post(f"{PORT}crawl/")["Location"] == answer["Location"]
    assert api.get(answer["Location"]).json()["port"] == "plays/1.0.0"


@pytest.mark.parametrize(
    ("name", "status"), [("owner", 202), ("steward", 403), ("consumer", 403), ("guest", 404), ("admin", 202)]
)
def test_who_may_ask(api: APIClient, cast: Cast, store: Store, name: str, status: int) -> None:
    assert as_(api, cast.everybody()[name]).post(f"{PORT}crawl/").status_code == status


def test_anonymous_gets_401(api: APIClient, store: Store) -> None:
    assert api.post(f"{PORT}crawl/").status_code == 401
    assert api.get("/api/v1/crawls/").status_code == 401


def test_run_tells_what_it_found(api: APIClient, cast: Cast, store: Store) -> None:
    store.execute("DROP TABLE artists")
    run = store.crawl()
    body = as_(api, cast.owner).get(f"/api/v1/crawls/{run.pk}/").json()
    assert body["counts"]["vanished"] == 1
    assert body["connection"] == store.connection.slug
    assert [(item["name"], item["outcome"]) for item in body["items"]] == [("artists", "vanished")]
    assert as_(api, cast.consumer).get(f"/api/v1/crawls/{run.pk}/").status_code == 404


def test_product_lists_the_runs_of_its_ports(api: APIClient, cast: Cast, store: Store) -> None:
    whole = store.crawl()
    port = store.crawl(port=cast.play_events.output_ports.get())
    owner = as_(api, cast.owner).get(f"{PRODUCT}crawls/").json()
    assert {item["id"] for item in owner["results"]} >= {whole.pk, port.pk}
    consumer = as_(api, cast.consumer).get(f"{PRODUCT}crawls/").json()
    assert [(item["id"], item["connection"]) for item in consumer["results"]] == [(port.pk, None)]
    assert as_(api, cast.guest).get(f"{PRODUCT}crawls/").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("status=failing", 200),
        ("status=queued&page_size=1", 200),
        ("status=nonsense", 400),
        ("page_size=1000", 400),
        ("nonsense=1", 400),
        ("connection=nowhere", 400),
    ],
)
def test_list_understands_or_refuses(
    api: APIClient, cast: Cast, store: Store, query: str, status: int
) -> None:
    assert as_(api, cast.owner).get(f"/api/v1/crawls/?{query}").status_code == status


def test_port_without_connection_is_refused_with_a_reason(api: APIClient, cast: Cast, store: Store) -> None:
    port = cast.play_events.output_ports.get()
    port.connection = None
    port.save()
    answer = as_(api, cast.owner).post(f"{PORT}crawl/")
    assert answer.status_code == 400
    assert "no connection" in answer.json()["detail"]


def test_queries_do_not_grow_with_the_runs(
    api: APIClient, cast: Cast, store: Store, django_assert_max_num_queries: Any
) -> None:
    port = cast.play_events.output_ports.get()
    as_(api, cast.owner).get("/api/v1/crawls/")  # the owner's standing is read once
    counts = []
    for _ in range(2):
        for _ in range(10):
            CrawlRun.objects.create(
                connection=store.connection,
                port=port,
                status="failed",
                trigger="manual",
                requested_by=cast.owner,
                queued_at=port.created_at,
                due_at=port.created_at,
            )
        with django_assert_max_num_queries(30) as captured:
            assert as_(api, cast.owner).get("/api/v1/crawls/?page_size=100").status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
