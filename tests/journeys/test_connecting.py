"""An owner connects a store, offers tables of it as a product, publishes, documents, and takes an edit back."""

import pytest
from playwright.sync_api import expect

from tests.journeys.hands import HANDS, Hand
from tests.journeys.running import BUSY, Running, sign_in
from tests.journeys.watched import Watched


@pytest.mark.slow
@pytest.mark.parametrize("way", HANDS)
def test_owner_brings_a_store_to_a_published_product(running: Running, visit: Watched, way: str) -> None:
    hand = HANDS[way](visit.page)
    store, product = f"Player beats by {way}", f"Heard by {way}"
    sign_in(visit, hand, "owner")
    connect(running, visit, hand, store)
    crawl(visit, hand)
    offer(visit, hand, product)
    publish(visit, hand, product)
    document_and_take_back(visit, hand)
    visit.assert_quiet()


def connect(running: Running, visit: Watched, hand: Hand, store: str) -> None:
    """A worker tests what was entered, step by step; only then there is something to save."""
    page = visit.page
    hand.follow(page.get_by_role("navigation", name="Main").get_by_role("link", name="Connections"))
    hand.follow(page.get_by_role("link", name="Connect a store").first)
    hand.follow(page.get_by_role("link", name="SQLite"))
    hand.write(page.get_by_label("Name"), store)
    hand.write(page.get_by_label("File"), running.store(store))
    hand.choose(page.get_by_label("Team"), "Listening team")
    visit.assert_axe_clean()
    hand.follow(page.get_by_role("button", name="Test the connection"))
    expect(page.get_by_text("Everything worked.")).to_be_visible(timeout=BUSY)
    expect(page.get_by_text("3 tables and views can be read.")).to_be_visible()
    visit.assert_axe_clean()
    assert running.count("catalog_connection", f"name = '{store}'") == 0
    hand.follow(page.get_by_role("button", name="Save connection"))
    expect(page.get_by_role("heading", name=store)).to_be_visible()
    visit.assert_axe_clean()


def crawl(visit: Watched, hand: Hand) -> None:
    page = visit.page
    hand.follow(page.get_by_role("button", name="Crawl now"))
    expect(page.locator("#run").get_by_text("succeeded")).to_be_visible(timeout=BUSY)
    hand.follow(page.get_by_role("link", name="Browse what is in"))


def offer(visit: Watched, hand: Hand, product: str) -> None:
    """Two of three tables become ports of a draft, their columns with them."""
    page = visit.page
    visit.assert_axe_clean()
    hand.tick(page.get_by_label("artists"))
    hand.tick(page.get_by_label("plays"))
    hand.write(page.get_by_label("Name of the new product"), product)
    hand.choose(page.get_by_label("Domain of the new product"), "Listening")
    hand.follow(page.get_by_role("button", name="Make draft ports"))
    expect(page.get_by_role("heading", name=product)).to_be_visible()
    expect(page.get_by_text("2 ports are made")).to_be_visible()
    expect(page.get_by_text("Not published")).to_be_visible()
    visit.assert_axe_clean()
    hand.follow(page.get_by_role("link", name="Schema"))
    expect(page.get_by_role("main")).to_contain_text("name")
    visit.assert_axe_clean()


def publish(visit: Watched, hand: Hand, product: str) -> None:
    """What is missing is said, filled in one place each, and then the button is there."""
    page = visit.page
    hand.follow(page.get_by_role("link", name="Settings"))
    hand.follow(page.get_by_role("link", name="Lifecycle"))
    main = page.get_by_role("main")
    for missing in ("Name a business owner.", "Name a technical owner.", "Say in a sentence"):
        expect(main.get_by_text(missing).first).to_be_visible()
    publishing = page.get_by_role("button", name="Publish")
    expect(publishing).to_have_count(0)
    visit.assert_axe_clean()
    hand.follow(page.get_by_role("link", name="People"))
    hand.write(page.get_by_label("Business owner"), "owner")
    hand.write(page.get_by_label("Technical owner"), "owner")
    hand.follow(page.get_by_role("button", name="Save"))
    hand.follow(page.get_by_role("link", name="Documentation"))
    hand.write(page.get_by_label("Purpose"), "Who heard what.")
    hand.follow(page.get_by_role("button", name="Save"))
    expect(page.get_by_text("Nothing is missing.")).to_be_visible()
    hand.follow(page.get_by_role("link", name="Publish it"))
    hand.follow(publishing)
    expect(page.get_by_text(f"{product} is active now.")).to_be_visible()


def document_and_take_back(visit: Watched, hand: Hand) -> None:
    page = visit.page
    hand.follow(page.get_by_role("link", name="Documentation"))
    hand.write(page.get_by_label("Description"), "A **row** a play, ten seconds or longer.")
    hand.follow(page.get_by_role("button", name="Preview"))
    expect(page.locator("#preview strong")).to_have_text("row")
    visit.assert_axe_clean()
    hand.follow(page.get_by_role("button", name="Save"))
    hand.follow(page.get_by_role("link", name="Documentation"))
    hand.write(page.get_by_label("Description"), "Nonsense.")
    hand.follow(page.get_by_role("button", name="Save"))
    hand.follow(page.get_by_role("link", name="History", exact=True))
    newest, before = page.locator(".version").nth(0), page.locator(".version").nth(1)
    expect(newest).to_contain_text("Nonsense")
    visit.assert_axe_clean()
    hand.follow(before.get_by_role("button", name="Restore this version"))
    expect(newest).to_contain_text("ten seconds or longer")
    hand.follow(page.get_by_role("link", name="Overview"))
    expect(page.get_by_text("A row a play, ten seconds or longer.")).to_be_visible()
    expect(page.get_by_text("Nonsense.")).to_have_count(0)
    visit.assert_axe_clean()
