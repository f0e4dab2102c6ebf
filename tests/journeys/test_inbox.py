"""Deciding with nothing but the keyboard: arrows to the rows, x to choose, a for all of them, d for a note."""

import pytest
from playwright.sync_api import Page, expect

from catalog.access.models import AccessRequest
from catalog.search.backends.base import SearchBackend
from tests import factories as make
from tests.catalog.access.asking import ask
from tests.conftest import Cast
from tests.journeys.conftest import PageFor
from tests.journeys.hands import IS_FOCUSED, SHOWS_FOCUS, Keyboard

PURPOSES = ("Counting plays.", "Weekly letter.", "Finding doubles.", "To have a look.")


@pytest.fixture
def waiting(cast: Cast) -> list[AccessRequest]:
    """Four requests, in the order of the inbox."""
    return [
        ask(cast.consumer, make.make_port(cast.play_events, f"port{number}"), purpose=purpose)
        for number, purpose in enumerate(PURPOSES)
    ]


def decisions(waiting: list[AccessRequest]) -> list[str]:
    found = dict(AccessRequest.objects.values_list("pk", "decision"))
    return [found[request.pk] for request in waiting]


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def assert_on(page: Page, place: int) -> None:
    """The focus is in that row, on what opens its request, and can be seen."""
    link = page.locator("[data-row]").nth(place).get_by_role("link").first
    expect(link).to_be_focused()
    assert link.evaluate(SHOWS_FOCUS)


def test_several_are_approved_and_one_is_denied_without_a_mouse(
    page_for: PageFor, cast: Cast, search_index: SearchBackend, waiting: list[AccessRequest]
) -> None:
    visit = page_for(cast.owner)
    page = visit.page
    visit.open("/inbox/")
    expect(page.locator("[data-row]")).to_have_count(4)
    press(page, "ArrowDown")
    assert_on(page, 0)
    press(page, "x", "ArrowDown", "x", "ArrowDown", "x", "ArrowUp")
    assert_on(page, 1)
    boxes = page.get_by_role("checkbox")
    assert [boxes.nth(place).is_checked() for place in range(4)] == [True, True, True, False]
    press(page, "x")  # not this one after all
    assert [boxes.nth(place).is_checked() for place in range(4)] == [True, False, True, False]
    visit.assert_axe_clean()
    with page.expect_navigation():
        press(page, "a")
    expect(page.get_by_text("2 requests approved.")).to_be_visible()
    assert decisions(waiting) == ["approved", "submitted", "approved", "submitted"]

    press(page, "ArrowDown", "ArrowDown")
    assert_on(page, 1)
    press(page, "d")  # takes the row with the focus
    note = page.get_by_label("Note")
    expect(note).to_be_focused()
    page.keyboard.type("a dashboard has it already")  # letters are letters here
    press(page, "Enter")
    assert note.evaluate(IS_FOCUSED), "Enter in the note decides nothing"
    assert decisions(waiting) == ["approved", "submitted", "approved", "submitted"]
    Keyboard(page).follow(page.get_by_role("button", name="Deny the selected"))
    expect(page.get_by_text("1 request denied.")).to_be_visible()
    assert decisions(waiting) == ["approved", "submitted", "approved", "denied"]

    press(page, "ArrowDown", "ArrowDown")  # past the end one stays on the last
    assert_on(page, 0)
    with page.expect_navigation():
        press(page, "a")  # with nothing chosen, the row with the focus
    expect(page.get_by_text("1 request approved.")).to_be_visible()
    assert decisions(waiting) == ["approved", "approved", "approved", "denied"]
    expect(page.locator("[data-row]")).to_have_count(0)
    visit.assert_quiet()


def test_keys_do_nothing_where_nothing_is_meant(
    page_for: PageFor, cast: Cast, search_index: SearchBackend, waiting: list[AccessRequest]
) -> None:
    visit = page_for(cast.owner)
    page = visit.page
    visit.open("/inbox/")
    press(page, "a", "x", "d", "Control+a")  # no row has the focus
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    press(page, "ArrowDown", "Tab", "Tab", "Shift+Tab")
    Keyboard(page).tick(page.get_by_role("checkbox").nth(2))
    press(page, "x")  # with the focus on the box itself: once, not twice
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    press(page, "x")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(1)
    assert set(decisions(waiting)) == {"submitted"}
    visit.assert_quiet()
