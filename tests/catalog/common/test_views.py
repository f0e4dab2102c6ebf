"""The theme is kept in a cookie; the style guide shows every component to those who are signed in."""

import re
from pathlib import Path

from django.conf import settings
from django.test import Client

from tests.conftest import Cast


def test_theme_is_kept_and_drawn(client: Client, cast: Cast) -> None:
    client.force_login(cast.guest)
    response = client.post("/theme/", {"theme": "dark", "next": "/styleguide/"})
    assert (response.status_code, response["Location"]) == (302, "/styleguide/")
    assert '<html lang="en" data-theme="dark">' in client.get("/styleguide/").content.decode()
    client.post("/theme/", {"theme": "system"})
    assert "data-theme" not in client.get("/styleguide/").content.decode().split(">")[1]


def test_unknown_theme_is_the_systems_and_foreign_address_is_not_followed(client: Client, cast: Cast) -> None:
    client.force_login(cast.guest)
    response = client.post("/theme/", {"theme": '"><script>', "next": "https://evil.example/"})
    assert response["Location"] == "/"
    assert response.cookies["theme"].value == "system"
    assert client.get("/theme/").status_code == 405


def test_forged_cookie_changes_nothing(client: Client, cast: Cast) -> None:
    client.force_login(cast.guest)
    client.cookies["theme"] = '"><script>'
    assert "<script>alert" not in client.get("/styleguide/").content.decode()


def test_style_guide_uses_every_component(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    response = client.get("/styleguide/?sort=-rows&page=3")
    assert response.status_code == 200
    drawn = {template.name for template in response.templates}
    folder = Path(settings.BASE_DIR) / "templates" / "components"
    missing = {f"components/{path.name}" for path in folder.glob("*.html")} - drawn
    assert not missing


def test_pages_carry_no_inline_script_style_or_handler(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    html = client.get("/styleguide/").content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)
