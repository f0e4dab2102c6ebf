"""A crawl is started from the page of its connection and watched to its end, without a reload."""

import pytest
from playwright.sync_api import expect

from tests.journeys.hands import HANDS
from tests.journeys.running import BUSY, Running, sign_in
from tests.journeys.watched import Watched

# Each view counts far before its only row, so that there is something to watch on any machine.
VIEWS = [f"slow_{place}" for place in range(10)]
SLOW_VIEW = """CREATE VIEW {} AS
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500000) SELECT max(i) AS i FROM n;"""
SLOW = "".join(SLOW_VIEW.format(view) for view in VIEWS)
CONNECT = """
from catalog.domains.models import Domain
from tests import factories as make
domain = Domain.objects.get(slug="listening")
store = make.make_connection(NAME, team=domain.team, schedule="manual", config={"path": PATH})
product = make.make_product(f"Product of {NAME}", domain=domain)
for view in VIEWS:
    asset = make.make_asset(store, view, namespace="sqlite://" + PATH, address={"table": view})
    make.make_port(product, view, connection=store, asset=asset)
"""


@pytest.mark.slow
@pytest.mark.parametrize("way", HANDS)
def test_crawl_is_started_and_watched_to_its_end(running: Running, visit: Watched, way: str) -> None:
    page, hand = visit.page, HANDS[way](visit.page)
    name = f"Slow store by {way}"
    path = running.store(name, SLOW)
    running.portal.run(f"NAME, PATH, VIEWS = {name!r}, {path!r}, {VIEWS!r}\n{CONNECT}")
    sign_in(visit, hand, "owner")
    hand.follow(page.get_by_role("navigation", name="Main").get_by_role("link", name="Connections"))
    hand.follow(page.get_by_role("link", name=name))
    hand.follow(page.get_by_role("button", name="Crawl now"))
    page.evaluate("window.sameDocument = true")
    run = page.locator("#run")
    expect(run.get_by_text("running")).to_be_visible(timeout=BUSY)
    expect(run.get_by_role("status")).to_contain_text(f"of {len(VIEWS)}", timeout=BUSY)
    expect(run.locator("progress")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel crawl")).to_be_visible()
    visit.assert_axe_clean()
    expect(run.get_by_text("succeeded")).to_be_visible(timeout=BUSY)
    for view in VIEWS:
        expect(run.get_by_role("rowheader", name=view)).to_be_visible()
    expect(page.locator("#said")).to_contain_text("succeeded")  # read out, unlike what is itself replaced
    expect(run.locator("progress")).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel crawl")).to_have_count(0)
    expect(page.get_by_role("button", name="Crawl again")).to_be_visible()
    assert page.evaluate("window.sameDocument"), "the page was loaded anew"
    visit.assert_axe_clean()
    hand.follow(page.get_by_role("navigation", name="Main").get_by_role("link", name="Crawling"))
    expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("succeeded")
    visit.assert_quiet()
