"""The frame around every page, by keyboard, by touch, without scripts."""

import re

from playwright.sync_api import expect

from tests.journeys.conftest import PageFor
from tests.journeys.mesh import Mesh

PRODUCT = "/products/listening/play-events/"


def test_slash_searches_and_escape_leaves(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.owner)
    watched.open(PRODUCT)
    watched.page.keyboard.press("/")
    box = watched.page.locator("#search")
    expect(box).to_be_focused()
    watched.page.keyboard.type("plays?")
    expect(box).to_have_value("plays?")
    watched.page.keyboard.press("Escape")
    expect(box).not_to_be_focused()
    watched.assert_quiet()


def test_g_and_a_letter_goes(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.consumer)
    for letter, path in (("d", "/domains/"), ("m", "/map/"), ("h", "/")):
        watched.open(PRODUCT)
        watched.page.keyboard.press("g")
        watched.page.keyboard.press(letter)
        watched.page.wait_for_url(re.compile(f"{re.escape(path)}$"))


def test_question_mark_helps_and_escape_gives_the_focus_back(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.owner)
    watched.open(PRODUCT)
    opener = watched.page.get_by_role("button", name="Keyboard shortcuts")
    opener.focus()
    watched.page.keyboard.press("Enter")
    help_ = watched.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_).to_be_visible()
    watched.assert_axe_clean()
    watched.page.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    expect(opener).to_be_focused()
    watched.page.keyboard.press("?")
    expect(help_).to_be_visible()


def test_arrows_move_in_a_list_and_enter_opens(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.owner)
    watched.open("/domains/listening/")
    first = watched.page.locator("[data-row] a").first
    watched.page.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    watched.page.keyboard.press("ArrowDown")
    expect(first).not_to_be_focused()
    watched.page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    target = first.get_attribute("href")
    watched.page.keyboard.press("Enter")
    watched.page.wait_for_url(f"**{target}")


def test_skip_link_is_first_and_leads_to_the_content(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.owner)
    watched.open(PRODUCT)
    watched.page.keyboard.press("Tab")
    expect(watched.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    watched.page.keyboard.press("Enter")
    expect(watched.page.locator("#main")).to_be_focused()


def test_theme_is_switched_at_once_and_kept(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.owner, color_scheme="light")
    watched.open(PRODUCT)
    watched.page.get_by_role("button", name="Account of").click()
    with watched.page.expect_response("**/theme/"):
        watched.page.get_by_role("button", name="Dark").click()
    expect(watched.page.locator("html")).to_have_attribute("data-theme", "dark")
    watched.open("/domains/")
    expect(watched.page.locator("html")).to_have_attribute("data-theme", "dark")
    watched.assert_quiet()


def test_snippet_is_copied(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.owner, permissions=["clipboard-read", "clipboard-write"])
    watched.open(f"{PRODUCT}ports/plays/2.0.0/")
    watched.page.get_by_role("button", name="Copy SQL").click()
    expect(watched.page.get_by_role("button", name="Copied")).to_be_visible()
    assert watched.page.evaluate("navigator.clipboard.readText()").startswith('select * from "listening"')


def test_menu_of_a_narrow_screen_opens_and_leads_on(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.owner, viewport={"width": 400, "height": 800})
    watched.open(PRODUCT)
    link = watched.page.get_by_role("navigation", name="Main").get_by_role("link", name="Domains")
    expect(link).to_be_hidden()
    watched.page.get_by_role("button", name="Open the menu").click()
    expect(link).to_be_visible()
    watched.assert_axe_clean()
    link.click()
    watched.page.wait_for_url("**/domains/")
    watched.assert_quiet()


def test_without_scripts_people_read_search_switch_and_sign_out(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.owner, java_script_enabled=False)
    watched.open(PRODUCT)
    page = watched.page
    page.get_by_text("Connect", exact=True).first.click()
    expect(page.get_by_text('select * from "listening"."plays"').first).to_be_visible()
    page.get_by_role("link", name="Request access").click()
    expect(page.get_by_role("heading", name="Ask for access")).to_be_visible()
    page.goto(PRODUCT)
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_product_reads_well_on_paper(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.owner)
    watched.open(PRODUCT)
    watched.page.emulate_media(media="print")
    for machinery in (".topbar", ".tabs", ".pagefoot", ".copy"):
        expect(watched.page.locator(machinery).first).to_be_hidden()
    expect(watched.page.get_by_role("heading", name="Play events")).to_be_visible()
    expect(watched.page.get_by_text("Accountable team")).to_be_visible()
