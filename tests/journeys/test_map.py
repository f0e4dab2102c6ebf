"""The map in people's hands: by mouse, by keyboard, by search, and where scripts do not run."""

import re

import pytest
from playwright.sync_api import Page, expect

from catalog.products.models import DataProduct
from lineage.mesh import picture, tiles
from tests.journeys.conftest import PageFor
from tests.journeys.mesh import Mesh

CELLS = "[data-map-svg] .p"


def scale(page: Page) -> float:
    """Pixels a unit of the map."""
    transform = page.locator("[data-world]").get_attribute("transform") or ""
    found = re.search(r"scale\(([\d.]+)\)", transform)
    assert found, transform
    return float(found[1])


def ready(page: Page) -> Page:
    expect(page.locator("[data-map-svg].alive")).to_be_visible()
    expect(page.locator("[data-world][transform]")).to_have_count(1)
    return page


def test_pressing_a_domain_flies_there_and_the_address_keeps_it(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.consumer)
    page = watched.page
    watched.open("/map/?level=domain")
    ready(page)
    assert page.locator(CELLS).count() == 0
    before = scale(page)
    page.locator("[data-area=playback] a").dispatch_event("click")
    expect(page.locator("[data-tile=playback] .p")).to_have_count(1)
    assert scale(page) > before
    expect(page).to_have_url(re.compile("focus=domain(:|%3A)playback"))
    expect(page.locator("[data-map-card]")).to_contain_text("Playback")
    page.reload()
    ready(page)
    expect(page.locator("[data-area=playback].focus")).to_have_count(1)
    page.get_by_role("button", name="Zoom in").click()
    watched.assert_quiet()


def test_search_flies_to_a_product_in_a_closed_domain(page_for: PageFor, mesh: Mesh) -> None:
    page = page_for(mesh.cast.consumer).page
    page.goto("/map/?level=domain&lens=lifecycle")
    ready(page)
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Find a domain, product or port on the map")
    expect(box).to_be_focused()
    box.press_sequentially("daily ch")
    expect(page.get_by_role("option", name=re.compile("Daily charts"))).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    product = page.locator("[data-map-svg]").get_by_role("link", name="Daily charts: active")
    expect(product).to_be_focused()
    expect(page).to_have_url(re.compile("lens=lifecycle.*focus=product(:|%3A)charts(/|%2F)daily-charts"))
    expect(page.locator("[data-map-card]")).to_contain_text("Daily charts")
    box = product.bounding_box()
    stage = page.locator("[data-map-stage]").bounding_box()
    assert box
    assert stage
    assert abs(box["x"] + box["width"] / 2 - stage["x"] - stage["width"] / 2) < 40
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Daily charts", level=1)).to_be_visible()


def test_the_whole_map_by_keyboard(page_for: PageFor, mesh: Mesh) -> None:
    page = page_for(mesh.cast.consumer).page
    page.goto("/map/?level=product")
    ready(page)
    stage = page.locator("[data-map-stage]")
    stage.focus()
    before = scale(page)
    page.keyboard.press("+")
    page.wait_for_function(
        "old => !document.querySelector('[data-world]').getAttribute('transform').includes(old)",
        arg=f"{before:.5f}",
    )
    assert scale(page) > before
    for _ in range(4):
        page.keyboard.press("+")
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    expect(page.locator("[data-map-svg] [data-node]:focus")).to_have_count(1)
    seen = set()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
        seen.add(page.evaluate("document.activeElement.getAttribute('href')"))
        assert page.evaluate("document.activeElement.matches('[data-node]:focus-visible')")
    assert len(seen) > 2
    for _ in range(3):
        page.keyboard.press("Escape")
    expect(stage).to_be_focused()


def test_a_lens_changes_the_marks_and_leaves_the_map_where_it_is(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.consumer)
    page = watched.page
    watched.open("/map/?level=product")
    ready(page)
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_timeout(50)
    transform = page.locator("[data-world]").get_attribute("transform")
    quality = page.get_by_role("navigation", name="Lens").get_by_role("link", name="Quality")
    quality.click()
    expect(page.locator("[data-map-svg].quality-lens")).to_be_visible()
    expect(quality).to_have_attribute("aria-current", "true")
    expect(page.locator(".map-legend")).to_contain_text("not measured")
    expect(page.locator("[data-world]")).to_have_attribute("transform", transform or "")
    expect(page).to_have_url(re.compile("lens=quality"))
    expect(page.locator(f"{CELLS}.half").first).to_be_attached()
    watched.assert_quiet()


def test_domains_open_as_one_comes_near_and_others_close(
    page_for: PageFor, mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (picture, tiles):
        monkeypatch.setattr(module, "NODE_BUDGET", 20)
    assert DataProduct.objects.count() > 20
    page = page_for(mesh.cast.consumer).page
    page.goto("/map/")
    ready(page)
    assert page.locator(CELLS).count() == 0
    page.locator("[data-area=playback] a").dispatch_event("click")
    expect(page.locator("[data-tile=playback] .p")).to_have_count(1)


def test_the_map_without_scripts(page_for: PageFor, mesh: Mesh) -> None:
    page = page_for(mesh.cast.consumer, java_script_enabled=False).page
    page.goto("/map/?level=domain")
    page.get_by_role("link", name="Freshness").click()
    expect(page.locator(".map-legend")).to_contain_text("late")
    box = page.get_by_role("searchbox", name="Find a domain, product or port on the map")
    box.fill("daily charts")
    box.press("Enter")
    expect(page.get_by_text("Daily charts").first).to_be_visible()
    expect(page.locator(f"{CELLS}.focus")).to_have_count(1)
    expect(page.locator("[data-map-svg] .lit .edge").first).to_be_attached()
    page.get_by_role("link", name="Show Playback on the map").click()
    expect(page).to_have_title(re.compile("Playback on the map"))
    table = page.get_by_role("region", name="Who feeds whom")
    table.get_by_role("link", name="Listening").first.click()
    expect(page.get_by_role("heading", name="Listening", level=1)).to_be_visible()
