"""Several products at once, and several people at once."""

from playwright.sync_api import expect

from catalog.products.models import DataProduct
from tests.journeys.conftest import PageFor
from tests.journeys.mesh import Mesh

DOCUMENTATION = "/products/listening/play-events/settings/documentation/"


def test_bulk_edit_shows_first_what_it_would_do(page_for: PageFor, mesh: Mesh) -> None:
    visit = page_for(mesh.cast.owner)
    page = visit.page
    visit.open("/products/?domain=listening")
    page.get_by_label("Select Play events").check()
    page.get_by_label("Select Old plays").check()
    page.get_by_role("button", name="Edit the selected").click()
    expect(page.get_by_text("2 products selected")).to_be_visible()
    page.get_by_label("Classification").select_option(label="Confidential")
    visit.assert_axe_clean()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("1 of 2 would change. Nothing is saved yet.")).to_be_visible()
    expect(page.locator("#preview").get_by_role("row").filter(has_text="Old plays")).to_contain_text(
        "Confidential"
    )
    visit.assert_axe_clean()
    assert DataProduct.objects.get(slug="old-plays").classification is None
    page.get_by_role("button", name="Change 1 product").click()
    expect(page.get_by_text("1 of 2 products changed.")).to_be_visible()
    changed = DataProduct.objects.get(slug="old-plays").classification
    assert changed is not None
    assert changed.name == "Confidential"
    visit.assert_quiet()


def test_second_of_two_editors_sees_who_changed_what_and_keeps_the_text(
    page_for: PageFor, mesh: Mesh
) -> None:
    first, second = page_for(mesh.cast.admin), page_for(mesh.cast.owner)
    for visit in (first, second):
        visit.open(DOCUMENTATION)
    first.page.get_by_label("Usage").fill("Ask the stream, not the table.")
    first.page.get_by_role("button", name="Save").click()
    expect(first.page.locator("#toasts")).to_contain_text("saved")

    page = second.page
    page.get_by_label("Usage").fill("Join on the track.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Admin")
    expect(page.get_by_role("alert")).to_contain_text("usage")
    expect(page.get_by_label("Usage")).to_have_value("Join on the track.")
    expect(page.get_by_text("What you typed against what is saved now")).to_be_visible()
    second.assert_axe_clean()
    mesh.cast.play_events.refresh_from_db()
    assert mesh.cast.play_events.usage == "Ask the stream, not the table."
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Usage")).to_have_value("Join on the track.")
    mesh.cast.play_events.refresh_from_db()
    assert mesh.cast.play_events.usage == "Join on the track."
