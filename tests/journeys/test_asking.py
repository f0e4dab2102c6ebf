"""From asking to reading and back: two people in their browsers, and the consumer's own role in a real PostgreSQL."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from catalog.access.models import Agreement
from catalog.access.services.ending import expire_due
from catalog.access.services.running import provision_due
from catalog.search.backends.base import SearchBackend
from tests.catalog.access.granting_stores import Store, offered, opened
from tests.conftest import Cast
from tests.journeys.conftest import PageFor

pytestmark = pytest.mark.postgres
PRODUCT = "/products/listening/play-events/"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened("postgresql", tmp_path) as found:
        yield found


def test_consumer_asks_owner_approves_consumer_reads_and_then_no_longer(
    page_for: PageFor, cast: Cast, search_index: SearchBackend, store: Store, settings: Any
) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.ALLOWED_PORTS = [store.config["port"]]
    offered(cast, store)
    reading = f"* FROM {store.table}"
    assert not store.reads(reading)

    asking = page_for(cast.consumer)
    page = asking.page
    asking.open(f"{PRODUCT}access/")
    page.get_by_role("link", name="Request access to plays").click()
    page.get_by_label("What for").fill("Counting plays for the weekly letter.")
    page.get_by_label("Or for so many days").fill("30")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("It is sent.")).to_be_visible()
    request_path = page.url

    deciding = page_for(cast.owner)
    inbox = deciding.page
    deciding.open("/inbox/")
    expect(inbox.get_by_text("Counting plays for the weekly letter.")).to_be_visible()
    deciding.open(request_path)
    inbox.get_by_role("button", name="Approve").click()
    agreement = Agreement.objects.get()
    provision_due()
    deciding.open(agreement.get_absolute_url())
    expect(inbox.get_by_text("Nobody has said which database role").first).to_be_visible()
    assert not store.reads(reading)  # approved is not granted
    asking.open("/access/")
    expect(page.get_by_text("granting failed")).to_be_visible()

    inbox.get_by_label("Role of the consumer in the store").fill(store.reader)
    inbox.get_by_role("button", name="Note the role").click()
    expect(inbox.get_by_text("The role is noted.")).to_be_visible()
    provision_due()
    asking.open("/access/")
    expect(page.get_by_text("granted, ends soon")).to_be_visible()
    assert store.reads(reading)

    later = timezone.now() + dt.timedelta(days=31)
    Agreement.objects.update(ends_at=timezone.now() - dt.timedelta(seconds=1))
    expire_due(now=timezone.now())
    asking.open(agreement.get_absolute_url())
    expect(page.get_by_text("not removed yet").first).to_be_visible()
    provision_due(now=later)
    asking.open(agreement.get_absolute_url())
    expect(page.get_by_text("expired").first).to_be_visible()
    expect(page.get_by_text("removed").first).to_be_visible()
    assert not store.reads(reading)
    asking.assert_quiet()
    deciding.assert_quiet()


def test_an_account_without_rights_sees_nothing_of_it(
    page_for: PageFor, cast: Cast, search_index: SearchBackend, store: Store
) -> None:
    from tests.catalog.access.asking import agreed

    port = offered(cast, store)
    agreement = agreed(cast.consumer, port, cast.owner)
    request = agreement.requests.get()
    visit = page_for(cast.guest)
    for path in (
        f"{PRODUCT}access/",
        f"{port.get_absolute_url()}access/request/",
        agreement.get_absolute_url(),
        request.get_absolute_url(),
    ):
        visit.open(path, status=404)
        assert "plays" not in visit.page.inner_text("main")
    for path in ("/access/", "/inbox/"):
        visit.open(path)
        assert "Play events" not in visit.page.inner_text("body")
    visit.assert_quiet()
