"""Trouble from the first report to the last word, as a consumer downstream and the owner meet it."""

from playwright.sync_api import expect

from catalog.incidents.models import Incident
from catalog.products.models import DataProduct, Visibility
from tests.journeys.conftest import PageFor
from tests.journeys.mesh import Mesh

UPSTREAM = "/products/listening/play-events/"
DOWNSTREAM = "/products/charts/daily-charts/"


def test_a_consumer_sees_an_upstream_incident_and_the_way_it_comes(page_for: PageFor, mesh: Mesh) -> None:
    visit = page_for(mesh.cast.consumer)
    page = visit.page
    visit.open(DOWNSTREAM)
    banner = page.get_by_role("note").filter(has_text="An upstream is in trouble")
    expect(banner).to_contain_text("Plays of Sunday are missing")
    expect(banner).to_contain_text("Play events → this product")
    visit.assert_axe_clean()
    banner.get_by_role("link", name="Plays of Sunday are missing").click()
    expect(page.get_by_role("heading", name="Whom it reaches")).to_be_visible()
    expect(page.locator("#reach")).to_contain_text("Daily charts")
    expect(page.locator("#reach")).to_contain_text("1 product you may not see")
    expect(page.get_by_role("button", name="Resolve")).to_have_count(0)
    page.get_by_label("Say something").fill("The weekly report waits for it too.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the button beside the text
    expect(page.locator("#timeline")).to_contain_text("The weekly report waits for it too.")
    visit.assert_quiet()


def test_what_a_consumer_may_not_see_is_not_named_on_the_way(page_for: PageFor, mesh: Mesh) -> None:
    DataProduct.objects.filter(pk=mesh.cast.play_events.pk).update(visibility=Visibility.PRIVATE)
    visit = page_for(mesh.cast.consumer)
    visit.open(DOWNSTREAM)
    banner = visit.page.get_by_role("note").filter(has_text="An upstream is in trouble")
    expect(banner).to_contain_text("something you may not see → this product")
    expect(visit.page.get_by_text("Plays of Sunday are missing")).to_have_count(0)
    expect(visit.page.get_by_text("Play events")).to_have_count(0)
    visit.assert_axe_clean()


def test_the_owner_works_an_incident_to_its_end_without_javascript(page_for: PageFor, mesh: Mesh) -> None:
    visit = page_for(mesh.cast.owner, java_script_enabled=False)
    page = visit.page
    visit.open(UPSTREAM)
    page.get_by_role("link", name="Incidents").last.click()
    page.get_by_role("link", name="Plays of Sunday are missing").last.click()
    page.get_by_label("Severity").select_option("critical")
    page.get_by_role("button", name="Set").click()
    expect(page.locator("#timeline")).to_contain_text("High before, critical now.")
    page.get_by_label("Say something").fill("The loader runs again.")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("button", name="Open again")).to_be_visible()
    page.get_by_label("Say something").fill("Changes of the loader are tried on a copy first.")
    page.get_by_role("button", name="Save as post-incident note").click()
    expect(page.locator("#note")).to_contain_text("tried on a copy first")
    assert Incident.objects.get(pk=mesh.incident.pk).status == "resolved"
    reader = page_for(mesh.cast.consumer, java_script_enabled=False)
    reader.open(DOWNSTREAM)
    expect(reader.page.get_by_text("Plays of Sunday are missing")).to_have_count(0)
