"""SCIM as providers speak it: Okta's and Entra's requests, filters, and what a removal must end."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.states import Provisioning
from catalog.accounts import services as accounts
from catalog.accounts.models import ApiToken, Membership, Session, User
from catalog.audit.models import AuditEvent
from catalog.identity import services
from catalog.identity.models import ProvisionedPerson
from tests import factories as make
from tests.catalog.identity.scim_client import USER, Scim
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def scim(cast: Cast) -> Scim:
    _, secret = accounts.create_token(actor=cast.admin, person=cast.admin, name="Okta", scopes=["scim"])
    return Scim(secret)


def user_of(resource: dict[str, Any]) -> User:
    return ProvisionedPerson.objects.get(pk=resource["id"]).user


def test_a_person_is_made_read_found_and_listed(scim: Scim) -> None:
    made = scim.make(
        "Anna@Example.org",
        externalId="00u1",
        name={"givenName": "Anna", "familyName": "Field"},
        emails=[{"value": "other@example.org"}, {"value": "anna@example.org", "primary": True}],
        password="never kept",
    )
    user = user_of(made)
    assert (user.username, user.name, user.email) == ("anna@example.org", "Anna Field", "anna@example.org")
    assert not user.has_usable_password()
    assert "password" not in made
    assert made["userName"] == "Anna@Example.org"
    answer = scim.ask("get", f"/Users/{made['id']}")
    assert answer["Content-Type"] == "application/scim+json"
    assert answer["ETag"] == made["meta"]["version"]
    assert answer.json() == made
    for text in (
        'userName eq "ANNA@example.org"',
        'externalId eq "00u1"',
        'emails.value co "other"',
        "active eq true",
    ):
        found = scim.ask("get", f"/Users?filter={text}").json()
        assert (found["totalResults"], found["Resources"][0]["id"]) == (1, made["id"]), text
    assert scim.ask("get", '/Users?filter=userName eq "nobody"').json()["totalResults"] == 0


def test_lists_come_in_pages(scim: Scim) -> None:
    for number in range(5):
        scim.make(f"person{number}")
    page = scim.ask("get", "/Users?startIndex=4&count=3").json()
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 4, 2)
    assert [item["userName"] for item in page["Resources"]] == ["person3", "person4"]
    assert scim.ask("get", "/Users?count=0").json()["Resources"] == []


def test_listing_fifty_people_takes_as_many_queries_as_five(
    scim: Scim, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        scim.make(f"person{number}")
    with django_assert_max_num_queries(8):
        assert scim.ask("get", "/Users?count=50").json()["totalResults"] == 12


INACTIVE = {
    "okta": {"op": "replace", "value": {"active": False}},
    "entra": {"op": "Replace", "path": "active", "value": "False"},
    "entra, strict": {"op": "replace", "path": "active", "value": False},
    "whole path": {"op": "replace", "path": f"{USER}:active", "value": False},
}


@pytest.mark.parametrize("dialect", [*INACTIVE, "put", "delete"])
def test_a_person_removed_loses_sessions_tokens_and_grants_at_once(
    scim: Scim, cast: Cast, dialect: str
) -> None:
    made = scim.make("anna")
    user = user_of(made)
    accounts.grant_role(actor=cast.admin, person=user, role="viewer", team=cast.listening_team)
    _, secret = accounts.create_token(actor=user, person=user, name="script")
    browser = Client()
    browser.force_login(user)
    now = timezone.now()
    granted = Agreement.objects.create(
        port=make.make_port(cast.play_events),
        user=user,
        asked_at=now,
        starts_at=now - timedelta(days=1),
        provisioning=Provisioning.GRANTED.value,
    )
    if dialect in INACTIVE:
        assert scim.patch("Users", made["id"], INACTIVE[dialect]).status_code == 200
    elif dialect == "put":
        assert (
            scim.ask("put", f"/Users/{made['id']}", {"userName": "anna", "active": False}).status_code == 200
        )
    else:
        assert scim.ask("delete", f"/Users/{made['id']}").status_code == 204
        assert scim.ask("get", f"/Users/{made['id']}").status_code == 404
    assert not Session.objects.filter(user=user).exists()
    assert browser.get("/account/").status_code == 302
    assert Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    granted.refresh_from_db()
    assert granted.is_over(timezone.now())
    assert granted.provisioning == Provisioning.REMOVING.value
    assert not User.objects.get(pk=user.pk).is_active


def test_somebody_set_active_again_comes_back_without_the_old_token_or_grant(scim: Scim, cast: Cast) -> None:
    made = scim.make("anna")
    user = user_of(made)
    accounts.create_token(actor=user, person=user, name="script")
    for active in (False, True):
        told = scim.patch("Users", made["id"], {"op": "replace", "path": "active", "value": active}).json()
        assert told["active"] is active
    assert not ApiToken.objects.usable().filter(user=user).exists()


def test_a_person_deleted_and_made_again_is_the_same_account(scim: Scim) -> None:
    made = scim.make("anna")
    scim.ask("delete", f"/Users/{made['id']}")
    again = scim.make("anna")
    assert user_of(again) == User.objects.get(username="anna")
    assert User.objects.get(username="anna").is_active


def test_an_account_made_by_hand_is_not_taken_over(scim: Scim, cast: Cast) -> None:
    answer = scim.ask("post", "/Users", {"userName": "admin", "active": False})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert User.objects.get(username="admin").is_active
    scim.make("anna")
    assert scim.ask("post", "/Users", {"userName": "ANNA"}).status_code == 409


def test_the_last_administrator_cannot_be_removed(scim: Scim, cast: Cast) -> None:
    made = scim.make("anna")
    Membership.objects.filter(role="platform_admin").update(user=user_of(made))
    accounts_token = accounts.create_token(actor=None, person=user_of(made), name="x", scopes=["scim"])[1]
    answer = Scim(accounts_token).patch("Users", made["id"], INACTIVE["okta"])
    assert answer.status_code == 409
    assert user_of(made).is_active


def test_groups_give_and_take_roles_at_once(scim: Scim, cast: Cast) -> None:
    services.create_group_rule(
        actor=cast.admin, group="Data people", role="steward", team=cast.listening_team
    )
    anna, boris = scim.make("anna"), scim.make("boris")
    answer = scim.ask("post", "/Groups", {"displayName": "Data people", "members": [{"value": anna["id"]}]})
    group = answer.json()
    assert answer.status_code == 201

    def stewards() -> set[str]:
        held = Membership.objects.filter(role="steward", team=cast.listening_team, is_from_provider=True)
        return set(held.values_list("user__username", flat=True))

    assert stewards() == {"anna"}
    scim.patch("Groups", group["id"], {"op": "Add", "path": "members", "value": [{"value": boris["id"]}]})
    assert stewards() == {"anna", "boris"}
    scim.patch("Groups", group["id"], {"op": "Remove", "path": f'members[value eq "{anna["id"]}"]'})
    assert stewards() == {"boris"}
    scim.patch("Groups", group["id"], {"op": "remove", "path": "members", "value": [{"value": boris["id"]}]})
    assert stewards() == set()
    scim.ask(
        "put", f"/Groups/{group['id']}", {"displayName": "Data people", "members": [{"value": boris["id"]}]}
    )
    assert stewards() == {"boris"}
    scim.patch(
        "Groups", group["id"], {"op": "replace", "value": {"id": group["id"], "displayName": "Others"}}
    )
    assert stewards() == set()
    assert [item["display"] for item in scim.ask("get", f"/Users/{boris['id']}").json()["groups"]] == [
        "Others"
    ]
    assert scim.ask("delete", f"/Groups/{group['id']}").status_code == 204


def test_entras_changes_of_a_person_are_read_back(scim: Scim) -> None:
    made = scim.make("anna", emails=[{"type": "work", "value": "a@example.org", "primary": True}])
    department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
    told = scim.patch(
        "Users",
        made["id"],
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "b@example.org"},
        {"op": "Add", "path": "name.givenName", "value": "Anna"},
        {"op": "Add", "path": department, "value": "Music"},
        {"op": "replace", "value": {"name.familyName": "Moor", "displayName": "Anna Moor"}},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "1"},
    ).json()
    assert told["emails"] == [{"type": "work", "value": "b@example.org", "primary": True}]
    assert told["name"] == {"givenName": "Anna", "familyName": "Moor"}
    assert told[department.rpartition(":")[0]] == {"department": "Music"}
    assert told["phoneNumbers"] == [{"type": "mobile", "value": "1"}]
    assert (user_of(made).name, user_of(made).email) == ("Anna Moor", "b@example.org")


def test_a_change_of_what_was_changed_meanwhile_is_refused(scim: Scim) -> None:
    made = scim.make("anna")
    scim.patch("Users", made["id"], {"op": "replace", "path": "title", "value": "x"})
    answer = scim.ask(
        "put", f"/Users/{made['id']}", {"userName": "anna"}, **{"If-Match": made["meta"]["version"]}
    )
    assert answer.status_code == 412


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("post", "/Users", {}, 400, "invalidValue"),
        ("post", "/Users", [], 400, "invalidSyntax"),
        ("post", "/Users", {"userName": "a b"}, 400, "invalidValue"),
        ("post", "/Users", {"userName": "x" * 300}, 400, "invalidValue"),
        ("post", "/Users", {"userName": "x", "name": 7}, 400, "invalidValue"),
        ("post", "/Users", {"userName": "x", "active": "maybe"}, 400, "invalidValue"),
        ("get", '/Users?filter=userName eq "a', None, 400, "invalidFilter"),
        ("get", "/Users?filter=((((", None, 400, "invalidFilter"),
        ("get", "/Users?startIndex=x", None, 400, "invalidValue"),
        ("get", "/Users/0", None, 404, None),
        ("get", "/Users/%C3%A9", None, 404, None),
        ("get", "/Groups/999", None, 404, None),
        ("post", "/Groups", {"displayName": "a", "members": [{"value": "77"}]}, 400, "invalidValue"),
        ("post", "/Groups", {"displayName": 7}, 400, "invalidValue"),
        ("get", "/Schemas/none", None, 404, None),
        ("delete", "/Users", None, 405, None),
    ],
)
def test_what_is_wrong_is_said_in_scims_own_shape(
    scim: Scim, method: str, path: str, body: Any, status: int, kind: str | None
) -> None:
    answer = scim.ask(method, path, body)
    told = answer.json()
    assert (answer.status_code, told["status"], told.get("scimType")) == (status, str(status), kind)
    assert told["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


@pytest.mark.parametrize(
    "path", ["/Users", "/Groups", "/ServiceProviderConfig", "/ResourceTypes", "/Schemas"]
)
def test_only_a_token_with_the_scope_opens_it(scim: Scim, cast: Cast, path: str) -> None:
    assert scim.ask("get", path).status_code == 200
    _, plain = accounts.create_token(actor=cast.admin, person=cast.admin, name="x", scopes=["write"])
    assert Scim(plain).ask("get", path).status_code == 403
    assert Scim("mesh_nothing").ask("get", path).status_code == 401
    browser = Client()
    browser.force_login(cast.admin)
    assert browser.get(f"/scim/v2{path}").status_code == 401


def test_the_scope_opens_nothing_else_and_is_for_administrators(scim: Scim, cast: Cast) -> None:
    assert Client().get("/api/v1/me/", headers=scim.headers).status_code == 403
    with pytest.raises(accounts_invalid()):
        accounts.create_token(actor=cast.owner, person=cast.owner, name="x", scopes=["scim"])
    Membership.objects.filter(user=cast.admin).delete()
    assert scim.ask("get", "/Users").status_code == 403  # an administrator no longer


def accounts_invalid() -> type[Exception]:
    from catalog.common.errors import Invalid

    return Invalid


def test_what_was_done_is_in_the_audit_trail_with_the_token(scim: Scim) -> None:
    made = scim.make("anna")
    event = AuditEvent.objects.get(verb="person.provisioned", object_id=user_of(made).pk)
    assert event.detail["by"].startswith("Okta (mesh_")
