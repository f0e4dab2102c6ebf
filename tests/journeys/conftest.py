"""A real browser on a live server. Without Chromium these tests are skipped, and say so."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Error, sync_playwright
from pytest_django.live_server_helper import LiveServer

from catalog.accounts.models import User
from catalog.search.backends.base import SearchBackend
from catalog.search.services import rebuild_index
from tests.conftest import Cast
from tests.journeys.mesh import Mesh, plant
from tests.journeys.running import Running, running_portal
from tests.journeys.watched import Watched

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PageFor = Callable[..., Watched]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pages",
        default="",
        help="look only at pages whose name contains one of these texts, set apart by commas",
    )
    parser.addoption("--pictures", action="store_true", help="write a picture of every page to screenshots/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of the system, else the one Playwright keeps."""
    system = next((found for name in NAMES if (found := shutil.which(name))), None)
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright's loop runs in the thread of the tests; Django would refuse to ask the database there.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        try:
            chromium = playwright.chromium.launch(executable_path=system, args=list(QUIET))
        except Error as error:
            pytest.skip(
                f"Chromium is missing, so nothing is tried in a browser: {error.message.splitlines()[0]}"
            )
        yield chromium
        chromium.close()


@pytest.fixture
def mesh(live_server: LiveServer, cast: Cast, search_index: SearchBackend) -> Mesh:
    """The cast with a mesh around it that has something of everything the pages show, ready to be searched."""
    planted = plant(cast)
    rebuild_index()
    return planted


@pytest.fixture
def page_for(browser: Browser, live_server: LiveServer) -> Iterator[PageFor]:
    """`page_for(user)` is a page of that person's own browser; `page_for(None)` of a stranger's.

    Keywords are Playwright's for a context (`java_script_enabled=False`, `color_scheme="dark"`).
    """
    contexts: list[BrowserContext] = []

    def opened(user: User | None, **options: object) -> Watched:
        context = browser.new_context(base_url=live_server.url, reduced_motion="reduce", **options)  # type: ignore[arg-type]
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            value = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}]
            )
        return Watched(context.new_page())

    yield opened
    for context in contexts:
        for page in context.pages:
            page.wait_for_load_state()  # a test may end while a page is on its way
            page.goto("about:blank")  # so that no request is under way when the database is emptied
        context.close()


@pytest.fixture(scope="session")
def running(browser: Browser) -> Iterator[Running]:
    """A whole portal in processes of its own, for journeys a worker has a part in; each makes what it needs anew."""
    with running_portal() as portal:
        yield portal


@pytest.fixture
def visit(browser: Browser, running: Running) -> Iterator[Watched]:
    """The page of somebody who comes to the running portal and has not signed in yet."""
    context = browser.new_context(base_url=running.address, reduced_motion="reduce")
    context.set_default_timeout(10_000)
    yield Watched(context.new_page())
    context.close()
