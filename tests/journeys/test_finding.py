"""An analyst remembers a column, spells it wrongly, and is led to the product that has it."""

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PageFor
from tests.journeys.hands import HANDS
from tests.journeys.mesh import Mesh

WRONG, RIGHT = "custmer_emial", "customer_email"


@pytest.mark.parametrize("way", HANDS)
def test_analyst_finds_a_product_by_a_misspelt_column(page_for: PageFor, mesh: Mesh, way: str) -> None:
    visit = page_for(mesh.cast.consumer)
    page, hand = visit.page, HANDS[way](visit.page)
    visit.open("/")
    page.keyboard.press("/")
    box = page.locator("main [data-search]")
    expect(box).to_be_focused()
    page.keyboard.type(WRONG)
    option = page.get_by_role("option", name=RIGHT).first
    expect(option).to_be_visible()
    visit.assert_axe_clean()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(option).to_be_hidden()
    with page.expect_navigation():
        page.keyboard.press("Enter")

    for word in WRONG.split("_"):
        expect(page.locator(".spelling").filter(has_text=f"Nobody uses {word}")).to_be_visible()
    hit = page.locator(".hit").filter(has=page.get_by_role("link", name="Play events", exact=True))
    why = hit.get_by_role("list", name="Why it matched")
    expect(why).to_contain_text(f"{RIGHT} matches")
    visit.assert_axe_clean()
    hand.follow(hit.get_by_role("link", name="Play events", exact=True))
    expect(page.get_by_role("heading", name="Play events", level=1)).to_be_visible()
    visit.assert_axe_clean()

    page.go_back()
    hand.follow(why.get_by_role("link", name=RIGHT))
    expect(page.get_by_role("navigation", name="Parts of the product").get_by_text("Schema")).to_be_visible()
    expect(page.locator("[data-selected]")).to_contain_text(RIGHT)
    expect(page.locator("[data-selected]")).to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")  # what the bar covers half is not what axe is asked about
    visit.assert_axe_clean()
    visit.assert_quiet()


def test_suggestion_chosen_with_arrows_leads_to_the_columns_of_that_name(
    page_for: PageFor, mesh: Mesh
) -> None:
    visit = page_for(mesh.cast.consumer)
    visit.open("/domains/")
    page = visit.page
    page.keyboard.press("/")
    page.keyboard.type(RIGHT[:9])
    option = page.get_by_role("option", name=RIGHT).first
    expect(option).to_be_visible()
    while option.get_attribute("aria-selected") != "true":
        page.keyboard.press("ArrowDown")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    column = page.locator(".hit").get_by_role("link", name=RIGHT).first
    expect(column).to_be_focused()
    visit.assert_axe_clean()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("[data-selected]")).to_contain_text(RIGHT)
    visit.assert_quiet()
