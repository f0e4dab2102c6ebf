"""Who has no business with a product meets it nowhere: not in lists, pictures, suggestions, nor at its address."""

import re

import pytest
from playwright.sync_api import expect

from catalog.search.services import rebuild_index
from tests import factories as make
from tests.journeys.conftest import PageFor
from tests.journeys.hands import HANDS
from tests.journeys.mesh import Mesh
from tests.journeys.watched import Watched

ADDRESS = "/products/playback/zanzibar-ledger/"
#: What only its own people may read. Nothing of it is part of an address or query the walk types.
SECRETS = ("Zanzibar ledger", "quokka counting", "wombat_key", "Numbat store", "bandicoot")
WALK = (
    "/",
    "/search/?q=zanzibar",
    "/search/?q=column:wombat",
    "/search/?q=quokka",
    "/products/",
    "/products/?q=zanzibar",
    "/products/?format=csv",
    "/domains/",
    "/domains/playback/",
    "/teams/",
    "/teams/playback-team/",
    "/lineage/",
    "/lineage/?node=product:playback/zanzibar-ledger",
    "/lineage/?node=product:listening/play-events&depth=2",
    "/map/",
    "/crawling/",
    "/crawling/sources/",
    "/connections/",
    ADDRESS,
    f"{ADDRESS}schema/",
    f"{ADDRESS}lineage/",
    f"{ADDRESS}settings/",
    f"{ADDRESS}activity/",
    "/api/v1/search/?q=zanzibar",
    "/api/v1/search/suggest/?q=zanz",
    "/api/v1/products/",
    "/api/v1/lineage/graph/?node=product:listening/play-events",
)


@pytest.fixture
def secret(mesh: Mesh) -> Mesh:
    """A private product of the Playback team that reads from, and is read by, what others may see."""
    store = make.make_connection("Numbat store", team=mesh.cast.playback_team)
    product = make.make_product(
        "Zanzibar ledger", domain=mesh.cast.playback, visibility="private", purpose="For quokka counting."
    )
    make.make_stewardship(product, mesh.cast.steward)
    schema = make.make_schema(make.make_asset(store, "bandicoot"), {"wombat_key": "string"})
    port = make.make_port(product, "bandicoot", connection=store, asset=schema.asset)
    make.make_input_port(product, mesh.plays)
    make.make_input_port(mesh.charts, port)
    rebuild_index()
    return mesh


@pytest.mark.parametrize("name", ["", "guest", "consumer"])
def test_stranger_sees_nothing_private_anywhere(page_for: PageFor, secret: Mesh, name: str) -> None:
    page = page_for(secret.cast.everybody().get(name)).page
    for path in WALK:
        response = page.request.get(path) if "csv" in path or "/api/" in path else page.goto(path)
        assert response is not None
        read = response.text() + ("" if "csv" in path or "/api/" in path else page.content())
        told = [words for words in SECRETS if words in read or words in plain(read)]
        assert not told, f"{path} tells {name or 'anybody'} of {told}"
        assert response.status < 500, f"{path} answered {response.status}"
        if path.startswith(ADDRESS) and name:
            assert response.status == 404, f"{path} answered {response.status}"
        if not name and "/api/" not in path:
            assert "/account/login/" in response.url, f"{path} is open"


@pytest.mark.parametrize("way", HANDS)
def test_stranger_looks_for_it_by_hand_and_finds_nothing(page_for: PageFor, secret: Mesh, way: str) -> None:
    visit = page_for(secret.cast.consumer)
    page, hand = visit.page, HANDS[way](visit.page)
    places = page.get_by_role("navigation", name="Main")
    visit.open("/")
    hand.write(page.locator("main [data-search]"), "quokka")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".hits")).to_have_count(0)
    assert_tells_nothing(visit)

    hand.follow(places.get_by_role("link", name="Products", exact=True))
    hand.write(page.get_by_label("Words in name or purpose"), "quokka")
    hand.follow(page.get_by_role("button", name="Filter", exact=True))
    expect(page.get_by_text("No product fits these filters")).to_be_visible()
    assert_tells_nothing(visit)

    hand.follow(places.get_by_role("link", name="Products", exact=True))
    hand.follow(page.get_by_role("main").get_by_role("link", name="Play events", exact=True))
    hand.follow(
        page.get_by_role("navigation", name="Parts of the product").get_by_role("link", name="Lineage")
    )
    hand.write(page.get_by_label("Find in the picture"), "zanzibar")
    hand.follow(page.get_by_role("button", name="Show", exact=True))
    expect(page.get_by_text("Nothing in the picture is called")).to_be_visible()
    assert_tells_nothing(visit)
    visit.assert_quiet()


@pytest.mark.parametrize("way", HANDS)
def test_refused_address_tells_nothing_and_leads_on_by_hand(
    page_for: PageFor, secret: Mesh, way: str
) -> None:
    visit = page_for(secret.cast.consumer)
    page, hand = visit.page, HANDS[way](visit.page)
    visit.open(ADDRESS, 404)
    assert_tells_nothing(visit)
    visit.assert_axe_clean()
    hand.write(page.locator("main [data-search]"), "zanzibar")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".hits")).to_have_count(0)
    assert_tells_nothing(visit)
    page.go_back()
    visit.forgive(404)
    hand.follow(page.get_by_role("main").get_by_role("link", name="Home", exact=True))
    assert_tells_nothing(visit)
    visit.assert_quiet()


def assert_tells_nothing(visit: Watched) -> None:
    """Nothing of the secrets is on the page, whole or marked in pieces."""
    read = visit.page.content()
    told = [words for words in SECRETS if words in read or words in plain(read)]
    assert not told, f"{visit.page.url} tells of {told}"


@pytest.mark.parametrize("name", ["guest", "consumer"])
def test_suggestions_do_not_finish_a_private_name(page_for: PageFor, secret: Mesh, name: str) -> None:
    visit = page_for(secret.cast.everybody()[name])
    visit.open("/domains/")
    page = visit.page
    page.keyboard.press("/")
    for letters in ("zanz", "womb", "quok"):
        page.locator("#search").fill("")
        with page.expect_response(lambda answer: "suggest" in answer.url):
            page.keyboard.type(letters)
        expect(page.get_by_role("option")).to_have_count(0)
    visit.assert_axe_clean()
    visit.assert_quiet()


def test_its_own_people_meet_it_on_the_same_walk(page_for: PageFor, secret: Mesh) -> None:
    """Otherwise the walks above would prove nothing."""
    page = page_for(secret.cast.steward).page
    for path in (
        *WALK[1:6],
        "/domains/playback/",
        "/lineage/?node=product:playback/zanzibar-ledger",
        ADDRESS,
    ):
        response = page.request.get(path)
        assert response.status == 200, f"{path} answered {response.status}"
        assert "Zanzibar ledger" in plain(response.text()), f"{path} hides it from its steward"


def plain(html: str) -> str:
    """The text without its elements: what matched a query is marked in the middle of names."""
    return re.sub(r"<[^>]+>", "", html)
