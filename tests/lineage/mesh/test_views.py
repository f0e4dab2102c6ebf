"""The map's pages: markup, tables, tiles, search, exports, API; hostile names, bad addresses, steady queries."""

import json
import xml.etree.ElementTree as ET

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.search.backends.base import SearchBackend
from catalog.search.services import rebuild_index
from tests import factories as make
from tests.conftest import Cast
from tests.factories.mesh import Size, make_mesh

pytestmark = pytest.mark.django_db


@pytest.fixture
def connected(cast: Cast) -> Cast:
    """Play events feeds Playback quality, which feeds a private product."""
    make.make_input_port(cast.playback_quality, make.make_port(cast.play_events, "plays"))
    secret = make.make_product("Secret merger", domain=cast.playback, visibility="private")
    make.make_input_port(secret, make.make_port(cast.playback_quality, "quality"))
    return cast


def page(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, response.content[:500]
    return response.content.decode()


def test_picture_and_tables_say_the_same(client: Client, connected: Cast) -> None:
    client.force_login(connected.consumer)
    text = page(client, "/map/")
    assert text.count('class="p ') == 2
    assert 'data-from="listening/play-events"' in text
    assert "<title>Listening feeds Playback once</title>" in text
    tables = text[text.index('id="map-domains-title"') :]
    assert '<td><a href="/domains/listening/">Listening</a></td><td><a href="/domains/playback/">' in tables
    assert "Playback quality" in tables
    assert "ecret" not in text


def test_no_style_attribute_and_no_script_in_the_markup(client: Client, connected: Cast) -> None:
    client.force_login(connected.consumer)
    text = page(client, "/map/?level=port&lens=owner")
    main = text[text.index("data-map-page") :]
    assert " style=" not in main
    assert "<script" not in main


@pytest.mark.parametrize("name", ['<script>alert("x")</script>', "a'b\"c/d\\e&f", "日本 🎧"])
def test_hostile_names_are_drawn_as_text(client: Client, cast: Cast, name: str) -> None:
    team = make.make_team(name, slug="odd-team")
    domain = make.make_domain(name, slug="ödd", team=team)
    product = make.make_product(name, slug="日本", domain=domain, team=team)
    make.make_input_port(product, make.make_port(cast.play_events))
    make.make_input_port(cast.play_events, make.make_port(product))
    client.force_login(cast.consumer)
    for query in ("?lens=owner&level=port", "?level=domain", "?focus=product:ödd/日本"):
        assert "<script>alert" not in page(client, f"/map/{query}")
        exported = client.get(f"/map/export.svg{query}")
        assert exported["Content-Type"] == "image/svg+xml"
        ET.fromstring(exported.content)  # noqa: S314  # our own answer
    tile = client.get("/map/tile/", {"domain": "ödd"})
    root = ET.fromstring(f"<svg>{tile.content.decode()}</svg>")  # noqa: S314
    link = next(root.iter("a"))
    assert link.get("aria-label") == name
    assert client.get(link.get("href") or "").status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?level=galaxy", 400), ("?lens=beauty", 400), ("?focus=asset:1", 400), ("?focus=product:no/where", 404),
        ("?focus=domain:nowhere", 404), ("?open=gone&open=" + "x" * 3000, 200), ("?page=99999", 200), ("?page=x", 200),
        ("?focus=port:listening/play-events/none/1.0.0", 404), ("?q=" + "%00", 400),
    ],
)  # fmt: skip
def test_bad_addresses_are_answered_not_crashed(client: Client, cast: Cast, query: str, status: int) -> None:
    client.force_login(cast.consumer)
    page(client, f"/map/{query}", status)


def test_states_stand_in_the_markup_as_shape_and_word(client: Client, connected: Cast) -> None:
    client.force_login(connected.consumer)
    text = page(client, "/map/?lens=quality")
    assert text.count('<use href="#cell-hollow"/>') == 2
    assert 'aria-label="Play events: not measured"' in text
    assert 'class="segment hollow is-unknown"' in page(client, "/map/?lens=quality&level=domain")


def test_focus_lights_its_dependencies_without_a_script(client: Client, connected: Cast) -> None:
    client.force_login(connected.consumer)
    text = page(client, "/map/?focus=product:listening/play-events")
    assert text.count('class="edge"') == 1
    assert "Play events on the map" in text
    assert 'class="p full is-plain focus"' in text


def test_search_shows_the_first_place_and_lists_the_others(
    client: Client, connected: Cast, search_index: SearchBackend
) -> None:
    rebuild_index()
    client.force_login(connected.consumer)
    text = page(client, "/map/?q=play&lens=quality")
    assert "focus=domain:playback" in text
    assert "Playback on the map" in text
    assert "Play events" in text[text.index("map-found") : text.index("map-legend")]
    assert "Nothing on the map is called" in page(client, "/map/?q=zzzz")
    found = page(client, "/map/find/?q=secr") + page(client, "/map/?q=secret")
    assert "ecret merger" not in found
    assert 'data-focus="product:listening/play-events"' in page(client, "/map/find/?q=play ev")
    assert 'data-focus="port:listening/play-events/plays/1.0.0"' in page(client, "/map/find/?q=plays")


def test_a_domain_without_anything_to_see_is_not_found(
    client: Client, cast: Cast, search_index: SearchBackend
) -> None:
    make.make_product("Merger", domain=make.make_domain("Vault"), visibility="private")
    rebuild_index()
    client.force_login(cast.consumer)
    assert "Vault" not in page(client, "/map/find/?q=vault")
    assert client.get("/map/tile/?domain=vault").status_code == 404
    client.force_login(cast.admin)
    assert "Vault" in page(client, "/map/find/?q=vault")


def test_api_gives_areas_flows_and_products(client: Client, connected: Cast) -> None:
    client.force_login(connected.consumer)
    found = client.get("/api/v1/lineage/map/").json()
    assert {area["slug"]: area["products"] for area in found["domains"]} == {"listening": 1, "playback": 1}
    assert found["flows"] == [{"upstream": "listening", "downstream": "playback", "weight": 1}]
    assert (found["products"], found["level"], found["truncated"]) == ([], "domain", False)
    found = client.get("/api/v1/lineage/map/?level=port&lens=lifecycle").json()
    quality = next(
        product for product in found["products"] if product["key"] == "product:playback/playback-quality"
    )
    assert quality["made_from"] == ["product:listening/play-events"]
    assert quality["state"] == "active"
    assert quality["ports"] == ["port:playback/playback-quality/quality/1.0.0"]
    one = client.get("/api/v1/lineage/map/?domain=playback").json()
    assert [product["key"] for product in one["products"]] == ["product:playback/playback-quality"]
    assert "ecret" not in json.dumps(found)
    for wrong in ("?odd=1", "?lens=x", "?level=x"):
        assert client.get(f"/api/v1/lineage/map/{wrong}").status_code == 400
    assert client.get("/api/v1/lineage/map/?domain=nowhere").status_code == 404


def test_exports_are_what_is_shown(client: Client, connected: Cast) -> None:
    client.force_login(connected.consumer)
    assert client.get("/map/export.json?level=product").json() == client.get(
        "/api/v1/lineage/map/?level=product"
    ).json() | {"level": "product"}
    text = client.get("/map/export.csv").getvalue().decode()  # type: ignore[attr-defined]
    assert text.splitlines()[1] == "listening,Listening,playback,Playback,1"


@pytest.mark.parametrize(
    "url",
    [
        "/map/?lens=owner",
        "/map/?level=port&lens=freshness",
        "/map/?level=domain&lens=quality",
        "/map/tile/?domain=domain-0",
    ],
)
def test_pages_ask_no_more_for_a_larger_mesh(client: Client, cast: Cast, url: str) -> None:
    client.force_login(cast.consumer)
    counts = []
    for size in (Size(20, 30), Size(200, 400)):
        make_mesh_anew(size)
        with CaptureQueriesContext(connection) as queries:
            page(client, url)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def make_mesh_anew(size: Size) -> None:
    """The same domains every time, with more in them."""
    from catalog.domains.models import Domain
    from catalog.products.models import DataProduct

    DataProduct.objects.filter(domain__slug__startswith="domain-").delete()
    Domain.objects.filter(slug__startswith="domain-").delete()
    make_mesh(size)
