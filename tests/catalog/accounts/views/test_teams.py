"""Teams by real requests: who sees and changes them, old addresses, hostile names."""

import csv
import io

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.accounts import services
from catalog.accounts.models import Membership, Role, Team, User
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_members_see_the_tree_and_the_guest_no_name_of_it(cast: Cast) -> None:
    for name, person in cast.everybody().items():
        page = client_of(person).get("/teams/")
        assert page.status_code == 200
        assert ("Listening team" in page.content.decode()) == (name != "guest"), name
        status = client_of(person).get("/teams/listening-team/").status_code
        assert status == (404 if name == "guest" else 200), name
    assert Client().get("/teams/listening-team/").status_code == 302


def test_the_tree_nests_and_sorts_by_name(cast: Cast) -> None:
    make.make_team("audio", Team.objects.get(slug="daff"))
    tree = client_of(cast.consumer).get("/teams/").context["teams"]
    assert [branch.team.name for branch in tree] == ["Daff"]
    below = [(branch.team.name, branch.people) for branch in tree[0].below]
    assert below == [("audio", 0), ("Insights", 1), ("Listening team", 1), ("Playback team", 1)]


def test_a_teams_page_shows_its_people_domains_and_visible_products(cast: Cast) -> None:
    make.make_product("Secret plan", domain=cast.listening, lifecycle="draft")
    services.edit_team(
        actor=cast.admin, team=cast.listening_team, email="listening@daff.example", channel="#listening"
    )
    page = client_of(cast.consumer).get("/teams/listening-team/").content.decode()
    for text in (
        "Owner",
        "Business owner",
        "Listening",
        "Play events",
        "listening@daff.example",
        "#listening",
    ):
        assert text in page, text
    assert "Secret plan" not in page
    assert "Secret plan" in client_of(cast.owner).get("/teams/listening-team/").content.decode()


@pytest.mark.parametrize("url", ["/teams/new/", "/teams/listening-team/edit/"])
def test_only_domain_admins_and_platform_admins_change_teams(cast: Cast, url: str) -> None:
    for name, person in cast.everybody().items():
        expected = 200 if name == "admin" else 404 if name == "guest" and "edit" in url else 403
        assert client_of(person).get(url).status_code == expected, name
    lead = make.make_user("lead")
    make.make_membership(lead, Role.DOMAIN_ADMIN, cast.listening_team)
    assert client_of(lead).get(url).status_code == 200
    assert client_of(lead).get("/teams/playback-team/edit/").status_code == 403


@pytest.mark.parametrize("action", ["edit", "move", "members"])
def test_posts_of_others_change_nothing(cast: Cast, action: str) -> None:
    before = list(Team.objects.values())
    data = {"name": "Taken over", "slug": "x", "person": "consumer", "role": "domain_admin", "parent": ""}
    for person in (cast.owner, cast.steward, cast.consumer, cast.guest):
        answer = client_of(person).post(f"/teams/listening-team/{action}/", data)
        assert answer.status_code in ({404} if person == cast.guest else {400, 403}), person
    assert list(Team.objects.values()) == before
    assert not Membership.objects.filter(role=Role.DOMAIN_ADMIN).exists()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("音楽チーム", "音楽チーム"),
        ("Équipe d'écoute", "équipe-découte"),
        ("🎧🎧", "team"),
        ("Listening team", "listening-team-2"),
        ("New", "new-2"),
        ('"><script>alert(1)</script>', "scriptalert1script"),
        ("a/b\\c ..", "abc"),
    ],
)
def test_teams_of_any_name_get_a_page(cast: Cast, name: str, slug: str) -> None:
    client = client_of(cast.admin)
    answer = client.post("/teams/new/", {"name": name, "parent": "daff"})
    assert answer.status_code == 302, answer.content.decode()
    made = Team.objects.get(slug=slug)
    assert Team.objects.get_parent(made).slug == "daff"
    page = client.get(answer["Location"])
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.content.decode()
    assert client.get("/teams/").status_code == 200


@pytest.mark.parametrize(
    "data",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"name": "X", "slug": "listening-team"},
        {"name": "X", "slug": "a b"},
        {"name": "X", "slug": "new"},
        {"name": "X", "email": "not an address"},
        {"name": "X", "parent": "no-such-team"},
        {"name": "a\x00b"},
    ],
)
def test_what_cannot_be_a_team_is_refused_and_kept_in_the_form(cast: Cast, data: dict[str, str]) -> None:
    before = Team.objects.count()
    answer = client_of(cast.admin).post("/teams/new/", {"parent": "daff", "channel": "#typed"} | data)
    assert answer.status_code == 400
    assert "#typed" in answer.content.decode()
    assert Team.objects.count() == before


def test_old_addresses_lead_to_the_team_for_those_who_may_see_it(cast: Cast) -> None:
    admin = client_of(cast.admin)
    data = {"revision": "1", "name": "Ears", "slug": "ears"}
    assert admin.post("/teams/listening-team/edit/", data)["Location"] == "/teams/ears/"
    answer = client_of(cast.consumer).get("/teams/listening-team/")
    assert (answer.status_code, answer["Location"]) == (301, "/teams/ears/")
    assert client_of(cast.guest).get("/teams/listening-team/").status_code == 404
    taken = admin.post("/teams/new/", {"name": "X", "slug": "listening-team", "parent": "daff"})
    assert taken.status_code == 400, "an old address is not given to another team"
    back = admin.post("/teams/ears/edit/", data | {"revision": "2", "slug": "listening-team"})
    assert back["Location"] == "/teams/listening-team/"
    assert admin.get("/teams/listening-team/").status_code == 200
    assert admin.get("/teams/ears/")["Location"] == "/teams/listening-team/"


def test_the_second_of_two_editors_keeps_what_they_typed(cast: Cast) -> None:
    admin = client_of(cast.admin)
    data = {"revision": "1", "name": "First", "slug": "listening-team"}
    assert admin.post("/teams/listening-team/edit/", data).status_code == 302
    answer = admin.post("/teams/listening-team/edit/", data | {"name": "Second"})
    assert answer.status_code == 400
    assert 'value="Second"' in answer.content.decode()
    assert Team.objects.get(slug="listening-team").name == "First"


def test_a_team_is_moved_but_not_below_itself(cast: Cast) -> None:
    admin = client_of(cast.admin)
    assert admin.post("/teams/playback-team/move/", {"parent": "listening-team"}).status_code == 302
    assert Team.objects.get_parent(Team.objects.get(slug="playback-team")).slug == "listening-team"
    refused = admin.post("/teams/listening-team/move/", {"parent": "playback-team"})
    assert refused.status_code == 400
    assert "below" in refused.content.decode()
    assert admin.post("/teams/playback-team/move/", {"parent": ""}).status_code == 302
    assert Team.objects.get(slug="playback-team").depth == 1


def test_a_domain_admin_adds_people_to_their_team(cast: Cast) -> None:
    lead = make.make_user("lead")
    make.make_membership(lead, Role.DOMAIN_ADMIN, cast.listening_team)
    client = client_of(lead)
    url = "/teams/listening-team/members/"
    assert client.post(url, {"person": "Consumer", "role": "steward"}).status_code == 302
    assert Membership.objects.filter(user=cast.consumer, team=cast.listening_team, role="steward").exists()
    for data in (
        {"person": "guest", "role": "steward"},  # not known to the lead
        {"person": "nobody", "role": "steward"},
        {"person": "owner", "role": "platform_admin"},
        {"person": "", "role": "steward"},
    ):
        assert client.post(url, data).status_code == 400, data
    assert (
        client.post("/teams/playback-team/members/", {"person": "owner", "role": "steward"}).status_code
        == 403
    )


def test_pages_of_teams_cost_the_same_whatever_their_size(cast: Cast) -> None:
    admin = client_of(cast.admin)
    make.make_team("First below", cast.listening_team)  # treebeard asks nothing about a leaf
    counts: list[tuple[int, int]] = []
    for _ in range(2):
        sizes = []
        for url in ("/teams/", "/teams/listening-team/"):
            with CaptureQueriesContext(connection) as queries:
                assert admin.get(url).status_code == 200
            sizes.append(len(queries))
        counts.append((sizes[0], sizes[1]))
        people = User.objects.bulk_create(
            User(username=f"p{len(counts)}-{number}", password=make_password(None)) for number in range(45)
        )
        Membership.objects.bulk_create(
            Membership(user=person, role="viewer", team=cast.listening_team) for person in people
        )
        for number in range(45):
            make.make_team(f"Sub {len(counts)} {number}", cast.listening_team if number % 2 else None)
        for number in range(20):
            make.make_product(f"More {len(counts)} {number}", domain=cast.listening)
    assert counts[0] == counts[1]
    assert counts[0][1] <= 14


def test_a_large_team_shows_its_first_people_and_leads_to_all_of_them(cast: Cast) -> None:
    people = User.objects.bulk_create(
        User(username=f"p{n:03}", name=f"P {n:03}", password="!") for n in range(70)
    )
    Membership.objects.bulk_create(
        Membership(user=person, role=role, team=cast.listening_team)
        for person in people
        for role in ("viewer", "steward")
    )
    services.deactivate_person(actor=None, person=people[0])
    client = client_of(cast.consumer)
    page = client.get("/teams/listening-team/").content.decode()
    assert 'href="/teams/listening-team/people/"' in page
    assert "P 001" in page
    assert "P 060" not in page
    every = [
        member.person.username
        for number in (1, 2)
        for member in client.get(f"/teams/listening-team/people/?page={number}").context["members"]
    ]
    assert every == ["owner", *(f"p{number:03}" for number in range(1, 70))]
    last = client.get("/teams/listening-team/people/?sort=-name").context["members"][0].person.username
    assert last == "p069"
    export = client.get("/teams/listening-team/people/?format=csv")
    text = b"".join(export.streaming_content).decode()  # type: ignore[attr-defined]
    assert len(text.splitlines()) == 71
    assert 'p001,P 001,"steward, viewer"' in text
    assert client_of(cast.guest).get("/teams/listening-team/people/").status_code == 404
    assert "Nobody in this team" in client.get("/teams/daff/people/").content.decode()


def test_teams_as_a_file_name_the_team_above(client: Client, cast: Cast) -> None:
    make.make_team("Spoken word", cast.listening_team)
    client.force_login(cast.consumer)
    text = client.get("/teams/?format=csv").getvalue().decode()  # type: ignore[attr-defined]
    lines = {line["name"]: line for line in csv.DictReader(io.StringIO(text))}
    assert lines["Spoken word"]["below"].endswith(cast.listening_team.name)
    client.force_login(cast.guest)
    assert len(client.get("/teams/?format=csv").getvalue().splitlines()) == 1  # type: ignore[attr-defined]
