"""My account by real requests: profile, password, sessions, tokens."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from catalog.accounts import services
from catalog.accounts.models import ApiToken, Session, User
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PAGES = ("/account/", "/account/password/", "/account/sessions/", "/account/tokens/")


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.parametrize("url", PAGES)
def test_everybody_has_an_account_page_that_no_cache_keeps(cast: Cast, url: str) -> None:
    for person in cast.everybody().values():
        answer = client_of(person).get(url)
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert "private" in answer["Cache-Control"]
    assert Client().get(url).status_code == 302


def test_a_profile_is_saved_with_its_time_zone(cast: Cast) -> None:
    client = client_of(cast.owner)
    data = {"revision": "1", "name": "Ολυμπία 🎧", "email": "o@daff.example", "time_zone": "Asia/Tokyo"}
    assert client.post("/account/", data).status_code == 302
    cast.owner.refresh_from_db()
    assert (cast.owner.name, cast.owner.time_zone, cast.owner.revision) == ("Ολυμπία 🎧", "Asia/Tokyo", 2)
    assert "JST" in client.get("/account/sessions/").content.decode(), "times are shown in the zone chosen"


@pytest.mark.parametrize(
    "change",
    [{"time_zone": "Mars/Base"}, {"time_zone": "../../etc/passwd"}, {"email": "x"}, {"revision": "x"}],
)
def test_a_wrong_profile_is_not_saved(cast: Cast, change: dict[str, str]) -> None:
    data = {"revision": "1", "name": "New", "email": "", "time_zone": "UTC"} | change
    assert client_of(cast.owner).post("/account/", data).status_code == 400
    cast.owner.refresh_from_db()
    assert cast.owner.name == "Owner"


def test_changing_the_password_ends_the_other_sessions_and_renews_this_one(cast: Cast) -> None:
    here, there, stranger = client_of(cast.owner), client_of(cast.owner), client_of(cast.consumer)
    old_key = here.cookies[settings.SESSION_COOKIE_NAME].value
    data = {"current": "a-long-password", "new": "a-fresh-long-one", "again": "a-fresh-long-one"}
    assert here.post("/account/password/", data).status_code == 302
    assert here.get("/account/").status_code == 200
    assert here.cookies[settings.SESSION_COOKIE_NAME].value != old_key
    assert there.get("/account/").status_code == 302
    assert stranger.get("/account/").status_code == 200
    assert Session.objects.filter(user=cast.owner).count() == 1


@pytest.mark.parametrize(
    ("current", "new", "again", "field"),
    [
        ("wrong", "a-fresh-long-one", "a-fresh-long-one", "current"),
        ("a-long-password", "short", "short", "new"),
        ("a-long-password", "owner-owner-owner", "other", "again"),
        ("a-long-password", "123456789012345", "123456789012345", "new"),
        ("a-long-password", "", "", "new"),
    ],
)
def test_a_password_is_not_changed_for_nothing(
    cast: Cast, current: str, new: str, again: str, field: str
) -> None:
    there = client_of(cast.owner)
    answer = client_of(cast.owner).post(
        "/account/password/", {"current": current, "new": new, "again": again}
    )
    assert answer.status_code == 400
    assert field in answer.context["form"].errors
    for word in (current, new):
        assert not word or f'value="{word}"' not in answer.content.decode()
    cast.owner.refresh_from_db()
    assert cast.owner.check_password("a-long-password")
    assert there.get("/account/").status_code == 200


def test_one_session_is_ended_from_another_and_no_key_is_shown(cast: Cast) -> None:
    here, there, stranger = client_of(cast.owner), client_of(cast.owner), client_of(cast.consumer)
    page = here.get("/account/sessions/")
    for session in Session.objects.all():
        assert session.pk not in page.content.decode()
    handles = re.findall(r'name="handle" value="(\w+)"', page.content.decode())
    assert len(handles) == 1
    assert stranger.post("/account/sessions/", {"handle": handles[0]}).status_code == 302
    assert there.get("/account/").status_code == 200, "nobody ends another person's session"
    here.post("/account/sessions/", {"handle": handles[0]})
    assert there.get("/account/").status_code == 302
    third = client_of(cast.owner)
    here.post("/account/sessions/", {"others": "1"})
    assert third.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200
    assert stranger.get("/account/").status_code == 200


def test_last_use_of_a_session_is_noted_now_and_then(cast: Cast) -> None:
    client = client_of(cast.owner)
    client.get("/account/")
    fresh = Session.objects.get().last_seen_at
    client.get("/account/")
    assert Session.objects.get().last_seen_at == fresh
    Session.objects.update(last_seen_at=timezone.now() - timedelta(minutes=6))
    client.get("/account/")
    assert timezone.now() - Session.objects.get().last_seen_at < timedelta(minutes=1)


def test_a_token_is_shown_in_one_answer_only(cast: Cast) -> None:
    client = client_of(cast.owner)
    answer = client.post("/account/tokens/", {"name": "dbt <b>", "scope": "write", "days": "30"})
    page = answer.content.decode()
    secret = answer.context["secret"]
    assert secret in page
    assert "no-store" in answer["Cache-Control"]
    assert "dbt <b>" not in page
    assert secret not in client.get("/account/tokens/").content.decode()
    assert Client().get("/api/v1/me/", HTTP_AUTHORIZATION=f"Bearer {secret}").status_code == 200


@pytest.mark.parametrize(
    "data",
    [
        {"name": "", "scope": "read", "days": "30"},
        {"name": "x", "scope": "admin", "days": "30"},
        {"name": "x", "scope": "read", "days": "0"},
        {"name": "x", "scope": "read", "days": "731"},
        {"name": "x", "scope": "read", "days": "many"},
        {"name": "a\x00b", "scope": "read", "days": "3"},
    ],
)
def test_a_wrong_wish_makes_no_token(cast: Cast, data: dict[str, str]) -> None:
    assert client_of(cast.owner).post("/account/tokens/", data).status_code == 400
    assert not ApiToken.objects.exists()


def test_one_revokes_ones_own_tokens_alone(cast: Cast) -> None:
    token, secret = services.create_token(actor=cast.owner, person=cast.owner, name="job")
    url = f"/account/tokens/{token.pk}/revoke/"
    for stranger in (cast.consumer, cast.guest, cast.admin):
        assert client_of(stranger).post(url).status_code == 404
    assert client_of(cast.owner).get(url).status_code == 405
    assert client_of(cast.owner).post(url).status_code == 302
    assert Client().get("/api/v1/me/", HTTP_X_API_KEY=secret).status_code == 401
    assert client_of(cast.owner).post(f"/account/tokens/{10**30}/revoke/").status_code == 404


def test_a_guest_is_told_how_to_get_a_role(cast: Cast) -> None:
    page = client_of(cast.guest).get("/account/").content.decode()
    assert "You have no role yet" in page
    for name in ("Listening", "Daff", "Play events"):
        assert name not in page
