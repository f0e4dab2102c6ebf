"""Somebody watches a product and hears of it behind the bell: by mouse, by keyboard, without scripts."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from catalog.notifications.models import Notification, Subscription
from catalog.notifications.telling import fan_out_waiting
from catalog.products.services import change_lifecycle
from tests.journeys.conftest import PageFor
from tests.journeys.hands import Keyboard, Mouse
from tests.journeys.mesh import Mesh

PRODUCT = "/products/listening/play-events/"


@pytest.mark.parametrize("hand", [Mouse, Keyboard])
def test_consumer_watches_and_hears_of_the_deprecation(
    page_for: PageFor, mesh: Mesh, hand: type[Mouse] | type[Keyboard]
) -> None:
    fan_out_waiting()
    Notification.objects.update(read_at=timezone.now())  # what the mesh told before
    visit = page_for(mesh.cast.consumer)
    page, hands = visit.page, hand(visit.page)
    visit.open(PRODUCT)
    hands.press(page.get_by_role("button", name="Watch"))
    expect(page.get_by_role("button", name="Stop watching")).to_be_visible()
    expect(page.get_by_text("You are told what happens here from now on.")).to_have_count(1)
    change_lifecycle(
        actor=mesh.cast.admin, product=mesh.cast.play_events, step="deprecated", reason="It was replaced.",
        sunset_at=dt.date(2100, 1, 1),
    )  # fmt: skip
    fan_out_waiting()
    visit.open("/")
    hands.follow(page.get_by_role("link", name="Notifications: 1 unread"))
    hands.follow(page.get_by_role("link", name="Play events is deprecated"))
    expect(page.get_by_role("heading", name="Play events", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Notifications", exact=True)).to_be_visible()
    visit.assert_quiet()


def test_watching_and_choosing_without_scripts(page_for: PageFor, mesh: Mesh) -> None:
    page = page_for(mesh.cast.consumer, java_script_enabled=False).page
    page.goto(PRODUCT)
    page.get_by_role("button", name="Watch").click()
    expect(page.get_by_role("button", name="Stop watching")).to_be_visible()
    assert Subscription.objects.get(user=mesh.cast.consumer).product == mesh.cast.play_events
    page.goto("/search/?q=play")
    page.get_by_role("button", name="Watch this search").click()
    page.goto("/account/notifications/")
    page.get_by_role("radio", name="Contract changes: Not at all").check()
    page.get_by_role("button", name="Save my choices").click()
    expect(page.get_by_role("radio", name="Contract changes: Not at all")).to_be_checked()
    page.get_by_role("button", name="Stop watching “play”").click()
    assert not Subscription.objects.filter(user=mesh.cast.consumer, target="search").exists()
