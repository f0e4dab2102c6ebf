"""Every address of the feature at once: who gets in, with which method, under which headers."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, reverse
from pytest_django import Settings

from catalog.accounts import services
from catalog.accounts.models import Membership
from catalog.accounts.urls import api_urlpatterns, urlpatterns
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
OPEN = {"login", "demo_login", "logout", "link"}  # the whole list of pages for strangers


def addresses(patterns: list[Any], namespace: str) -> list[tuple[str, str]]:
    """(name, address) of every route, with the cast's names in the places of parameters."""
    found = []
    for pattern in patterns:
        assert isinstance(pattern, URLPattern)
        assert pattern.name
        known = {
            "username": "owner",
            "slug": "listening-team",
            "pk": 1,
            "secret": "s",
            "action": "deactivate",
        }
        names = re.findall(r"<\w+:(\w+)>", str(pattern.pattern))
        arguments = {name: known[name] for name in names}
        found.append((pattern.name, reverse(f"{namespace}:{pattern.name}", kwargs=arguments)))
    return found


PAGES = addresses(urlpatterns, "accounts")
ENDPOINTS = addresses(api_urlpatterns, "api")


@pytest.mark.parametrize(("name", "url"), PAGES)
def test_a_stranger_gets_past_no_page_but_those_of_signing_in(client: Client, name: str, url: str) -> None:
    for method in ("get", "head", "post", "put", "delete", "options", "patch"):
        answer = getattr(client, method)(url)
        if name in OPEN:
            assert answer.status_code in {200, 302, 404, 405}, method
            continue
        assert answer.status_code == 302, method
        assert answer["Location"].startswith("/account/login/?next="), method


@pytest.mark.parametrize(("name", "url"), ENDPOINTS)
def test_a_stranger_gets_401_from_every_endpoint(client: Client, name: str, url: str) -> None:
    for method in ("get", "head", "post", "put", "delete", "options", "patch"):
        assert getattr(client, method)(url).status_code == 401, method


@pytest.mark.parametrize(("name", "url"), PAGES)
def test_no_post_passes_without_the_forms_token(cast: Cast, name: str, url: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.admin)
    assert strict.post(url).status_code == 403
    assert strict.post(url, headers={"origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize(("name", "url"), [item for item in PAGES if item[0] not in OPEN])
def test_nothing_shown_to_a_person_is_kept_by_a_cache(cast: Cast, name: str, url: str) -> None:
    client = Client()
    client.force_login(cast.admin)
    for method in ("get", "head", "options"):
        answer = getattr(client, method)(url)
        assert answer.status_code in {200, 404, 405}, method
        assert "no-store" in answer["Cache-Control"], method
        assert "private" in answer["Cache-Control"], method


@pytest.mark.parametrize(("name", "url"), PAGES)
def test_reading_methods_change_nothing(cast: Cast, name: str, url: str) -> None:
    """GET, HEAD and OPTIONS of every page by an administrator leave people, roles and teams as they were."""
    before = snapshot()
    client = Client()
    client.force_login(cast.admin)
    for method in ("get", "head", "options"):
        getattr(client, method)(url)
    assert snapshot() == before


def snapshot() -> list[Any]:
    from catalog.accounts.models import ApiToken, Invitation, Team, User

    fields = ("username", "is_active", "password", "revision", "name", "email")
    return [
        list(User.objects.order_by("pk").values_list(*fields)),
        *(list(model.objects.order_by("pk").values()) for model in (Membership, Team, ApiToken, Invitation)),
    ]


@pytest.mark.parametrize("url", ["/account/login/", "/account/", "/teams/", "/people/"])
def test_pages_carry_the_headers_that_browsers_obey(cast: Cast, url: str) -> None:
    client = Client()
    if url != "/account/login/":
        client.force_login(cast.admin)
    answer = client.get(url)
    policy = answer["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    page = answer.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:", page)


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    cast: Cast, settings: Settings
) -> None:
    client = Client()
    client.post("/account/login/", {"username": "owner", "password": "a-long-password"})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["domain"]
    settings.SESSION_COOKIE_SECURE = True
    client.post("/account/login/", {"username": "owner", "password": "a-long-password"})
    assert client.cookies[settings.SESSION_COOKIE_NAME]["secure"]


def test_an_unsigned_or_foreign_session_cookie_is_nobody(client: Client, cast: Cast) -> None:
    for value in (
        "",
        "x",
        "a" * 32,
        "../../etc/passwd",
        "'; --",
        "%00",
        "🎧".encode().decode("latin-1"),
        "x" * 5000,
    ):
        client.cookies[settings.SESSION_COOKIE_NAME] = value
        assert client.get("/account/").status_code == 302, value


def test_a_person_deleted_from_under_a_session_is_nobody(client: Client, cast: Cast) -> None:
    client.force_login(cast.guest)
    cast.guest.delete()
    assert client.get("/account/").status_code == 302


def test_the_guest_learns_no_name_of_the_mesh_anywhere(cast: Cast) -> None:
    """No role: not one page or endpoint of people and teams says the name of a team, a domain, a product, a person."""
    client = Client()
    client.force_login(cast.guest)
    _, secret = services.create_token(actor=None, person=cast.guest, name="t", scopes=["write"])
    names = (
        "Listening",
        "listening-team",
        "Playback",
        "Daff",
        "Play events",
        "Consumer",
        "Steward",
        "Business",
    )
    for name, url in PAGES + ENDPOINTS:
        if name in OPEN:
            continue
        for answer in (client.get(url), Client().get(url, headers={"x-api-key": secret})):
            if answer.status_code == 302:
                continue  # a page, asked with a token
            page = answer.content.decode().replace(url, "")
            assert not [word for word in names if word in page], (name, answer.status_code)
