"""Watching: by page, without scripts and with them, by API; and what a watched search finds anew."""

import datetime as dt
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from catalog.common.errors import Conflict
from catalog.domains.models import Domain
from catalog.notifications import searches, services
from catalog.notifications.models import Kind, Notice, Notification, Subscription
from catalog.notifications.telling import fan_out_waiting
from catalog.products.models import DataProduct, Visibility
from catalog.products.services import edit_product
from catalog.search.backends import get_backend
from catalog.search.documents import IndexUnavailable
from catalog.search.services import drain_marks
from tests import factories as make
from tests.catalog.notifications.conftest import Told
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PAGE = "/products/listening/play-events/"
SEND = {"content_type": "application/json"}


@pytest.fixture(autouse=True)
def empty_index() -> None:
    """The index in memory belongs to the process: what another test left in it is not of this one."""
    get_backend().rebuild([])


@pytest.fixture
def consumer(client: Client, cast: Cast) -> Client:
    client.force_login(cast.consumer)
    return client


def press(client: Client, target: str, key: str, wanted: str = "on", **more: Any) -> Any:
    return client.post(
        "/notifications/watch/", {"target": target, "key": key, "wanted": wanted, "next": PAGE}, **more
    )


def test_button_watches_and_stops_and_leads_back_without_scripts(consumer: Client, cast: Cast) -> None:
    assert 'name="wanted" value="on"' in consumer.get(PAGE).content.decode()
    assert press(consumer, "product", "listening/play-events")["Location"] == PAGE
    press(consumer, "product", "listening/play-events")
    assert Subscription.objects.get().product == cast.play_events
    assert 'name="wanted" value="off"' in consumer.get(PAGE).content.decode()
    press(consumer, "product", "listening/play-events", "off")
    press(consumer, "product", "listening/play-events", "off")
    assert not Subscription.objects.exists()


def test_button_changes_in_its_place_with_scripts(consumer: Client) -> None:
    answer = press(consumer, "domain", "listening", headers={"HX-Request": "true"})
    words = answer.content.decode()
    assert words.startswith("<form")
    assert "Stop watching" in words
    assert 'data-says="You are told what happens here from now on."' in words
    assert "csrfmiddlewaretoken" in words


@pytest.mark.parametrize(
    ("target", "key", "status"),
    [
        ("product", "listening/nothing", 404),
        ("product", "nonsense", 404),
        ("domain", "nothing", 404),
        ("search", "", 400),
        ("search", "page=2", 400),
        ("search", f"q={'x' * 900}&" + "&".join(f"domain={'y' * 90}{n}" for n in range(40)), 400),
        ("person", "owner", 400),
        ("", "", 400),
    ],
)
def test_what_cannot_be_watched_is_refused(consumer: Client, target: str, key: str, status: int) -> None:
    assert press(consumer, target, key).status_code == status
    assert not Subscription.objects.exists()


def test_button_leads_nowhere_else(consumer: Client) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        answer = consumer.post(
            "/notifications/watch/", {"target": "domain", "key": "listening", "next": elsewhere}
        )
        assert answer["Location"] == "/account/notifications/"


def test_account_lists_what_is_watched_and_ends_it(consumer: Client, cast: Cast) -> None:
    services.watch_product(actor=cast.consumer, product=cast.play_events)
    services.watch_domain(actor=cast.consumer, domain=cast.playback)
    found = services.watch_search(actor=cast.consumer, query="q=play&domain=listening&page=3")
    words = consumer.get("/account/notifications/").content.decode()
    assert "Play events" in words
    assert "“play” · Domain listening" in words
    consumer.post(f"/notifications/watched/{found.pk}/stop/")
    assert set(Subscription.objects.values_list("target", flat=True)) == {"product", "domain"}
    DataProduct.objects.filter(pk=cast.play_events.pk).update(visibility=Visibility.PRIVATE)
    assert "Play events" not in consumer.get("/account/notifications/").content.decode()


def test_page_of_many_subscriptions_asks_as_often_as_that_of_few(
    consumer: Client, cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def watch(count: int) -> None:
        for _ in range(count):
            services.watch_product(actor=cast.consumer, product=make.make_product(domain=cast.listening))

    watch(5)
    with django_assert_max_num_queries(30) as few:
        consumer.get("/account/notifications/")
    watch(45)
    with django_assert_max_num_queries(30) as many:
        consumer.get("/account/notifications/")
    assert len(many) == len(few)


def test_watching_a_domain_tells_of_the_products_below_it(cast: Cast, told: Told) -> None:
    below = make.make_domain("Charts", Domain.objects.get(pk=cast.listening.pk))
    product = make.make_product("Top lists", domain=below)
    services.watch_domain(actor=cast.consumer, domain=cast.listening)
    assert "consumer" in {row.recipient.username for row in told(product)}
    assert "consumer" not in {row.recipient.username for row in told(cast.playback_quality)}


def test_one_watches_so_much_and_no_more(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_SEARCHES", 1)
    services.watch_search(actor=cast.consumer, query="q=one")
    services.watch_search(actor=cast.consumer, query="q=one&sort=name")
    with pytest.raises(Conflict):
        services.watch_search(actor=cast.consumer, query="q=two")


def test_api_watches_lists_and_stops(consumer: Client, cast: Cast) -> None:
    made = consumer.post("/api/v1/subscriptions/", {"product": "listening/play-events"}, **SEND)
    assert made.status_code == 201
    again = consumer.post("/api/v1/subscriptions/", {"product": "listening/play-events"}, **SEND)
    assert again.json()["id"] == made.json()["id"]
    consumer.post("/api/v1/subscriptions/", {"domain": "listening"}, **SEND)
    consumer.post("/api/v1/subscriptions/", {"query": "q=plays"}, **SEND)
    listed = consumer.get("/api/v1/subscriptions/?sort=created_at").json()["results"]
    assert [(item["product"], item["domain"], item["query"]) for item in listed] == [
        ("listening/play-events", None, ""),
        (None, "listening", ""),
        (None, None, "q=plays"),
    ]
    where = f"/api/v1/subscriptions/{listed[0]['id']}/"
    assert consumer.delete(where).status_code == 204
    assert consumer.delete(where).status_code == 404
    for wrong in ({}, {"product": "a/b", "domain": "c"}, {"thing": 1}, {"query": "q="}, {"query": []}):
        assert consumer.post("/api/v1/subscriptions/", wrong, **SEND).status_code == 400


# --- searches


def searched(person: Any, query: str) -> Subscription:
    """Watch a search and let the clock ask it for the first time."""
    drain_marks()
    made = services.watch_search(actor=person, query=query)
    searches.check_due()
    return made


def later(hours: int = 1) -> list[str]:
    """What the watcher is told when the clock asks again."""
    drain_marks()
    searches.check_due(now=timezone.now() + dt.timedelta(hours=hours))
    fan_out_waiting()
    return list(Notification.objects.order_by("pk").values_list("notice__title", flat=True))


def add(cast: Cast, name: str, **fields: Any) -> DataProduct:
    product = make.make_product(name, domain=cast.playback, **fields)
    return edit_product(actor=None, product=product, purpose="Made just now.")


def test_new_match_is_told_once_and_what_was_there_is_not(cast: Cast) -> None:
    edit_product(actor=None, product=cast.play_events, purpose="What people play.")
    searched(cast.consumer, "q=play")
    assert later() == []
    add(cast, "Play lists")
    add(cast, "Something else")
    assert later(2) == ["Play lists is a new match"]
    edit_product(actor=None, product=cast.play_events, purpose="What people play, said anew.")
    assert later(3) == ["Play lists is a new match"]
    row = Notification.objects.get()
    assert (row.recipient, row.reason, row.notice.kind) == (cast.consumer, "recipient", Kind.SEARCH)


def test_search_finds_only_what_its_watcher_may_see(cast: Cast) -> None:
    searched(cast.consumer, "q=secretive")
    product = add(cast, "Secretive plays", visibility=Visibility.PRIVATE)
    assert later() == []
    edit_product(actor=cast.admin, product=product, visibility=Visibility.MESH)
    assert later(2) == ["Secretive plays is a new match"]


def test_look_alike_of_a_name_nobody_bears_is_no_match(cast: Cast) -> None:
    searched(cast.consumer, "q=qualitty")
    add(cast, "Quality of streams")
    assert later() == []


def test_many_new_matches_are_told_as_some_and_a_number(cast: Cast) -> None:
    searched(cast.consumer, "q=freshly")
    for number in range(searches.MOST_TOLD + 3):
        add(cast, f"Freshly made {number}")
    titles = later()
    assert len(titles) == searches.MOST_TOLD + 1
    assert titles[-1] == "3 more new matches of a search"
    assert later(2) == titles


def test_index_that_is_away_is_asked_again(cast: Cast) -> None:
    searched(cast.consumer, "q=play")
    add(cast, "Play lists")
    drain_marks()
    with mock.patch.object(type(get_backend()), "search", side_effect=IndexUnavailable("away")):
        assert searches.check_due(now=timezone.now() + dt.timedelta(hours=1)) == 1
    assert later(3) == ["Play lists is a new match"]


def test_searches_of_deactivated_people_rest(cast: Cast) -> None:
    searched(cast.consumer, "q=play")
    type(cast.consumer).objects.filter(pk=cast.consumer.pk).update(is_active=False)
    assert searches.check_due(now=timezone.now() + dt.timedelta(hours=1)) == 0
    assert not Notice.objects.filter(kind=Kind.SEARCH).exists()
