"""The administration of people by real requests, for every role."""

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from catalog.accounts import services
from catalog.accounts.models import ApiToken, Membership, Role, Session, User
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PAGES = (
    "/people/",
    "/people/invite/",
    "/people/owner/edit/",
    "/people/owner/deactivate/",
    "/people/owner/handover/",
)


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.parametrize("url", PAGES)
def test_administration_is_for_platform_admins_alone(cast: Cast, url: str) -> None:
    for name, person in cast.everybody().items():
        answer = client_of(person).get(url)
        assert answer.status_code == (200 if name == "admin" else 403), name
    assert Client().get(url).status_code == 302


@pytest.mark.parametrize("action", ["link", "roles", "deactivate", "reactivate", "edit", "handover"])
def test_nobody_else_can_post_to_it(cast: Cast, action: str) -> None:
    data = {"role": "platform_admin", "name": "x", "time_zone": "UTC", "revision": "1", "receiver": "guest"}
    for person in (cast.owner, cast.steward, cast.consumer, cast.guest):
        answer = client_of(person).post(f"/people/consumer/{action}/", data)
        assert answer.status_code == 403, person
    assert Client().post(f"/people/consumer/{action}/", data).status_code == 302
    assert User.objects.get(username="consumer").is_active
    assert not Membership.objects.filter(role=Role.PLATFORM_ADMIN).exclude(user=cast.admin).exists()


def test_who_sees_whose_page(cast: Cast) -> None:
    lost = make.make_user("lost", email="lost@daff.example")
    for viewer, person, status in (
        (cast.consumer, "owner", 200),
        (cast.consumer, "consumer", 200),
        (cast.consumer, "guest", 404),
        (cast.consumer, "lost", 404),
        (cast.consumer, "nobody", 404),
        (cast.guest, "owner", 404),
        (cast.guest, "guest", 200),
        (lost, "admin", 404),
        (cast.admin, "lost", 200),
        (cast.admin, "OWNER", 200),
    ):
        assert client_of(viewer).get(f"/people/{person}/").status_code == status, (viewer, person)


def test_an_e_mail_address_is_shown_where_one_must_write(cast: Cast) -> None:
    """Of those named on a product one sees, to oneself and to administrators; of colleagues otherwise only the name."""
    for person in cast.everybody().values():
        person.email = f"{person.username}@daff.example"
        person.save()
    consumer = client_of(cast.consumer)
    assert "owner@daff.example" in consumer.get("/people/owner/").content.decode()
    assert "admin@daff.example" not in consumer.get("/people/admin/").content.decode()
    assert "consumer@daff.example" in consumer.get("/people/consumer/").content.decode()
    cast.play_events.lifecycle = "draft"
    cast.play_events.save()
    page = consumer.get("/people/owner/").content.decode()
    assert "owner@daff.example" not in page
    assert "Play events" not in page
    assert "owner@daff.example" in client_of(cast.admin).get("/people/owner/").content.decode()


def test_the_list_is_searched_filtered_and_sorted(cast: Cast) -> None:
    admin = client_of(cast.admin)

    def names(query: str) -> list[str]:
        return [person.username for person in admin.get(f"/people/?{query}").context["page"]]

    services.deactivate_person(actor=cast.admin, person=cast.steward)
    services.invite_person(actor=cast.admin, username="newcomer", name="Zoë", email="zoe@daff.example")
    assert names("") == ["admin", "consumer", "guest", "newcomer", "owner", "steward"]
    assert names("sort=-username")[0] == "steward"
    assert names("q=OWN") == ["owner"]
    assert names("q=zoe@daff") == ["newcomer"]
    assert names("state=deactivated") == ["steward"]
    assert names("state=invited") == ["newcomer"]
    assert "newcomer" not in names("state=active")
    assert names("role=business_owner") == ["owner"]
    assert names("state=nonsense&role=nonsense") == names("")
    assert "Nobody like that" in admin.get("/people/?q=%25_nobody").content.decode()


def test_the_csv_holds_the_filtered_list_and_no_formula(cast: Cast) -> None:
    services.edit_person(actor=cast.admin, person=cast.owner, name="=cmd|' /C calc'!A0")
    answer = client_of(cast.admin).get("/people/?format=csv&q=own")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert answer["Content-Type"].startswith("text/csv")
    assert "business_owner@listening-team" in text
    assert "'=cmd" in text
    assert "consumer" not in text


def test_the_list_costs_the_same_with_five_and_with_fifty(cast: Cast, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    admin = client_of(cast.admin)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert admin.get("/people/").status_code == 200
        counts.append(len(queries))
        people = User.objects.bulk_create(
            User(username=f"p{len(counts)}-{number}", password=make_password(None)) for number in range(44)
        )
        Membership.objects.bulk_create(
            Membership(user=person, role="viewer", team=cast.listening_team) for person in people
        )
    assert counts[0] == counts[1] <= 8


def test_inviting_shows_the_link_once(cast: Cast) -> None:
    admin = client_of(cast.admin)
    data = {"username": "Ümit", "name": "Ümit Öz", "email": "", "time_zone": "Europe/Istanbul"}
    page = admin.post("/people/invite/", data)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    link = page.context["link"]
    assert link.startswith("http://testserver/account/link/")
    assert link in page.content.decode()
    assert "/account/link/" not in admin.get("/people/ümit/").content.decode()
    assert Client().get(link).status_code == 200


@pytest.mark.parametrize(
    "username", ["", "owner", "OWNER", "a b", "../x", "a/b", "<i>", "🎧", "x" * 151, "a\x00b", "invite", ".."]
)
def test_impossible_usernames_are_refused_beside_the_field(cast: Cast, username: str) -> None:
    before = User.objects.count()
    answer = client_of(cast.admin).post("/people/invite/", {"username": username, "time_zone": "UTC"})
    assert answer.status_code == 400
    assert "username" in answer.context["form"].errors
    assert User.objects.count() == before


def test_a_deactivated_person_is_out_with_the_next_request(cast: Cast) -> None:
    owner, machine = client_of(cast.owner), Client()
    _, secret = services.create_token(actor=cast.owner, person=cast.owner, name="job")
    assert owner.get("/account/").status_code == 200
    assert machine.get("/api/v1/me/", HTTP_X_API_KEY=secret).status_code == 200
    answer = client_of(cast.admin).post("/people/owner/deactivate/")
    assert answer["Location"] == "/people/owner/handover/"
    assert owner.get("/account/").status_code == 302
    assert machine.get("/api/v1/me/", HTTP_X_API_KEY=secret).status_code == 401
    assert not Session.objects.filter(user=cast.owner).exists()
    assert not ApiToken.objects.usable().exists()
    client_of(cast.admin).post("/people/owner/reactivate/")
    assert owner.get("/account/").status_code == 302, "the old session is gone for good"
    assert machine.get("/api/v1/me/", HTTP_X_API_KEY=secret).status_code == 401


def test_the_last_administrator_stays(cast: Cast) -> None:
    admin = client_of(cast.admin)
    assert admin.post("/people/admin/deactivate/").status_code == 409
    membership = Membership.objects.get(user=cast.admin)
    assert admin.post(f"/account/roles/{membership.pk}/revoke/").status_code == 409
    assert admin.get("/people/").status_code == 200


def test_roles_are_given_and_taken_on_the_persons_page(cast: Cast) -> None:
    admin = client_of(cast.admin)
    answer = admin.post("/people/guest/roles/", {"role": "viewer", "team": "listening-team"})
    assert answer.status_code == 302
    held = Membership.objects.get(user=cast.guest)
    assert "Listening team" in admin.get("/people/guest/").content.decode()
    assert admin.post("/people/guest/roles/", {"role": "viewer", "team": ""}).status_code == 400
    assert admin.post("/people/guest/roles/", {"role": "governance", "team": "daff"}).status_code == 400
    assert admin.post("/people/guest/roles/", {"role": "king", "team": "daff"}).status_code == 400
    assert admin.post(f"/account/roles/{held.pk}/revoke/").status_code == 302
    assert not Membership.objects.filter(user=cast.guest).exists()
    assert admin.post(f"/account/roles/{held.pk}/revoke/").status_code == 404


def test_a_domain_admin_takes_roles_in_their_teams_only(cast: Cast) -> None:
    make.make_membership(cast.consumer, Role.DOMAIN_ADMIN, cast.listening_team)
    mine = Membership.objects.get(user=cast.owner, team=cast.listening_team)
    theirs = Membership.objects.get(user=cast.steward, team=cast.playback_team)
    client = client_of(cast.consumer)
    assert client.post(f"/account/roles/{theirs.pk}/revoke/").status_code == 403
    assert (
        client.post(f"/account/roles/{mine.pk}/revoke/", {"back": "team"})["Location"]
        == "/teams/listening-team/"
    )
    assert client_of(cast.guest).post(f"/account/roles/{theirs.pk}/revoke/").status_code == 404
    assert Membership.objects.filter(pk=theirs.pk).exists()


def test_two_administrators_editing_one_person_do_not_overwrite_each_other(cast: Cast) -> None:
    admin = client_of(cast.admin)
    data = {"revision": "1", "name": "First", "email": "", "time_zone": "UTC"}
    assert admin.post("/people/owner/edit/", data).status_code == 302
    answer = admin.post("/people/owner/edit/", data | {"name": "Second"})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "while you were editing" in page
    assert "Admin changed name" in page, "it says who changed what"
    assert 'value="Second"' in page, "what was typed is still there"
    assert User.objects.get(username="owner").name == "First"


def test_an_administrator_ends_anybodys_token_on_their_page(cast: Cast) -> None:
    token, secret = services.create_token(actor=cast.owner, person=cast.owner, name="Nightly job")
    url = f"/people/owner/tokens/{token.pk}/revoke/"
    assert "Nightly job" not in client_of(cast.consumer).get("/people/owner/").content.decode()
    for person in (cast.steward, cast.consumer, cast.guest):
        assert client_of(person).post(url).status_code == 403
    admin = client_of(cast.admin)
    assert "Nightly job" in admin.get("/people/owner/").content.decode()
    assert admin.post(f"/people/guest/tokens/{token.pk}/revoke/").status_code == 404
    assert admin.post(url).status_code == 302
    assert Client().get("/api/v1/me/", HTTP_X_API_KEY=secret).status_code == 401


# --- handing over


def test_a_handover_is_looked_at_and_then_done(cast: Cast) -> None:
    admin = client_of(cast.admin)
    page = admin.get("/people/owner/handover/")
    groups = page.context["holdings"]
    assert {title: [item.label for item in held] for title, held in groups.items()} == {
        "Roles": ["Listening team"],
        "Products in their charge": ["Play events"],
    }
    keys = [item.key for held in groups.values() for item in held]
    plan = admin.post("/people/owner/handover/", {"keys": keys, "receiver": "consumer"})
    assert plan.status_code == 200
    assert "Nothing is changed yet" in plan.content.decode()
    assert cast.play_events.stewardships.get().user == cast.owner
    done = admin.post("/people/owner/handover/", {"keys": keys, "receiver": "consumer", "confirmed": "1"})
    assert done.status_code == 302
    assert cast.play_events.stewardships.get().user == cast.consumer
    assert not Membership.objects.filter(user=cast.owner).exists()
    assert "Nothing to hand over" in admin.get("/people/owner/handover/").content.decode()


@pytest.mark.parametrize(
    "data",
    [
        {"keys": [], "receiver": "consumer"},
        {"keys": ["stewardship:999999"], "receiver": "consumer"},
        {"keys": ["role:x", "'", "role:" + "9" * 40], "receiver": "consumer"},
        {"keys": ["ALL"], "receiver": "nobody"},
        {"keys": ["ALL"], "receiver": "owner"},
        {"keys": ["ALL"], "receiver": "steward"},
    ],
)
def test_a_bad_handover_changes_nothing(cast: Cast, data: dict[str, Any]) -> None:
    services.deactivate_person(actor=cast.admin, person=cast.steward)
    admin = client_of(cast.admin)
    groups = admin.get("/people/owner/handover/").context["holdings"]
    if data["keys"] == ["ALL"]:
        data = data | {"keys": [item.key for held in groups.values() for item in held]}
    answer = admin.post("/people/owner/handover/", data | {"confirmed": "1"})
    assert answer.status_code == 400
    assert cast.play_events.stewardships.get().user == cast.owner
    assert Membership.objects.filter(user=cast.owner).count() == 1
