"""What people read when something goes wrong: every page says what happened and what to do, and none fails itself."""

from collections.abc import Iterator
from types import ModuleType
from unittest.mock import patch

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from catalog.common.errors import Conflict, NotAllowed
from meshportal import errors
from meshportal import urls as portal
from tests.conftest import Cast


def forbidden(request: HttpRequest) -> HttpResponse:
    raise NotAllowed("You may read this product and not edit it.", remedy="Ask its team.")


def stale(request: HttpRequest) -> HttpResponse:
    raise Conflict(
        "Somebody changed it meanwhile.", kept="What you typed is kept.", remedy="Compare and save."
    )


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret in a traceback")


def away(request: HttpRequest) -> HttpResponse:
    raise OperationalError("server closed the connection unexpectedly")


@pytest.fixture
def broken_client(cast: Cast) -> Iterator[Client]:
    """Signed in; three addresses fail in three ways."""
    module = ModuleType("addresses_that_fail")
    wrong = [
        path("forbidden/", forbidden),
        path("stale/", stale),
        path("broken/", broken),
        path("away/", away),
    ]
    module.urlpatterns = [*wrong, *portal.urlpatterns]  # type: ignore[attr-defined]
    for name in ("handler400", "handler403", "handler404", "handler500"):
        setattr(module, name, getattr(portal, name))
    with override_settings(ROOT_URLCONF=module):
        client = Client(raise_request_exception=False)
        client.force_login(cast.consumer)
        yield client


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/forbidden/", 403, "Ask its team."),
        ("/stale/", 409, "What you typed is kept."),
        ("/no-such-page/", 404, "nothing you may see"),
        ("/products/?q=%ff", 400, "cannot be read"),
        ("/broken/", 500, "Nothing was half saved"),
        ("/away/", 503, "database does not answer just now"),
    ],
)
def test_page_says_what_happened_and_what_to_do(
    broken_client: Client, address: str, status: int, words: str
) -> None:
    response = broken_client.get(address)
    html = response.content.decode()
    assert response.status_code == status
    assert words in html
    assert response["X-Request-ID"] in html
    assert "a secret in a traceback" not in html


def test_404_offers_the_search_to_those_who_are_signed_in(broken_client: Client) -> None:
    assert 'id="search-again"' in broken_client.get("/no-such-page/").content.decode()
    broken_client.logout()
    assert 'id="search-again"' not in broken_client.get("/no-such-page/").content.decode()


def test_500_needs_no_database(broken_client: Client) -> None:
    request = broken_client.get("/no-such-page/").wsgi_request
    with patch.object(connection, "cursor", side_effect=DatabaseError("gone")):
        response = errors.server_error(request)
    assert response.status_code == 500
    assert "<h1>" in response.content.decode()


def test_form_that_was_open_too_long_is_explained(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.owner)
    response = client.post("/theme/", {"theme": "dark"})
    assert response.status_code == 403
    assert "load the page anew" in response.content.decode()


@pytest.mark.parametrize("address", ["/search/", "/products/", "/api/v1/search/"])
@pytest.mark.parametrize("broken", ["", "&q=%00"])
def test_more_parameters_than_anybody_sends_are_a_bad_request(
    broken_client: Client, address: str, broken: str
) -> None:
    query = "&".join(f"tag=t{number}" for number in range(10_001)) + broken
    assert broken_client.get(f"{address}?{query}").status_code == 400
