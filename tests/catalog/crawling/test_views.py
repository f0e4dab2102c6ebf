"""Pages of crawling: who sees which run, buttons, progress, the health of sources."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.connections.models import Connection
from catalog.crawling.models import CrawlRun
from tests import factories as make
from tests.catalog.crawling.conftest import NOW, Store
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
PORT = "/products/listening/play-events/ports/plays/1.0.0/"


def get(client: Client, person: Any, address: str) -> Any:
    client.force_login(person)
    return client.get(address)


def post(client: Client, person: Any, address: str, **data: Any) -> Any:
    client.force_login(person)
    return client.post(address, data)


@pytest.mark.parametrize(
    ("name", "sees"),
    [("owner", True), ("steward", False), ("consumer", False), ("guest", False), ("admin", True)],
)
def test_runs_of_a_source_are_for_its_team(
    client: Client, cast: Cast, store: Store, name: str, sees: bool
) -> None:
    run = store.crawl()
    person = cast.everybody()[name]
    listing = get(client, person, "/crawling/")
    assert listing.status_code == 200
    assert (b"Store plays" in listing.content) == sees
    assert get(client, person, f"/crawling/{run.pk}/").status_code == (200 if sees else 404)
    assert (b"Store plays" in get(client, person, "/crawling/sources/").content) == sees


def test_run_of_a_port_is_seen_with_its_product_without_naming_the_source(
    client: Client, cast: Cast, store: Store
) -> None:
    run = store.crawl(port=cast.play_events.output_ports.get())
    page = get(client, cast.consumer, f"/crawling/{run.pk}/")
    assert page.status_code == 200
    assert b"A source of another team" in page.content
    assert b"Store plays" not in page.content
    assert b"Crawl again" not in page.content
    cast.play_events.visibility = "private"
    cast.play_events.save()
    assert get(client, cast.consumer, f"/crawling/{run.pk}/").status_code == 404


def test_anonymous_is_sent_to_the_login(client: Client, store: Store) -> None:
    for address in ("/crawling/", "/crawling/sources/", f"/crawling/{store.crawl().pk}/"):
        assert client.get(address).status_code == 302


def test_failure_is_shown_with_its_remedy_and_can_be_retried(
    client: Client, cast: Cast, store: Store
) -> None:
    store.path.rename(store.path.with_suffix(".away"))
    run = store.crawl(timezone.now())
    for address in ("/crawling/?status=failing", f"/crawling/{run.pk}/"):
        text = get(client, cast.owner, address).content.decode()
        assert run.error in text
        assert run.remedy in text
    answer = post(client, cast.owner, f"/crawling/{run.pk}/retry/")
    again = CrawlRun.objects.get(status="queued", trigger="manual")
    assert answer["Location"] == f"/crawling/{again.pk}/"


def test_live_table_asks_for_itself_only_while_something_is_at_work(
    client: Client, cast: Cast, store: Store
) -> None:
    assert b"every 3s" not in get(client, cast.owner, "/crawling/").content
    post(client, cast.owner, f"/crawling/sources/{store.connection.slug}/crawl/")
    assert b"every 3s" in get(client, cast.owner, "/crawling/").content


@pytest.mark.parametrize(
    ("query", "status"),
    [("status=failing", 200), ("status=nonsense", 400), ("connection=nowhere", 400), ("kind=x", 200)],
)
def test_filters_are_understood_or_refused(
    client: Client, cast: Cast, store: Store, query: str, status: int
) -> None:
    assert get(client, cast.owner, f"/crawling/?{query}").status_code == status


@pytest.mark.parametrize(
    ("name", "connection", "port", "product"),
    [
        ("owner", 302, 302, 302),
        ("steward", 404, 403, 403),
        ("consumer", 404, 403, 403),
        ("guest", 404, 404, 404),
        ("admin", 302, 302, 302),
    ],
)
def test_who_may_press_crawl_now(
    client: Client, cast: Cast, store: Store, name: str, connection: int, port: int, product: int
) -> None:
    person = cast.everybody()[name]
    before = CrawlRun.objects.count()
    assert post(client, person, f"/crawling/sources/{store.connection.slug}/crawl/").status_code == connection
    assert post(client, person, f"{PORT}crawl/").status_code == port
    assert post(client, person, "/products/listening/play-events/crawl/").status_code == product
    assert (CrawlRun.objects.count() > before) == (connection == 302)


def test_buttons_take_no_get(client: Client, cast: Cast, store: Store) -> None:
    run = store.crawl()
    for address in (f"{PORT}crawl/", f"/crawling/{run.pk}/retry/", f"/crawling/{run.pk}/cancel/"):
        assert get(client, cast.owner, address).status_code == 405


def test_port_page_explains_every_point_and_offers_the_crawl(
    client: Client, cast: Cast, store: Store
) -> None:
    assert b"Not measured yet." in get(client, cast.owner, PORT).content
    store.crawl(timezone.now())
    text = get(client, cast.owner, PORT).content.decode()
    assert "100 points" in text
    assert "No schema is declared, so there is no promise to compare with." in text
    assert "Crawl now" in text
    assert "Crawl now" not in get(client, cast.consumer, PORT).content.decode()


def test_buttons_are_offered_to_those_who_may_press_them(client: Client, cast: Cast, store: Store) -> None:
    product, connection = "/products/listening/play-events/", f"/connections/{store.connection.slug}/"
    assert b"Crawl now" in get(client, cast.owner, product).content
    assert b"Crawl now" in get(client, cast.owner, connection).content
    assert b"Crawl now" not in get(client, cast.consumer, product).content
    Connection.objects.update(is_paused=True)
    assert b"Crawl now" not in get(client, cast.owner, product).content
    assert b"Crawl now" not in get(client, cast.owner, connection).content


def test_port_that_cannot_be_crawled_says_why(client: Client, cast: Cast, store: Store) -> None:
    Connection.objects.update(is_paused=True)
    answer = post(client, cast.owner, f"{PORT}crawl/", next=PORT)
    assert answer["Location"] == PORT
    assert b"paused" in get(client, cast.owner, PORT).content


def test_next_leads_nowhere_else(client: Client, cast: Cast, store: Store) -> None:
    Connection.objects.update(is_paused=True)
    assert post(client, cast.owner, f"{PORT}crawl/", next="https://example.org/")["Location"] == "/crawling/"


def test_cancelling_by_hand(client: Client, cast: Cast, store: Store) -> None:
    post(client, cast.owner, f"{PORT}crawl/")
    run = CrawlRun.objects.get(status="queued")
    assert post(client, cast.consumer, f"/crawling/{run.pk}/cancel/").status_code == 403
    post(client, cast.owner, f"/crawling/{run.pk}/cancel/")
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert post(client, cast.owner, f"/crawling/{run.pk}/cancel/").status_code == 302


def test_strip_tells_each_day_in_words(client: Client, cast: Cast, store: Store) -> None:
    today = timezone.now()
    store.crawl(today)
    store.path.rename(store.path.with_suffix(".away"))
    store.crawl(today - timedelta(days=2))
    text = get(client, cast.owner, "/crawling/sources/").content.decode()
    assert text.count("<rect") == 30
    assert "The last 30 days: 1 without trouble, 1 failed, 28 without a crawl." in text


def test_queries_do_not_grow_with_the_runs(
    client: Client, cast: Cast, store: Store, django_assert_max_num_queries: Any
) -> None:
    port = cast.play_events.output_ports.get()
    counts = []
    for size in (5, 45):
        for number in range(size):
            CrawlRun.objects.create(
                connection=make.make_connection(team=cast.listening_team) if number % 2 else store.connection,
                port=port if number % 3 == 0 else None,
                status="failed",
                trigger="manual",
                requested_by=cast.owner,
                queued_at=NOW,
                due_at=NOW,
            )
        sizes = []
        for address in ("/crawling/", "/crawling/sources/"):
            client.force_login(cast.owner)
            with django_assert_max_num_queries(40) as captured:
                assert client.get(address).status_code == 200
            sizes.append(len(captured))
        counts.append(sizes)
    assert counts[0] == counts[1]


def test_nobody_without_sources_is_left_without_words(client: Client, cast: Cast) -> None:
    assert b"Nothing you may see was crawled yet" in get(client, cast.consumer, "/crawling/").content
    assert b"No source you may see" in get(client, cast.consumer, "/crawling/sources/").content


@pytest.mark.parametrize(("name", "named"), [("owner", True), ("admin", True), ("consumer", False)])
def test_runs_as_a_file_name_only_sources_one_may_see(
    client: Client, cast: Cast, store: Store, name: str, named: bool
) -> None:
    run = store.crawl(port=cast.play_events.output_ports.get())
    answer = get(client, cast.everybody()[name], "/crawling/?format=csv")
    line = next(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert (line["run"], line["product"]) == (str(run.pk), "listening/play-events")
    assert (line["source"] == store.connection.name) is named
    assert line["unchanged"] == str(run.counts["unchanged"])


def test_sources_as_a_file_are_those_one_may_see(client: Client, cast: Cast, store: Store) -> None:
    store.crawl()
    text = get(client, cast.owner, "/crawling/sources/?format=csv").getvalue().decode()
    assert [line["key"] for line in csv.DictReader(io.StringIO(text))] == [store.connection.slug]
    assert len(get(client, cast.consumer, "/crawling/sources/?format=csv").getvalue().splitlines()) == 1
