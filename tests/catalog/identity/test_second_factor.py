"""Second factors: the RFC's own vectors, signing in, replay, guessing, what is required of whom."""

import re
import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from catalog.accounts import services as accounts
from catalog.accounts.models import User
from catalog.audit.models import AuditEvent
from catalog.common import crypto
from catalog.common.errors import Conflict, Invalid
from catalog.connections.services import rotate_secrets
from catalog.identity import services, totp
from catalog.identity.models import RecoveryCode, SecondFactor
from meshportal.keys import new_encryption_key
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890" in base32


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert totp.code_at(RFC_SECRET, seconds // 30) == code  # RFC 6238, appendix B, its last six digits


def test_a_step_before_and_after_counts_and_none_that_is_used_up() -> None:
    now = 1_000_000 * 30.0
    for drift, expected in ((-2, None), (-1, 999_999), (0, 1_000_000), (1, 1_000_001), (2, None)):
        code = totp.code_at(RFC_SECRET, 1_000_000 + drift)
        assert totp.step_of(RFC_SECRET, code, now=now, after=0) == expected
        assert totp.step_of(RFC_SECRET, code, now=now, after=1_000_001) is None


def enrol(person: User) -> tuple[str, list[str]]:
    """The person's secret and recovery codes; the present code is not used up."""
    secret = services.begin_second_factor(actor=person)
    codes = services.confirm_second_factor(actor=person, code=totp.code_at(secret, int(time.time() // 30)))
    SecondFactor.objects.filter(user=person).update(last_step=0)
    return secret, codes


def code_of(secret: str) -> str:
    return totp.code_at(secret, int(time.time() // 30))


def password(client: Client, name: str = "owner", **more: Any) -> Any:
    return client.post("/account/login/", {"username": name, "password": "a-long-password", **more})


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_password_alone_opens_nothing_and_the_code_leads_on(client: Client, cast: Cast) -> None:
    secret, _ = enrol(cast.owner)
    answer = password(client, next="/teams/?a=b")
    assert (answer.status_code, answer["Location"]) == (302, "/identity/challenge/")
    assert not is_in(client)
    assert client.post("/identity/challenge/", {"code": "000000"}).status_code == 400
    answer = client.post("/identity/challenge/", {"code": code_of(secret)})
    assert (answer.status_code, answer["Location"]) == (302, "/teams/?a=b")
    assert is_in(client)


def test_a_code_does_not_open_twice(cast: Cast) -> None:
    secret, _ = enrol(cast.owner)
    code = code_of(secret)
    services.check_second_factor(person=cast.owner, code=code)
    with pytest.raises(Invalid):
        services.check_second_factor(person=cast.owner, code=code)


def test_it_comes_under_new_keys_with_everything_else_that_is_encrypted(
    cast: Cast, settings: Settings
) -> None:
    secret, _ = enrol(cast.owner)
    settings.ENCRYPTION_KEYS = [new_encryption_key(), *settings.ENCRYPTION_KEYS]
    assert rotate_secrets(actor=None) == 1
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    services.check_second_factor(person=cast.owner, code=code_of(secret))
    settings.ENCRYPTION_KEYS = [new_encryption_key()]
    with pytest.raises(Conflict, match="present keys"):
        services.check_second_factor(person=cast.owner, code=code_of(secret))


def test_a_recovery_code_opens_once(client: Client, cast: Cast) -> None:
    _, codes = enrol(cast.owner)
    assert len(set(codes)) == 10
    for status in (302, 400):
        other = Client()
        password(other)
        assert other.post("/identity/challenge/", {"code": f" {codes[0].upper()} "}).status_code == status
    assert AuditEvent.objects.filter(verb="person.recovery_code_used").count() == 1


def test_guessing_closes_it_also_for_the_right_code_and_for_longer_each_time(cast: Cast) -> None:
    secret, codes = enrol(cast.owner)
    for wrong in ("000000", "111111", "222222", "wrong-words", "333333"):
        with pytest.raises(Invalid):
            services.check_second_factor(person=cast.owner, code=wrong)
    for right in (code_of(secret), codes[0]):
        with pytest.raises(Invalid, match="Too many"):
            services.check_second_factor(person=cast.owner, code=right)
    factor = SecondFactor.objects.get(user=cast.owner)
    first = factor.closed_until - timezone.now()
    SecondFactor.objects.update(closed_until=None)
    for wrong in ("000000", "111111", "222222", "444444", "333333"):
        with pytest.raises(Invalid):
            services.check_second_factor(person=cast.owner, code=wrong)
    factor.refresh_from_db()
    assert factor.closed_until - timezone.now() > first * 1.5


def test_a_reset_link_does_not_get_around_it(client: Client, cast: Cast) -> None:
    enrol(cast.owner)
    secret = accounts.reset_password_link(actor=cast.admin, person=cast.owner)
    answer = client.post(f"/account/link/{secret}/", {"new": "another-long-one", "again": "another-long-one"})
    assert answer["Location"] == "/identity/challenge/"
    assert not is_in(client)


def test_waiting_for_a_code_ends_after_ten_minutes(client: Client, cast: Cast) -> None:
    secret, _ = enrol(cast.owner)
    password(client)
    session = client.session
    session["_waits_for_second_factor"] = session["_waits_for_second_factor"] | {"at": time.time() - 601}
    session.save()
    assert client.post("/identity/challenge/", {"code": code_of(secret)})["Location"] == "/account/login/"
    assert not is_in(client)


def test_it_is_set_up_on_the_page_with_a_code_drawn_by_the_portal(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    page = client.get("/identity/second-factor/").content.decode()
    assert 'd="M' in page
    secret = re.search(r"<code>([A-Z2-7 ]{39})</code>", page)
    assert secret is not None
    assert (
        client.get("/identity/second-factor/").content.decode().count(secret[1]) == 1
    )  # the same when loaded anew
    assert client.post("/identity/second-factor/", {"code": "000000"}).status_code == 400
    answer = client.post("/identity/second-factor/", {"code": code_of(secret[1].replace(" ", ""))})
    assert answer.status_code == 200
    assert len(re.findall(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}", answer.content.decode())) >= 10
    assert RecoveryCode.objects.filter(user=cast.owner).count() == 10
    assert "secret" not in SecondFactor.objects.get(user=cast.owner).secret
    assert crypto.decrypt(SecondFactor.objects.get(user=cast.owner).secret)["secret"] == secret[1].replace(
        " ", ""
    )


def test_removing_ones_own_takes_a_code_and_an_administrator_is_noted(client: Client, cast: Cast) -> None:
    secret, _ = enrol(cast.owner)
    client.force_login(cast.owner)
    assert client.post("/identity/second-factor/", {"code": "000000", "remove": "1"}).status_code == 400
    assert (
        client.post("/identity/second-factor/", {"code": code_of(secret), "remove": "1"}).status_code == 302
    )
    assert not SecondFactor.objects.exists()
    enrol(cast.owner)
    client.force_login(cast.admin)
    assert client.post("/identity/people/owner/second-factor/remove/").status_code == 302
    event = AuditEvent.objects.filter(verb="person.second_factor_removed").latest("pk")
    assert (event.actor, event.object_id) == (cast.admin, cast.owner.pk)


@pytest.mark.parametrize(
    ("setting", "held_up"),
    [("optional", ()), ("administrators", ("admin",)), ("everybody", ("admin", "owner"))],
)
def test_where_it_is_required_a_session_gets_no_further(
    cast: Cast, settings: Settings, setting: str, held_up: tuple[str, ...]
) -> None:
    settings.SECOND_FACTOR = setting
    for name in ("admin", "owner"):
        client = Client()
        password(client, name)
        answer, api = client.get("/teams/"), client.get("/api/v1/me/")
        if name in held_up:
            assert (answer.status_code, answer["Location"]) == (302, "/identity/second-factor/")
            assert api.status_code == 403
            assert client.get("/identity/second-factor/").status_code == 200
            assert (
                client.post("/account/tokens/", {"name": "x", "scope": "read", "days": 1}).status_code == 403
            )
        else:
            assert (answer.status_code, api.status_code) == (200, 200)


def test_enrolled_where_required_one_goes_on_and_cannot_remove_it(
    client: Client, cast: Cast, settings: Settings
) -> None:
    settings.SECOND_FACTOR = "administrators"
    secret, _ = enrol(cast.admin)
    password(client, "admin")
    client.post("/identity/challenge/", {"code": code_of(secret)})
    assert client.get("/teams/").status_code == 200
    assert b"Remove second factor" not in client.get("/identity/second-factor/").content
