"""The lineage picture in people's hands: by keyboard from a product to a column's path, by search, through time."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from lineage.edges.observing import ColumnLink, observe_edges
from lineage.models import Source
from tests import factories as make
from tests.journeys.conftest import PageFor
from tests.journeys.mesh import Mesh


@pytest.fixture
def columns(mesh: Mesh) -> None:
    """Charts are made from plays, column by column, through a table that no port claims."""
    out = make.make_port(mesh.cast.play_events, "seen", version="3.0.0", asset=make.make_asset())
    into = make.make_port(mesh.cast.playback_quality, "measured", asset=make.make_asset())
    between = make.make_asset().pk
    assert out.asset_id is not None
    assert into.asset_id is not None
    observe_edges(
        source=Source.SQL, job_id=None, assets=[], seen_at=timezone.now(),
        columns=[
            ColumnLink(out.asset_id, "track_id", between, "track"),
            ColumnLink(between, "track", into.asset_id, "track"),
            ColumnLink(out.asset_id, "seconds", into.asset_id, "stalls"),
        ],
    )  # fmt: skip


@pytest.mark.usefixtures("columns")
def test_from_a_product_to_the_path_of_a_column_by_keyboard(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.consumer)
    page = watched.page
    watched.open("/lineage/?node=product:listening/play-events&direction=downstream")
    picture = page.locator(".lineage-svg")
    page.locator("[data-graph-scroll]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".box.focus [data-node]")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".box:not(.focus) [data-node]:focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("[data-graph-scroll]")).to_be_focused()
    page.get_by_label("Detail").select_option("column")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("level=column"))
    expect(picture.locator(".edge.column")).to_have_count(2)
    track = picture.locator("[data-column$=':track_id']")
    track.focus()
    expect(picture.locator(".edge.column.on")).to_have_count(1)
    expect(picture.locator("a.column.on")).to_have_count(2)
    watched.assert_axe_clean()
    watched.assert_quiet()


@pytest.mark.usefixtures("columns")
def test_opening_in_place_searching_and_going_back_in_time(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.consumer)
    page = watched.page
    watched.open("/lineage/?node=product:listening/play-events&direction=downstream")
    page.locator(".box.focus .toggle").click()
    expect(page.locator(".box.focus a.port")).not_to_have_count(0)
    page.get_by_label("Find in the picture").fill("playback")
    page.keyboard.press("Enter")
    expect(page.locator(".box.hit")).not_to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="marked in the picture")).to_be_visible()
    slider = page.get_by_label("Through two years")
    slider.focus()
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile(r"at=\d{4}-\d\d-\d\d"))
    expect(page.get_by_text("This is the past")).to_be_visible()
    expect(page.locator(".box")).to_have_count(1)
    watched.assert_axe_clean()
    watched.assert_quiet()


FREE_SPOT = """view => {
    const box = view.getBoundingClientRect();
    for (let x = box.left + 60; x < box.right - 60; x += 10)
        for (let y = box.top + 60; y < Math.min(box.bottom, innerHeight) - 60; y += 10) {
            const hit = document.elementFromPoint(x, y);
            if (view.contains(hit) && !hit.closest("a")) return [x, y];
        }
}"""


@pytest.mark.usefixtures("columns")
def test_zooming_dragging_and_fitting_change_what_is_seen(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.consumer)
    page = watched.page
    watched.open("/lineage/?node=product:listening/play-events")
    picture, view = page.locator(".lineage-svg"), page.locator("[data-graph-scroll]")

    def width() -> float:
        return float(picture.evaluate("svg => svg.width.baseVal.value"))

    natural = width()
    for _ in range(4):
        page.get_by_role("button", name="Zoom in").click()
    assert width() == pytest.approx(natural * 1.25**4)

    view.scroll_into_view_if_needed()
    view.evaluate("view => { view.scrollLeft = 100; }")
    assert view.evaluate("view => view.scrollLeft") == 100, "the picture is wider than its view"
    x, y = view.evaluate(FREE_SPOT)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    page.mouse.up()
    assert view.evaluate("view => view.scrollLeft") == pytest.approx(60, abs=1)
    page.mouse.move(x - 40, y)
    assert view.evaluate("view => view.scrollLeft") == pytest.approx(60, abs=1), "it was let go"

    page.get_by_role("button", name="Fit").click()
    assert width() <= natural
    assert picture.evaluate(
        "({width, height}, view) => width.baseVal.value <= view.clientWidth + 1"
        " && height.baseVal.value <= view.clientHeight + 1",
        view.element_handle(),
    )
    page.get_by_role("button", name="Zoom out").click()
    assert width() < natural
    watched.assert_quiet()


@pytest.mark.usefixtures("columns")
def test_the_picture_is_saved_as_png(page_for: PageFor, mesh: Mesh) -> None:
    watched = page_for(mesh.cast.consumer)
    watched.open("/lineage/?node=product:listening/play-events")
    with watched.page.expect_download() as saved:
        watched.page.get_by_role("button", name="PNG").click()
    path = saved.value.path()
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert path.stat().st_size > 2_000
    watched.assert_quiet()


@pytest.mark.usefixtures("columns")
def test_without_scripts_every_part_of_the_view_is_a_field_or_a_link(page_for: PageFor, mesh: Mesh) -> None:
    page = page_for(mesh.cast.consumer, java_script_enabled=False).page
    page.goto("/lineage/?node=product:listening/play-events&direction=downstream")
    page.get_by_label("As of").fill("2026-01-01")
    page.get_by_label("Lens").select_option("quality")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("This is the past")).to_be_visible()
    page.get_by_role("link", name="Show today").click()
    expect(page.locator(".lineage-legend")).to_be_visible()
    page.locator(".box.focus .toggle").click()
    expect(page.locator(".box.focus a.port")).not_to_have_count(0)
