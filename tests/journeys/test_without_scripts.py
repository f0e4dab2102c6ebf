"""Where scripts do not run people still search, read, edit, make products and crawl."""

import time

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.conftest import PageFor
from tests.journeys.hands import Mouse
from tests.journeys.mesh import Mesh
from tests.journeys.running import BUSY, Running, sign_in
from tests.journeys.watched import Watched


def test_searching_and_reading_without_scripts(page_for: PageFor, mesh: Mesh) -> None:
    page = page_for(mesh.cast.consumer, java_script_enabled=False).page
    page.goto("/")
    box = page.locator("main [data-search]")
    box.fill("custmer_emial")
    box.press("Enter")
    hit = page.locator(".hit").filter(has=page.get_by_role("link", name="Play events", exact=True))
    expect(hit.get_by_role("list", name="Why it matched")).to_contain_text("customer_email")
    hit.get_by_role("link", name="Play events", exact=True).click()
    expect(page.get_by_role("heading", name="Play events", level=1)).to_be_visible()
    page.get_by_role("link", name="Schema", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("customer_email")


def test_editing_and_making_products_without_scripts(page_for: PageFor, mesh: Mesh) -> None:
    page = page_for(mesh.cast.owner, java_script_enabled=False).page
    page.goto("/products/listening/play-events/")
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_role("link", name="Documentation").click()
    page.get_by_label("Limitations").fill("Nothing before 2024.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Limitations")).to_have_value("Nothing before 2024.")
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text("Nothing before 2024.")).to_be_visible()
    page.goto("/products/")
    page.get_by_role("link", name="New data product").click()
    page.get_by_label("Domain").select_option(label="Listening")
    page.get_by_label("Name").fill("Skipped tracks")
    page.get_by_role("button", name="Make the draft").click()
    expect(page.get_by_role("heading", name="Skipped tracks")).to_be_visible()
    expect(page.get_by_text("Name a business owner.").first).to_be_visible()


@pytest.mark.slow
def test_crawling_without_scripts(browser: Browser, running: Running) -> None:
    """The page does not follow the crawl, and says so; loading it again does."""
    context = browser.new_context(base_url=running.address, java_script_enabled=False)
    visit = Watched(context.new_page())
    page = visit.page
    path = running.store("Without scripts")
    running.portal.run(
        "from catalog.accounts.models import Team\nfrom tests import factories as make\n"
        f"make.make_connection('Without scripts', team=Team.objects.get(slug='listening-team'),"
        f" schedule='manual', config={{'path': {path!r}}})"
    )
    sign_in(visit, Mouse(page), "owner")
    page.goto("/connections/without-scripts/")
    page.get_by_role("button", name="Crawl now").click()
    end = time.monotonic() + BUSY / 1000
    while not page.locator("#run").get_by_text("succeeded").count():
        assert time.monotonic() < end, page.locator("#run").inner_text()
        page.reload()
    expect(page.get_by_role("rowheader", name="plays")).to_be_visible()
    context.close()
