"""Service accounts: whose they are, what they may, how they end."""

import pytest
from django.test import Client

from catalog.accounts import services
from catalog.accounts.models import ApiToken, Role, User
from catalog.accounts.selectors import service_accounts_of
from catalog.common.errors import Conflict, Invalid, NotAllowed
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(cast: Cast) -> User:
    """A domain admin of the team, and of nothing else."""
    person = make.make_user("head")
    make.make_membership(person, Role.DOMAIN_ADMIN, cast.listening_team)
    return person


def machine_of(cast: Cast, head: User) -> User:
    return services.create_service_account(actor=head, team=cast.listening_team, username="dbt-nightly")


def test_a_teams_admin_makes_one_and_its_token_acts_with_its_roles(cast: Cast, head: User) -> None:
    machine = machine_of(cast, head)
    _, secret = services.create_token(actor=head, person=machine, name="dbt", scopes=["read"])
    told = Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {secret}"}).json()
    assert told["username"] == "dbt-nightly"
    assert [(item["role"], item["team"]) for item in told["roles"]] == [("viewer", "listening-team")]
    listed = service_accounts_of(cast.listening_team).get()
    assert (listed.usable_tokens, listed.last_used_at is not None) == (1, True)


def test_others_neither_make_one_nor_its_tokens(cast: Cast, head: User) -> None:
    machine = machine_of(cast, head)
    for person in (cast.owner, cast.steward, cast.consumer, cast.guest):
        with pytest.raises(NotAllowed):
            services.create_service_account(actor=person, team=cast.listening_team, username="other")
        with pytest.raises(NotAllowed):
            services.create_token(actor=person, person=machine, name="x")
    with pytest.raises(NotAllowed):
        services.create_token(actor=head, person=cast.owner, name="x")


def test_a_teams_admin_cannot_give_a_machine_what_they_lack(cast: Cast, head: User) -> None:
    machine = machine_of(cast, head)
    with pytest.raises(NotAllowed):
        services.grant_role(actor=head, person=machine, role="platform_admin")
    with pytest.raises(Invalid):
        services.create_token(actor=head, person=machine, name="x", scopes=["scim"])
    services.create_token(actor=cast.admin, person=machine, name="x", scopes=["scim"])


def test_it_has_no_password_no_link_and_no_sign_in(cast: Cast, head: User, client: Client) -> None:
    machine = machine_of(cast, head)
    assert not machine.has_usable_password()
    with pytest.raises(Conflict):
        services.reset_password_link(actor=cast.admin, person=machine)
    assert client.post("/account/login/", {"username": "dbt-nightly", "password": ""}).status_code == 200


def test_closed_it_loses_its_tokens_and_opened_again_gets_none_back(cast: Cast, head: User) -> None:
    machine = machine_of(cast, head)
    services.create_token(actor=head, person=machine, name="dbt")
    services.deactivate_person(actor=head, person=machine)
    services.reactivate_person(actor=head, person=machine)
    assert not ApiToken.objects.usable().filter(user=machine).exists()
    with pytest.raises(NotAllowed):
        services.deactivate_person(actor=cast.steward, person=machine)
    with pytest.raises(NotAllowed):
        services.deactivate_person(actor=head, person=cast.owner)


def test_the_pages_make_close_and_list(cast: Cast, head: User, client: Client) -> None:
    client.force_login(head)
    base = "/teams/listening-team/service-accounts/"
    answer = client.post(base, {"username": "crawler", "role": "viewer"})
    assert (answer.status_code, answer["Location"]) == (302, f"{base}crawler/")
    page = client.post(f"{base}crawler/", {"name": "one", "scope": "read", "days": 30})
    assert b"mesh_" in page.content
    token = ApiToken.objects.get()
    assert client.post(f"{base}crawler/tokens/{token.pk}/revoke/").status_code == 302
    assert client.post(f"{base}crawler/end/").status_code == 302
    assert b"closed" in client.get(base).content
    assert client.get("/teams/playback-team/service-accounts/").status_code == 403
    assert client.get(f"{base}owner/").status_code == 404
