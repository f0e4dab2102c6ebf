"""Signing in through a real provider process: who comes in, and everything that must be refused."""

import http.client
import socket
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from catalog.accounts import services as accounts
from catalog.accounts.models import ApiToken, Membership, Role, Session, User
from catalog.audit.models import AuditEvent
from catalog.identity import services
from catalog.identity.models import ProviderAccount
from catalog.identity.services import provisioning
from meshportal.identity import Oidc
from tests import factories as make
from tests.conftest import Cast
from tests.identity_provider import MISCHIEF

pytestmark = pytest.mark.django_db
START = "/identity/login/"


def begin(client: Client, after: str = "/account/") -> str:
    """The provider's address the browser is sent to."""
    answer = client.get(START, {"next": after})
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def at_provider(address: str, name: str, **more: str) -> str:
    """What the browser does at the provider; the address it is sent back to."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}&{urlencode({'as': name, **more})}")
    return str(connection.getresponse().headers["Location"])


def back(client: Client, address: str) -> Any:
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def come(client: Client, name: str, **more: str) -> Any:
    return back(client, at_provider(begin(client), name, **more))


def linked(person: User, name: str, oidc: Oidc) -> None:
    ProviderAccount.objects.create(user=person, issuer=oidc.issuer, subject=f"subject-of-{name}")


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_a_linked_person_comes_in_and_lands_where_they_wanted(client: Client, cast: Cast, oidc: Oidc) -> None:
    linked(cast.consumer, "anna", oidc)
    answer = back(client, at_provider(begin(client, "/account/tokens/?a=b"), "anna"))
    assert (answer.status_code, answer["Location"]) == (302, "/account/tokens/?a=b")
    assert is_in(client)
    assert AuditEvent.objects.filter(verb="person.signed_in", object_id=cast.consumer.pk).exists()


def test_the_provider_is_asked_with_state_nonce_and_a_pkce_challenge(
    client: Client, db: None, oidc: Oidc
) -> None:
    asked = [parse_qs(urlsplit(begin(client)).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
        assert len(asked[0][name][0]) >= 43
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert asked[0]["redirect_uri"] == ["http://testserver/identity/callback/"]


@pytest.mark.parametrize("mischief", MISCHIEF)
def test_a_bad_answer_of_the_provider_signs_nobody_in_and_says_what_to_do(
    client: Client, cast: Cast, oidc: Oidc, mischief: str
) -> None:
    linked(cast.consumer, "anna", oidc)
    answer = come(client, "anna", mischief=mischief)
    assert answer.status_code == (503 if mischief == "broken" else 400)
    assert b"You are not signed in" in answer.content
    assert b"Go to the sign-in page" in answer.content
    assert not is_in(client)
    assert come(client, "anna").status_code == 302  # and an honest one goes through afterwards


def test_a_callback_used_twice_is_refused_also_in_another_browser(
    client: Client, cast: Cast, oidc: Oidc
) -> None:
    linked(cast.consumer, "anna", oidc)
    address = at_provider(begin(client), "anna")
    assert back(client, address).status_code == 302
    assert back(client, address).status_code == 400
    stranger = Client()
    assert back(stranger, address).status_code == 400
    assert not is_in(stranger)


def test_a_code_replayed_with_a_fresh_state_is_refused_by_the_provider(
    client: Client, cast: Cast, oidc: Oidc
) -> None:
    linked(cast.consumer, "anna", oidc)
    used = at_provider(begin(client), "anna")
    assert back(client, used).status_code == 302
    other = Client()
    state = parse_qs(urlsplit(begin(other)).query)["state"][0]
    code = parse_qs(urlsplit(used).query)["code"][0]
    assert other.get("/identity/callback/", {"state": state, "code": code}).status_code == 400
    assert not is_in(other)


def test_somebody_elses_callback_link_does_not_sign_a_victim_in_as_them(
    client: Client, cast: Cast, oidc: Oidc
) -> None:
    """Login by forged request: the attacker begins, stops before the callback and sends its address to a victim."""
    linked(cast.consumer, "anna", oidc)
    attacker, victim = Client(), Client()
    address = at_provider(begin(attacker), "anna")
    begin(victim)
    assert back(victim, address).status_code == 400
    assert not is_in(victim)


def test_a_code_won_with_another_verifier_is_worth_nothing(client: Client, cast: Cast, oidc: Oidc) -> None:
    """PKCE: a code caught on its way does not help in another attempt, state and all."""
    linked(cast.consumer, "anna", oidc)
    caught = parse_qs(urlsplit(at_provider(begin(Client()), "anna")).query)["code"][0]
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    assert client.get("/identity/callback/", {"state": state, "code": caught}).status_code == 400


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/account/login/"],
)
def test_after_signing_in_nobody_is_sent_elsewhere(
    client: Client, cast: Cast, oidc: Oidc, target: str
) -> None:
    linked(cast.consumer, "anna", oidc)
    assert back(client, at_provider(begin(client, target), "anna"))["Location"] == "/"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?state=x",
        "?code=x",
        "?state=x&code=y",
        "?error=no",
        "?state=%C3%A9&code=%C3%A9",
        "?iss=a",
    ],
)
def test_a_callback_out_of_nowhere_is_refused(client: Client, db: None, oidc: Oidc, query: str) -> None:
    assert client.get(f"/identity/callback/{query}").status_code == 400


def test_an_answer_that_names_another_provider_is_refused(client: Client, cast: Cast, oidc: Oidc) -> None:
    linked(cast.consumer, "anna", oidc)
    address = at_provider(begin(client), "anna")
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | {
        "iss": "https://evil.example"
    }
    assert client.get(parts.path, query).status_code == 400


def test_who_cancels_at_the_provider_reads_so(client: Client, db: None, oidc: Oidc) -> None:
    answer = come(client, "nobody")
    assert answer.status_code == 403
    assert b"cancelled" in answer.content


def test_a_stranger_gets_no_account_but_the_number_to_tell(client: Client, cast: Cast, oidc: Oidc) -> None:
    before = User.objects.count()
    answer = come(client, "anna")
    assert answer.status_code == 403
    assert b"subject-of-anna" in answer.content
    assert User.objects.count() == before


def test_a_closed_account_stays_closed(client: Client, cast: Cast, oidc: Oidc) -> None:
    linked(cast.consumer, "anna", oidc)
    accounts.deactivate_person(actor=cast.admin, person=cast.consumer)
    assert come(client, "anna").status_code == 403


def test_where_allowed_a_newcomer_gets_an_account_without_rights_or_password(
    client: Client, cast: Cast, oidc: Oidc, settings: Settings
) -> None:
    settings.OIDC = replace(oidc, creates_accounts=True)
    make.make_user("anna")  # the name is somebody's already: nobody is taken over
    assert come(client, "anna").status_code == 302
    person = User.objects.get(username="anna-2")
    assert (person.name, person.email, person.has_usable_password()) == (
        "Anna Field",
        "anna@example.org",
        False,
    )
    assert not person.memberships.exists()
    client.logout()
    assert come(client, "anna").status_code == 302
    assert User.objects.filter(username__startswith="anna").count() == 2


def test_an_unverified_address_is_not_believed(
    client: Client, cast: Cast, oidc: Oidc, settings: Settings
) -> None:
    User.objects.filter(pk=cast.consumer.pk).update(email="boris@example.org")
    settings.OIDC = replace(oidc, links_by_email=True)
    assert come(client, "boris").status_code == 403
    settings.OIDC = replace(oidc, links_by_email=True, creates_accounts=True)
    assert come(client, "boris").status_code == 302
    assert User.objects.get(username="boris").email == ""


def test_a_verified_address_links_only_where_the_setting_says_so_and_voids_what_was_before(
    client: Client, cast: Cast, oidc: Oidc, settings: Settings
) -> None:
    User.objects.filter(pk=cast.consumer.pk).update(email="Anna@Example.org")
    assert come(client, "anna").status_code == 403
    attacker = Client()
    attacker.force_login(cast.consumer)  # whoever put Anna's address into an account of their own
    token, _ = accounts.create_token(actor=cast.consumer, person=cast.consumer, name="kept")
    settings.OIDC = replace(oidc, links_by_email=True)
    assert come(client, "anna").status_code == 302
    assert ProviderAccount.objects.get().user == cast.consumer
    assert not is_in(attacker)
    assert not ApiToken.objects.usable().filter(pk=token.pk).exists()
    assert not User.objects.get(pk=cast.consumer.pk).has_usable_password()


@pytest.mark.parametrize("case", ["administrator", "two people"])
def test_an_address_never_opens_an_administrators_account_nor_one_of_two(
    client: Client, cast: Cast, oidc: Oidc, settings: Settings, case: str
) -> None:
    settings.OIDC = replace(oidc, links_by_email=True)
    people = [cast.admin] if case == "administrator" else [cast.owner, cast.consumer]
    User.objects.filter(pk__in=[person.pk for person in people]).update(email="anna@example.org")
    assert come(client, "anna").status_code == 403


def test_roles_follow_the_groups_and_those_given_by_hand_stay(client: Client, cast: Cast, oidc: Oidc) -> None:
    linked(cast.consumer, "anna", oidc)
    made = services.create_group_rule(
        actor=cast.admin, group="data", role="steward", team=cast.listening_team
    )
    services.create_group_rule(actor=cast.admin, group="other", role="viewer", team=cast.playback_team)
    by_hand = accounts.grant_role(
        actor=cast.admin, person=cast.consumer, role="viewer", team=cast.playback_team
    )
    assert come(client, "anna").status_code == 302
    followed = Membership.objects.get(user=cast.consumer, is_from_provider=True)
    assert (followed.role, followed.team) == (Role.STEWARD, cast.listening_team)
    services.delete_group_rule(actor=cast.admin, rule=made)
    assert not Membership.objects.filter(pk=followed.pk).exists()
    assert Membership.objects.filter(pk=by_hand.pk).exists()


def test_who_leaves_a_group_loses_its_role_with_the_next_sign_in(
    client: Client, cast: Cast, oidc: Oidc
) -> None:
    linked(cast.consumer, "anna", oidc)
    ProviderAccount.objects.update(groups=["left", "data"])
    services.create_group_rule(actor=cast.admin, group="left", role="governance")
    assert Membership.objects.filter(user=cast.consumer, role="governance").exists()
    assert come(client, "anna").status_code == 302
    assert not Membership.objects.filter(user=cast.consumer, role="governance").exists()


def test_groups_that_are_too_many_to_be_told_change_nothing(client: Client, cast: Cast, oidc: Oidc) -> None:
    linked(cast.consumer, "many", oidc)
    ProviderAccount.objects.update(groups=["data"])
    services.create_group_rule(actor=cast.admin, group="data", role="steward", team=cast.listening_team)
    assert come(client, "many").status_code == 302
    assert Membership.objects.filter(user=cast.consumer, is_from_provider=True).exists()


def test_the_last_administrator_keeps_the_role_whatever_the_groups_say(
    client: Client, cast: Cast, oidc: Oidc
) -> None:
    linked(cast.admin, "anna", oidc)
    Membership.objects.filter(user=cast.admin).update(is_from_provider=True)
    assert come(client, "anna").status_code == 302
    assert Membership.objects.filter(user=cast.admin, role=Role.PLATFORM_ADMIN).exists()
    assert AuditEvent.objects.filter(verb="person.kept_last_admin").exists()


def test_a_provider_that_is_away_is_said_so_and_the_password_still_works(
    client: Client, cast: Cast, oidc: Oidc, settings: Settings
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cache.clear()
    settings.OIDC = replace(oidc, issuer=f"http://127.0.0.1:{port}/realm")
    answer = client.get(START)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert b"cannot be used at the moment" in answer.content
    page = client.get("/account/login/")
    assert oidc.label.encode() in page.content
    assert (
        client.post("/account/login/", {"username": "owner", "password": "a-long-password"}).status_code
        == 302
    )


def test_without_a_provider_there_is_no_button_and_no_address(
    client: Client, db: None, settings: Settings
) -> None:
    settings.OIDC = Oidc()
    assert b"single sign-on" not in client.get("/account/login/").content
    for path in (START, "/identity/callback/", "/identity/logout/"):
        assert client.get(path).status_code == 404


def test_where_passwords_are_switched_off_only_the_account_kept_for_need_has_one(
    cast: Cast, oidc: Oidc, settings: Settings
) -> None:
    settings.PASSWORD_LOGIN, settings.BREAK_GLASS = False, ["admin"]
    for name, status in (("owner", 200), ("admin", 302)):
        data = {"username": name, "password": "a-long-password"}
        assert Client().post("/account/login/", data).status_code == status, name
    secret = accounts.reset_password_link(actor=cast.admin, person=cast.owner)
    client = Client()
    client.post(f"/account/link/{secret}/", {"new": "another-long-one", "again": "another-long-one"})
    assert not is_in(client)


def test_the_providers_sign_in_counts_as_strong_unless_a_setting_asks_for_more(
    client: Client, cast: Cast, oidc: Oidc, settings: Settings
) -> None:
    linked(cast.admin, "anna", oidc)
    settings.SECOND_FACTOR = "administrators"
    come(client, "anna")
    assert client.get("/teams/").status_code == 200
    settings.OIDC = replace(oidc, asks_second_factor=True)
    assert client.get("/teams/")["Location"] == "/identity/second-factor/"


def test_a_person_made_over_scim_is_found_by_the_providers_own_number(
    client: Client, cast: Cast, oidc: Oidc
) -> None:
    body = {"userName": "anna@example.org", "externalId": "subject-of-anna"}
    made = provisioning.provision_person(body=body, by="a test")
    assert come(client, "anna").status_code == 302
    assert ProviderAccount.objects.get().user == made.user
    body["externalId"] = "somebody-else"
    provisioning.provision_person(body=body | {"userName": "boris"}, by="a test")
    assert come(Client(), "boris").status_code == 403


def test_a_session_begun_for_signing_in_ends_soon_and_a_signed_in_one_does_not(
    client: Client, cast: Cast, oidc: Oidc
) -> None:
    linked(cast.consumer, "anna", oidc)
    address = begin(client)
    assert client.session.get_expiry_age() <= 600
    back(client, at_provider(address, "anna"))
    assert client.session.get_expiry_age() > 24 * 3600


def test_an_administrator_links_and_unlinks(client: Client, cast: Cast, oidc: Oidc) -> None:
    client.force_login(cast.admin)
    page = f"/identity/people/{cast.consumer.username}/"
    assert client.post(page, {"subject": "subject-of-anna"}).status_code == 302
    taken = client.post(f"/identity/people/{cast.owner.username}/", {"subject": "subject-of-anna"})
    assert taken.status_code == 400
    person = Client()
    assert come(person, "anna").status_code == 302
    assert client.post(f"{page}unlink/").status_code == 302
    assert not is_in(person)
    assert come(person, "anna").status_code == 403


def test_signing_out_offers_to_sign_out_of_the_provider_too(client: Client, cast: Cast, oidc: Oidc) -> None:
    linked(cast.consumer, "anna", oidc)
    come(client, "anna")
    client.post("/account/logout/")
    assert b"Sign out of the identity provider" in client.get("/account/login/").content
    address = urlsplit(client.get("/identity/logout/")["Location"])
    told = parse_qs(address.query)
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{oidc.issuer}/logout"
    assert told["post_logout_redirect_uri"] == ["http://testserver/account/login/"]
    assert len(told["id_token_hint"][0]) > 100
    assert not Session.objects.filter(user=cast.consumer).exists()
