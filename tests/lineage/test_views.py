"""Pages of lineage: the picture and its table, exports, the product's tab, the map; rights and bad addresses."""

import csv
import io
import json
import xml.etree.ElementTree as ET

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.products.models import DataProduct
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PLAYS = "/lineage/?node=product:listening/play-events"


@pytest.fixture
def connected(cast: Cast) -> Cast:
    """Play events feeds Playback quality, which feeds a private product."""
    make.make_input_port(cast.playback_quality, make.make_port(cast.play_events, "plays"))
    secret = make.make_product("Secret merger", domain=cast.playback, visibility="private")
    make.make_input_port(secret, make.make_port(cast.playback_quality, "quality"))
    return cast


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, response.content[:500]
    return response.content.decode()


def test_picture_and_table_say_the_same(client: Client, connected: Cast) -> None:
    client.force_login(connected.consumer)
    text = page(client, PLAYS)
    assert text.count('class="box ') == 2
    assert 'data-up="product:listening/play-events" data-down="product:playback/playback-quality"' in text
    table = text[text.index('id="lineage-table-title"') :]
    assert "Playback quality" in table
    assert "downstream" in table


def test_private_neighbour_is_counted_and_never_named(client: Client, connected: Cast) -> None:
    client.force_login(connected.consumer)
    for url in (PLAYS + "&depth=9", "/map/", "/lineage/", "/products/playback/playback-quality/lineage/"):
        assert "ecret" not in page(client, url), url
    assert "1 you may not see" in page(client, PLAYS)
    exported = client.get("/lineage/export.json?node=product:playback/playback-quality").json()
    assert "ecret" not in json.dumps(exported)
    client.force_login(connected.steward)
    assert "Secret merger" in page(client, PLAYS + "&depth=9")


@pytest.mark.parametrize("level", ["product", "port", "column", "domain"])
def test_what_lies_behind_a_hidden_product_is_drawn_and_the_hidden_one_has_no_name(
    client: Client, connected: Cast, level: str
) -> None:
    secret = DataProduct.objects.get(name="Secret merger")
    third = make.make_product("Third", domain=connected.listening)
    make.make_input_port(third, make.make_port(secret, "secret-port"))
    client.force_login(connected.consumer)
    query = f"node=product:playback/playback-quality&level={level}&expand=product:listening"
    text = page(client, f"/lineage/?{query}")
    assert text.count("Something you may not see</text>") == 1
    assert 'data-up="product:playback/playback-quality" data-down="unnamed:1"' in text
    assert 'data-up="unnamed:1" data-down="product:listening/third"' in text
    assert "Playback quality → <em>something you may not see</em> → Third" in text
    assert "Playback quality → something you may not see → Third" in text  # by way of, in the table
    assert "1 you may not see" not in text
    files = {form: client.get(f"/lineage/export.{form}?{query}") for form in ("json", "svg", "csv", "mmd")}
    assert files["json"].json()["unnamed"] == [
        {"upstream": ["product:playback/playback-quality"], "downstream": ["product:listening/third"]}
    ]
    for form, answer in files.items():
        content = answer.getvalue().decode()  # type: ignore[attr-defined]
        assert "Third" in content, form
        assert "ecret" not in content, form
        assert form == "json" or "omething you may not see" in content, form
    assert "ecret" not in text
    client.force_login(connected.admin)
    text = page(client, f"/lineage/?{query}&depth=2")
    assert "may not see" not in text
    assert "Secret merger" in text


def test_port_level_shows_ports_and_a_port_can_be_the_focus(client: Client, connected: Cast) -> None:
    client.force_login(connected.consumer)
    text = page(client, PLAYS + "&level=port")
    assert "plays 1.0.0" in text
    text = page(client, "/lineage/?node=port:listening/play-events/plays/1.0.0&level=port")
    assert 'class="port focus"' in text


def test_opening_is_a_link_that_keeps_the_view(client: Client, connected: Cast) -> None:
    third = make.make_product("Third", domain=connected.playback)
    make.make_input_port(third, connected.playback_quality.output_ports.get())
    client.force_login(connected.consumer)
    text = page(client, PLAYS)
    assert "open=downstream:playback/playback-quality" in text
    opened = page(client, PLAYS + "&open=downstream:playback/playback-quality")
    assert ">Third<" in opened
    assert "close=downstream:playback/playback-quality" in opened


def test_cycle_is_named_above_the_picture(client: Client, connected: Cast) -> None:
    make.make_input_port(connected.play_events, connected.playback_quality.output_ports.get())
    client.force_login(connected.consumer)
    text = page(client, PLAYS)
    assert "feed each other" in text
    assert 'class="edge cycle"' in text


@pytest.mark.parametrize(
    "name", ['<script>alert("x")</script>', "Ünïcödé 東京 🎧", "a'b\"c/d\\e&f", "‮reversed"]
)
def test_hostile_names_are_drawn_as_text(client: Client, cast: Cast, name: str) -> None:
    make.make_input_port(
        make.make_product(name, slug="odd", domain=cast.playback), make.make_port(cast.play_events)
    )
    client.force_login(cast.consumer)
    text = page(client, PLAYS)
    assert "<script>alert" not in text
    exported = client.get("/lineage/export.svg?node=product:listening/play-events")
    assert exported["Content-Type"] == "image/svg+xml"
    root = ET.fromstring(exported.content)  # noqa: S314  # our own answer
    titles = {title.text for title in root.iter("{http://www.w3.org/2000/svg}title")}
    assert name in titles


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("node=nonsense", 400), ("node=product:a", 400), ("node=product:no/where", 404), ("node=asset:1", 400),
        ("node=port:listening/play-events/none/1.0.0", 404), ("node=product:listening/play-events&depth=11", 400),
        ("node=product:listening/play-events&depth=-1", 400), ("node=product:listening/play-events&depth=²", 400),
        ("node=product:listening/play-events&direction=up", 400), ("node=product:listening/play-events&level=x", 400),
        ("node=product:listening/play-events&open=downstream:gone/gone", 200),
        ("node=product:listening/play-events&open=" + "x" * 3000, 200),
    ],
)  # fmt: skip
def test_bad_addresses_are_answered_not_crashed(client: Client, cast: Cast, query: str, status: int) -> None:
    client.force_login(cast.consumer)
    assert client.get(f"/lineage/?{query}").status_code == status
    assert client.get(f"/lineage/export.json?{query}").status_code == status
    assert client.get(f"/api/v1/lineage/graph/?{query.split('&open')[0]}").status_code == status


def test_api_gives_nodes_edges_and_what_is_left_out(client: Client, connected: Cast) -> None:
    client.force_login(connected.consumer)
    graph = client.get("/api/v1/lineage/graph/?node=product:playback/playback-quality&direction=both").json()
    assert [edge["port"] for edge in graph["edges"]] == ["port:listening/play-events/plays/1.0.0"]
    nodes = {node["key"]: node for node in graph["nodes"]}
    assert nodes["product:playback/playback-quality"]["hidden"] == {"upstream": 0, "downstream": 1}
    assert nodes["product:listening/play-events"]["distance"] == -1
    same = client.get("/api/v1/products/playback/playback-quality/lineage/").json()
    assert same == graph
    assert (
        client.get("/api/v1/lineage/graph/?node=product:playback/playback-quality&odd=1").status_code == 400
    )


def test_guest_and_stranger_see_nothing(client: Client, connected: Cast) -> None:
    assert client.get(PLAYS).status_code == 302
    client.force_login(connected.guest)
    assert client.get(PLAYS).status_code == 404
    for url in ("/map/", "/lineage/"):
        text = page(client, url)
        assert "Listening" not in text
        assert "Play events" not in text


@pytest.mark.parametrize("url", [PLAYS + "&level=port", "/map/", "/lineage/"])
def test_pages_ask_no_more_for_fifty_neighbours_than_for_five(
    client: Client, connected: Cast, url: str
) -> None:
    port = connected.play_events.output_ports.get()
    client.force_login(connected.consumer)
    counts = []
    for wanted in (5, 50):
        while port.consumed_by.count() < wanted:
            product = make.make_product(domain=make.make_domain())
            make.make_port(product)
            make.make_input_port(product, port)
        with CaptureQueriesContext(connection) as queries:
            page(client, url)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_table_as_a_file_counts_and_never_names_what_one_may_not_see(client: Client, connected: Cast) -> None:
    client.force_login(connected.consumer)
    answer = client.get("/lineage/export.csv?node=product:playback/playback-quality")
    text = answer.getvalue().decode()  # type: ignore[attr-defined]
    lines = {line["key"]: line for line in csv.DictReader(io.StringIO(text))}
    assert lines["product:listening/play-events"]["where"] == "upstream"
    assert lines["product:playback/playback-quality"]["not_visible"] == "1"
    assert "ecret" not in text
