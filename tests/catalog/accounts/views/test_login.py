"""Signing in and out by real requests: lockout, redirects, sessions, the demo's door."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from catalog.accounts import services
from catalog.accounts.models import Invitation, Session, User
from catalog.audit.models import AuditEvent
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
LOGIN = "/account/login/"
PASSWORD = "a-long-password"


def sign_in(client: Client, username: str = "owner", password: str = PASSWORD, **more: Any) -> Any:
    data = {"username": username, "password": password, **more.pop("data", {})}
    return client.post(LOGIN, data, **more)


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_a_stranger_is_sent_to_sign_in_and_comes_back(client: Client, cast: Cast) -> None:
    answer = client.get("/account/tokens/?a=b")
    assert (answer.status_code, answer["Location"]) == (302, f"{LOGIN}?next=/account/tokens/%3Fa%3Db")
    answer = sign_in(client, data={"next": "/account/tokens/?a=b"})
    assert (answer.status_code, answer["Location"]) == (302, "/account/tokens/?a=b")


@pytest.mark.parametrize("typed", ["owner", "OWNER", "Owner", " owner ", "\uff4f\uff57\uff4e\uff45\uff52"])
def test_capitals_and_width_of_the_username_do_not_matter(client: Client, cast: Cast, typed: str) -> None:
    assert sign_in(client, typed).status_code == 302
    assert is_in(client)


def test_names_in_other_scripts_sign_in_in_any_capitals(client: Client) -> None:
    User.objects.create_user("Ümit.Öz", PASSWORD)
    User.objects.create_user("ΣΊΣΥΦΟΣ", PASSWORD)
    User.objects.create_user("音楽", PASSWORD)
    for typed in ("üMIT.öZ", "σίσυφος", "音楽"):
        assert sign_in(Client(), typed).status_code == 302, typed


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "https:///evil.example",
        " https://evil.example",
        "\thttps://evil.example",
        "http://testserver@evil.example/",
        "http://testserver.evil.example/",
        "/account/login/",
        "/account/login/?next=/account/login/",
        "/account/logout/",
        "/\r\nSet-Cookie: a=b",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(client: Client, cast: Cast, target: str) -> None:
    for answer in (
        sign_in(client, data={"next": target}),
        client.get(LOGIN, {"next": target}),
    ):
        assert answer.status_code == 302
        assert answer["Location"] == "/" or answer["Location"].startswith("/%0D%0ASet-Cookie")
        assert "Set-Cookie: a" not in str(answer.headers)


def test_wrong_unknown_and_deactivated_get_the_same_words(client: Client, cast: Cast) -> None:
    services.deactivate_person(actor=cast.admin, person=cast.steward)
    tries = [("owner", "wrong"), ("nobody", "wrong"), ("steward", PASSWORD), ("guest", "")]
    answers = [sign_in(Client(), name, password) for name, password in tries]
    assert {answer.status_code for answer in answers} == {200}
    said = {tuple(answer.context["form"].non_field_errors()) for answer in answers[:3]}
    assert len(said) == 1
    assert "do not fit together" in answers[0].content.decode()
    assert not Session.objects.exists()


@pytest.mark.parametrize("name", ["a\x00b", "x" * 5000, "' OR 1=1 --", "<script>alert(1)</script>", "🎧"])
def test_hostile_usernames_are_only_wrong(client: Client, cast: Cast, name: str) -> None:
    answer = sign_in(client, name)
    assert answer.status_code in {200, 400}
    assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_USER_AGENT": "x" * 5000},
        {"HTTP_ACCEPT": "x" * 5000},
        {"HTTP_X_FORWARDED_FOR": "x" * 5000},
        {"QUERY_STRING": "a=" + "x" * 5000},
        {"HTTP_USER_AGENT": "\u00ff\u2028<b>"},
    ],
)
def test_hostile_headers_are_no_obstacle(client: Client, cast: Cast, headers: dict[str, str]) -> None:
    assert sign_in(client, "owner", "wrong", **headers).status_code == 200
    assert sign_in(client, "owner", **headers).status_code == 302
    assert client.get("/account/sessions/", **headers).status_code == 200


def test_too_many_wrong_passwords_close_the_account_from_there(client: Client, cast: Cast) -> None:
    spellings = itertools.cycle(["owner", "Owner", "OWNER"])
    for _ in range(configured.AXES_FAILURE_LIMIT - 1):
        assert sign_in(client, next(spellings), "wrong").status_code == 200
    answer = sign_in(client, next(spellings), "wrong")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) == configured.AXES_COOLOFF_TIME.total_seconds()
    page = answer.content.decode()
    assert "Too many wrong passwords" in page
    assert "minutes" in page
    assert sign_in(Client(), "owner").status_code == 429, "the right password is refused too"
    assert not is_in(client)
    assert sign_in(Client(), "consumer").status_code == 302, "others are not shut out"
    elsewhere = sign_in(Client(), "owner", REMOTE_ADDR="198.51.100.7")
    assert elsewhere.status_code == 302, "nor is the owner from another place"


def test_a_reset_link_opens_a_closed_account_at_once(client: Client, cast: Cast) -> None:
    for _ in range(configured.AXES_FAILURE_LIMIT):
        sign_in(client, "owner", "wrong")
    secret = services.reset_password_link(actor=cast.admin, person=cast.owner)
    client.post(f"/account/link/{secret}/", {"new": "quite-another-one", "again": "quite-another-one"})
    assert sign_in(Client(), "owner", "quite-another-one").status_code == 302


def test_lockout_ends_by_itself(client: Client, cast: Cast) -> None:
    from axes.models import AccessAttempt

    for _ in range(configured.AXES_FAILURE_LIMIT):
        sign_in(client, "owner", "wrong")
    AccessAttempt.objects.update(
        attempt_time=timezone.now() - configured.AXES_COOLOFF_TIME - timedelta(seconds=1)
    )
    assert sign_in(client).status_code == 302


def test_no_password_is_kept_of_failed_attempts(client: Client, cast: Cast) -> None:
    from axes.models import AccessAttempt

    sign_in(client, "owner", "my-secret-typo")
    assert "my-secret-typo" not in str(list(AccessAttempt.objects.values()))


def test_a_planted_session_key_is_not_the_one_signed_in_with(client: Client, cast: Cast) -> None:
    """Session fixation: the key known before sign-in is worth nothing after."""
    client.get(LOGIN)
    planted = client.session
    planted["x"] = 1
    planted.save()
    before = planted.session_key
    client.cookies[configured.SESSION_COOKIE_NAME] = before
    sign_in(client)
    after = client.cookies[configured.SESSION_COOKIE_NAME].value
    assert after != before
    attacker = Client()
    attacker.cookies[configured.SESSION_COOKIE_NAME] = before
    assert not is_in(attacker)
    invented = Client()
    invented.cookies[configured.SESSION_COOKIE_NAME] = "a" * 32
    sign_in(invented)
    assert invented.cookies[configured.SESSION_COOKIE_NAME].value != "a" * 32


def test_signing_out_ends_the_session_on_the_server(client: Client, cast: Cast) -> None:
    sign_in(client)
    key = client.cookies[configured.SESSION_COOKIE_NAME].value
    assert client.get("/account/logout/").status_code == 405
    assert is_in(client)
    assert client.post("/account/logout/").status_code == 302
    thief = Client()
    thief.cookies[configured.SESSION_COOKIE_NAME] = key
    assert not is_in(thief)
    assert not Session.objects.exists()
    assert client.post("/account/logout/").status_code == 302, "again, without a session, does no harm"


def test_signing_in_and_out_need_the_forms_token(cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(strict).status_code == 403
    strict.force_login(cast.owner)
    assert strict.post("/account/logout/").status_code == 403
    assert is_in(strict)


def test_a_sign_in_is_in_the_audit_trail_and_the_list_of_sessions(client: Client, cast: Cast) -> None:
    sign_in(client, HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
    assert AuditEvent.objects.filter(verb="person.signed_in", actor=cast.owner).count() == 1
    row = Session.objects.get()
    assert (row.user, row.signed_in_at is not None) == (cast.owner, True)
    assert "Firefox on Linux" in client.get("/account/sessions/").content.decode()


# --- one-time links


def test_an_invited_person_comes_in_once(client: Client, cast: Cast) -> None:
    person, secret = services.invite_person(actor=cast.admin, username="newcomer")
    url = f"/account/link/{secret}/"
    for method in (client.get, client.head, client.get):
        assert method(url).status_code == 200, "looking uses nothing up"
    assert client.get(url)["Referrer-Policy"] == "no-referrer"
    assert "no-store" in client.get(url)["Cache-Control"]
    data = {"new": "brand-new-password", "again": "brand-new-password"}
    assert client.post(url, data).status_code == 302
    assert is_in(client)
    again = Client().post(url, data)
    assert (again.status_code, "cannot be used" in again.content.decode()) == (404, True)
    person.refresh_from_db()
    assert person.check_password("brand-new-password")


@pytest.mark.parametrize("spoil", ["tampered", "expired", "replaced", "deactivated", "digest"])
def test_a_spoiled_link_opens_nothing_and_does_not_say_why(client: Client, cast: Cast, spoil: str) -> None:
    person, secret = services.invite_person(actor=cast.admin, username="newcomer")
    invitation = Invitation.objects.get(user=person)
    if spoil == "tampered":
        secret = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    elif spoil == "expired":
        Invitation.objects.update(expires_at=timezone.now())
    elif spoil == "replaced":
        services.reset_password_link(actor=cast.admin, person=person)
    elif spoil == "deactivated":
        services.deactivate_person(actor=cast.admin, person=person)
    else:
        secret = invitation.digest
    data = {"new": "brand-new-password", "again": "brand-new-password"}
    for answer in (client.get(f"/account/link/{secret}/"), client.post(f"/account/link/{secret}/", data)):
        assert answer.status_code == 404
        assert "newcomer" not in answer.content.decode()
    person.refresh_from_db()
    assert not person.has_usable_password()


@pytest.mark.parametrize(
    ("new", "again"),
    [("short", "short"), ("password1234", "password1234"), ("a-good-long-one", "not-the-same")],
)
def test_a_weak_password_keeps_the_link_good(client: Client, cast: Cast, new: str, again: str) -> None:
    _, secret = services.invite_person(actor=cast.admin, username="newcomer")
    assert client.post(f"/account/link/{secret}/", {"new": new, "again": again}).status_code == 400
    assert client.get(f"/account/link/{secret}/").status_code == 200


# --- the demo's accounts

OFFERED = {"HTTP_HOST": "localhost:8000", "REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture
def demo(settings: Settings, cast: Cast) -> Cast:
    settings.DEMO = True
    settings.BIND_HOST = "127.0.0.1"
    User.objects.update(password="!no-password")
    return cast


def enter(account: str = "owner", **meta: str) -> Any:
    return Client().post(f"{LOGIN}demo/", {"account": account}, **(OFFERED | meta))


@pytest.mark.parametrize("account", ["owner", "steward", "consumer", "guest", "admin"])
def test_the_demos_accounts_are_entered_by_one_press(demo: Cast, account: str) -> None:
    client = Client(**OFFERED)
    assert f'value="{account}"' in client.get(LOGIN).content.decode()
    assert client.post(f"{LOGIN}demo/", {"account": account}).status_code == 302
    assert account in client.get("/account/").content.decode()


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"])
def test_each_name_of_this_machine_will_do(demo: Cast, host: str) -> None:
    assert enter(HTTP_HOST=host).status_code == 302


@pytest.mark.parametrize(
    "meta",
    [
        {"HTTP_HOST": "testserver"},
        {"HTTP_HOST": "localhost.evil.example"},
        {"HTTP_HOST": "192.168.1.5:8000"},
        {"REMOTE_ADDR": "192.168.1.5"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "::ffff:10.0.0.1"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_HOST": "localhost"},
        {"HTTP_X_FORWARDED_PROTO": "http"},
        {"HTTP_X_FORWARDED_PORT": "80"},
        {"HTTP_X_FORWARDED_SERVER": "proxy"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_X_CLIENT_IP": "127.0.0.1"},
        {"HTTP_TRUE_CLIENT_IP": "127.0.0.1"},
        {"HTTP_CF_CONNECTING_IP": "127.0.0.1"},
        {"HTTP_X_ORIGINAL_HOST": "localhost"},
        {"HTTP_X_FORWARDED_FOR": ""},
    ],
)
def test_any_sign_of_another_machine_closes_the_door(
    settings: Settings, demo: Cast, meta: dict[str, str]
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert enter(**meta).status_code == 404
    assert "Enter as" not in Client().get(LOGIN, **(OFFERED | meta)).content.decode()
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEMO", False),
        ("BIND_HOST", "192.168.1.5"),
        ("BIND_HOST", ""),
        ("BIND_HOST", "::"),
        ("BIND_HOST", ".".join("0000")),
    ],
)
def test_outside_a_demo_folder_bound_to_loopback_there_is_no_door(
    settings: Settings, demo: Cast, name: str, value: object
) -> None:
    setattr(settings, name, value)
    assert enter().status_code == 404
    assert "Enter as" not in Client().get(LOGIN, **OFFERED).content.decode()


def test_the_door_leads_to_the_demos_accounts_only(demo: Cast) -> None:
    User.objects.create_user("root")
    services.deactivate_person(actor=demo.admin, person=demo.owner)
    for account in ("root", "owner", "", "Owner", "nobody"):
        assert enter(account).status_code == 404, account
    assert Client().get(f"{LOGIN}demo/", **OFFERED).status_code == 405
    strict = Client(enforce_csrf_checks=True, **OFFERED)
    assert strict.post(f"{LOGIN}demo/", {"account": "admin"}).status_code == 403
    answer = Client(**OFFERED).post(f"{LOGIN}demo/", {"account": "steward", "next": "//evil.example"})
    assert answer["Location"] == "/"


def test_demo_accounts_have_no_password_to_guess(demo: Cast) -> None:
    for password in ("", "owner", "demo", "!no-password", PASSWORD):
        assert sign_in(Client(**OFFERED), "owner", password).status_code == 200
