"""Every page in light and dark, wide and narrow: accessible, quiet, within its window.

With `--pictures` also pictures of them all, to look at.
"""

from pathlib import Path

import pytest
from django.conf import settings as portal_settings
from pytest_django import Settings

from tests.conftest import Cast
from tests.journeys.conftest import PageFor
from tests.journeys.corners import make_doubted, plant_corners
from tests.journeys.mesh import Mesh
from tests.journeys.pages import PAGES, PageSpec
from tests.journeys.watched import Watched

PICTURES = Path(portal_settings.BASE_DIR) / "screenshots"
WIDTHS = (1440, 1000, 400)
GROUP = 10  # pages a test: few enough to share the work among processes, enough to plant one mesh for them


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "pages" not in metafunc.fixturenames:
        return
    wanted = metafunc.config.getoption("--pages", default="")
    chosen = sorted(
        (spec for spec in PAGES if any(part in spec.name for part in wanted.split(","))),
        key=lambda spec: spec.person,
    )
    groups = [chosen[start : start + GROUP] for start in range(0, len(chosen), GROUP)]
    metafunc.parametrize("pages", groups, ids=lambda group: f"{group[0].name}_to_{group[-1].name}")


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> bool:
    """Whether pictures are wanted; their folder is there then."""
    wanted = bool(request.config.getoption("--pictures", default=False))
    if wanted:
        PICTURES.mkdir(exist_ok=True)
    return wanted


def test_every_page_is_accessible_quiet_and_fits(
    subtests: pytest.Subtests,
    page_for: PageFor,
    mesh: Mesh,
    pages: list[PageSpec],
    pictures: bool,
) -> None:
    people = mesh.cast.everybody() | {"doubted": make_doubted()}
    places = mesh.numbers() | plant_corners(mesh)
    browsers: dict[str, Watched] = {}
    for spec in pages:
        with subtests.test(msg=spec.name):
            if spec.person not in browsers:
                browsers[spec.person] = page_for(people.get(spec.person))
            watched = browsers[spec.person]
            watched.troubles.clear()
            watched.page.emulate_media(color_scheme="light")
            watched.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
            watched.open(spec.path.format(**places), spec.status)
            look_at(watched, spec.name, pictures=pictures)


def test_bulk_edit_is_accessible_quiet_and_fits_in_each_step(
    page_for: PageFor, mesh: Mesh, pictures: bool
) -> None:
    watched = page_for(mesh.cast.owner)
    watched.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    watched.open("/products/?q=Play+sample")
    for box in watched.page.get_by_role("checkbox", name="Select Play sample").all()[:5]:
        box.check()
    watched.page.get_by_role("button", name="Edit the selected").click()
    watched.page.get_by_label("Add tags").fill("gold, checked")
    look_at(watched, "bulk-choose", pictures=pictures)
    watched.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    watched.page.get_by_role("button", name="Preview").click()
    watched.page.get_by_role("heading", name="Preview").wait_for()
    look_at(watched, "bulk-preview", pictures=pictures)


def test_page_of_a_failure_is_accessible_and_fits(
    page_for: PageFor, cast: Cast, pictures: bool, settings: Settings
) -> None:
    settings.ROOT_URLCONF = "tests.journeys.failing"
    watched = page_for(cast.owner)
    watched.open("/failing/", 500)
    look_at(watched, "failure", pictures=pictures)


def look_at(watched: Watched, name: str, *, pictures: bool) -> None:
    """What axe finds in light on a wide window and in dark on a narrow one; nothing sticks out at any width.

    Pictures of the page that is open, called `name`, are of both schemes and all widths.
    """
    watched.page.evaluate("scrollTo(0, 0)")
    for scheme, looked_at in (("light", WIDTHS[0]), ("dark", WIDTHS[-1])):
        watched.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width in WIDTHS:
            if scheme == "dark" and width != looked_at and not pictures:
                continue  # colours move nothing
            watched.page.set_viewport_size({"width": width, "height": 900})
            watched.settle()
            if pictures:
                watched.page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png", full_page=True)
            watched.assert_fits()
            if width == looked_at:
                watched.assert_axe_clean()
    watched.assert_quiet()
