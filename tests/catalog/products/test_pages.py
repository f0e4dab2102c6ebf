"""The reading pages of products: what they show to whom, and in how many queries."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.products.versions import version_key
from tests import factories as make
from tests.conftest import Cast

PAGE = "/products/listening/play-events/"


def page(client: Client, user: object, url: str = PAGE, status: int = 200) -> str:
    client.force_login(user)  # type: ignore[arg-type]
    response = client.get(url)
    assert response.status_code == status, response.content[:400]
    return response.content.decode()


def test_every_member_reads_a_published_product(client: Client, cast: Cast) -> None:
    for user in (cast.owner, cast.steward, cast.consumer, cast.admin):
        assert "Play events" in page(client, user)


def test_guest_gets_no_sign_of_it(client: Client, cast: Cast) -> None:
    assert "Play events" not in page(client, cast.guest, status=404)


def test_draft_is_hidden_from_members_and_marked_for_its_people(client: Client, cast: Cast) -> None:
    draft = make.make_product("Secret plan", domain=cast.listening, lifecycle="draft")
    url = f"/products/listening/{draft.slug}/"
    assert "only the people who work on it see it" in page(client, cast.owner, url)
    assert "Secret plan" not in page(client, cast.consumer, url, status=404)


def test_purpose_is_rendered_safely(client: Client, cast: Cast) -> None:
    cast.play_events.purpose = "Plays **only** <script>alert(1)</script> [x](javascript:alert(2))"
    cast.play_events.save()
    html = page(client, cast.consumer)
    assert "<strong>only</strong>" in html
    assert "<script>alert" not in html
    assert 'href="javascript' not in html


def test_hostile_names_are_escaped(client: Client, cast: Cast) -> None:
    product = make.make_product('"><img src=x> 日本 🎧', slug="日本", domain=cast.listening)
    make.make_port(product, "名前", location="'\"><script>x</script>")
    html = page(client, cast.consumer, "/products/listening/日本/")
    assert "<img src=x>" not in html
    assert "<script>x" not in html
    assert "日本 🎧" in html


def test_deprecated_product_names_successor_and_day(client: Client, cast: Cast) -> None:
    cast.play_events.lifecycle = "deprecated"
    cast.play_events.successor = cast.playback_quality
    cast.play_events.sunset_at = timezone.localdate() + dt.timedelta(days=30)
    cast.play_events.save()
    html = page(client, cast.consumer)
    assert 'href="/products/playback/playback-quality/"' in html
    assert "It ends on" in html


def test_successor_the_reader_may_not_see_is_not_named(client: Client, cast: Cast) -> None:
    hidden = make.make_product("Hidden successor", domain=cast.playback, visibility="private")
    cast.play_events.lifecycle = "deprecated"
    cast.play_events.successor = hidden
    cast.play_events.save()
    assert "Hidden successor" not in page(client, cast.consumer)


def test_neighbours_the_reader_may_not_see_are_counted_not_named(client: Client, cast: Cast) -> None:
    port = make.make_port(cast.play_events, "plays")
    private = make.make_product("Private use", domain=cast.playback, visibility="private")
    public = make.make_product("Public use", domain=cast.playback)
    for consumer in (private, public):
        make.make_input_port(consumer, port)
    hidden_source = make.make_port(private, "private-port")
    make.make_input_port(cast.play_events, hidden_source, name="something-upstream")
    html = page(client, cast.consumer)
    assert "Public use" in html
    assert "Private use" not in html
    assert "private-port" not in html
    assert "you may not see" in html
    assert "Private use" in page(client, cast.admin)


def test_access_is_explained_with_people_and_channel(client: Client, cast: Cast) -> None:
    cast.listening_team.channel = "#listening-data"
    cast.listening_team.save()
    assert "Request access" in page(client, cast.consumer)
    html = client.get("/products/listening/play-events/access/").content.decode()
    assert "#listening-data" in html
    assert str(cast.owner) in html


def test_port_page_shows_what_was_read_and_how_to_connect(client: Client, cast: Cast) -> None:
    store = make.make_connection(kind="sqlite", config={"path": "plays.db"})
    asset = make.make_asset(store, "plays", address={"table": "plays"})
    asset.readings.create(read_at=timezone.now(), is_reachable=True, row_count=1234)
    make.make_port(cast.play_events, "plays", version="1.0.0", connection=store, asset=asset)
    html = page(client, cast.consumer, f"{PAGE}ports/plays/1.0.0/")
    assert "sqlite3 -readonly plays.db" in html
    assert "1,234" in html


def test_port_that_is_not_there_is_404(client: Client, cast: Cast) -> None:
    make.make_port(cast.play_events, "plays", version="1.0.0")
    page(client, cast.consumer, f"{PAGE}ports/plays/9.9.9/", status=404)
    page(client, cast.consumer, f"{PAGE}ports/nothing/1.0.0/", status=404)


def test_vanished_source_and_failed_reading_are_said(client: Client, cast: Cast) -> None:
    asset = make.make_asset(vanished_at=timezone.now())
    asset.readings.create(
        read_at=timezone.now(), is_reachable=False, error="Connection refused.", remedy="Start the server."
    )
    make.make_port(cast.play_events, "plays", version="1.0.0", asset=asset)
    html = page(client, cast.consumer, f"{PAGE}ports/plays/1.0.0/")
    assert "The source has vanished" in html
    assert "Start the server." in html


def test_queries_do_not_grow_with_ports_and_neighbours(client: Client, cast: Cast) -> None:
    counts = []
    for size in (5, 50):
        product = make.make_product(f"Sized {size}", domain=cast.listening)
        for number in range(size):
            port = make.make_port(product, f"port-{number}", asset=make.make_asset())
            make.make_input_port(make.make_product(domain=cast.playback), port)
            make.make_input_port(product, make.make_port(make.make_product(domain=cast.playback)))
            make.make_stewardship(product, make.make_user())
        client.force_login(cast.consumer)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/products/listening/{product.slug}/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 27, counts


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.9.0", "1.10.0"), ("2.0.0-rc.1", "2.0.0"), ("2.0.0-alpha", "2.0.0-beta"), ("2.0.0-2", "2.0.0-10")],
)
def test_versions_order_as_semver_says(older: str, newer: str) -> None:
    assert version_key(older) < version_key(newer)
