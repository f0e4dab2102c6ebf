"""People, teams and tokens over REST: rights of every role, tags, pages, filters, hostile input."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.accounts import services
from catalog.accounts.models import ApiToken, Membership, Role, Team, User
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"


def secret_of(person: User, scope: str = "write") -> str:
    return services.create_token(actor=None, person=person, name="t", scopes=[scope])[1]


class Caller:
    """A machine with a token of `person`."""

    def __init__(self, person: User | None, scope: str = "write") -> None:
        self.client = Client()
        self.headers = {"x-api-key": secret_of(person, scope)} if person else {}

    def __call__(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        return getattr(self.client, method)(
            f"{ROOT}{path}",
            data,
            **({} if method == "get" else {"content_type": "application/json"}),
            headers=self.headers | {name.replace("_", "-"): value for name, value in headers.items()},
        )


@pytest.mark.parametrize(
    "path", ["/me/", "/me/tokens/", "/teams/", "/teams/daff/", "/people/", "/people/owner/"]
)
def test_without_a_token_everything_is_401_and_never_a_redirect(cast: Cast, path: str) -> None:
    nobody = Caller(None)
    for method in ("get", "post", "patch", "delete"):
        answer = nobody(method, path, {})
        assert answer.status_code == 401, method
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"].startswith("Bearer")
    nobody.headers = {"authorization": "Bearer wrong"}
    assert nobody("get", path).status_code == 401
    client = Client()
    client.force_login(cast.admin)
    assert client.get(f"{ROOT}{path}", headers={"x-api-key": "wrong"}).status_code == 401, "no session helps"


def test_me_is_the_caller_with_their_roles(cast: Cast) -> None:
    body = Caller(cast.owner)("get", "/me/").json()
    assert (body["username"], body["time_zone"]) == ("owner", "UTC")
    assert [(role["role"], role["team"]) for role in body["roles"]] == [("business_owner", "listening-team")]
    assert Caller(cast.guest)("get", "/me/").json()["roles"] == []


def test_me_is_changed_with_the_tag_it_was_read_with(cast: Cast) -> None:
    call = Caller(cast.owner)
    tag = call("get", "/me/")["ETag"]
    assert call("get", "/me/", if_none_match=tag).status_code == 304
    assert call("patch", "/me/", {"name": "New"}).status_code == 428
    changed = call("patch", "/me/", {"name": "New", "time_zone": "Asia/Tokyo"}, if_match=tag)
    assert (changed.status_code, changed.json()["name"]) == (200, "New")
    assert changed["ETag"] != tag
    assert call("patch", "/me/", {"name": "Late"}, if_match=tag).status_code == 412
    assert call("patch", "/me/", {"time_zone": "Mars"}, if_match="*").status_code == 400
    services.grant_role(actor=None, person=cast.owner, role="viewer", team=cast.playback_team)
    assert call("get", "/me/", if_none_match=changed["ETag"]).status_code == 200, "roles are part of it"


@pytest.mark.parametrize("field", ["username", "is_active", "password", "roles", "revision"])
def test_nobody_lifts_themselves_through_me(cast: Cast, field: str) -> None:
    before = User.objects.values("username", "password", "is_active").get(pk=cast.guest.pk)
    Caller(cast.guest)("patch", "/me/", {field: "admin"}, if_match="*")
    assert User.objects.values("username", "password", "is_active").get(pk=cast.guest.pk) == before
    assert not Membership.objects.filter(user=cast.guest).exists()


# --- tokens


def test_a_token_reads_and_revokes_but_makes_no_other(cast: Cast) -> None:
    call = Caller(cast.owner)
    rows = call("get", "/me/tokens/").json()["results"]
    assert len(rows) == 1
    assert not {"digest", "token", "user"} & set(rows[0])
    assert call("post", "/me/tokens/", {"name": "second"}).status_code == 403
    assert ApiToken.objects.count() == 1
    assert call("delete", f"/me/tokens/{rows[0]['id']}/").status_code == 204
    assert call("get", "/me/").status_code == 401


def test_a_session_makes_a_token_shown_once(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.owner)
    wish = {"name": "ci", "scopes": ["read"], "days": 7}
    made = client.post(f"{ROOT}/me/tokens/", wish, content_type="application/json")
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    assert Client().get(f"{ROOT}/me/", headers={"x-api-key": made.json()["token"]}).status_code == 200
    assert made.json()["token"] not in client.get(f"{ROOT}/me/tokens/").content.decode()
    for bad in (
        {"name": ""},
        {"name": "x", "days": 0},
        {"name": "x", "scopes": ["root"]},
        {"name": "x", "scopes": []},
    ):
        assert client.post(f"{ROOT}/me/tokens/", bad, content_type="application/json").status_code == 400, bad
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.owner)
    assert strict.post(f"{ROOT}/me/tokens/", wish, content_type="application/json").status_code == 403


def test_nobody_touches_another_persons_token(cast: Cast) -> None:
    token, _ = services.create_token(actor=None, person=cast.owner, name="mine")
    for person in (cast.consumer, cast.guest, cast.admin):
        assert Caller(person)("delete", f"/me/tokens/{token.pk}/").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


@pytest.mark.parametrize(
    ("method", "path", "data"),
    [
        ("patch", "/me/", {"name": "x"}),
        ("post", "/teams/", {"name": "x"}),
        ("patch", "/teams/daff/", {"name": "x"}),
        ("post", "/people/", {"username": "x"}),
        ("post", "/people/owner/deactivate/", {}),
        ("post", "/people/owner/roles/", {"role": "viewer", "team": "daff"}),
    ],
)
def test_a_reading_token_of_an_administrator_changes_nothing(
    cast: Cast, method: str, path: str, data: dict[str, str]
) -> None:
    answer = Caller(cast.admin, "read")(method, path, data, if_match="*")
    assert answer.status_code == 403
    assert "read" in answer.json()["detail"]


# --- teams


def test_members_list_teams_and_the_guest_gets_none(cast: Cast) -> None:
    for name, person in cast.everybody().items():
        body = Caller(person)("get", "/teams/").json()
        assert body["count"] == (0 if name == "guest" else 4), name
        status = Caller(person)("get", "/teams/daff/").status_code
        assert status == (404 if name == "guest" else 200), name
        roles = Caller(person)("get", "/teams/listening-team/roles/")
        assert roles.status_code == (404 if name == "guest" else 200), name


def test_teams_are_filtered_sorted_paged(cast: Cast) -> None:
    call = Caller(cast.consumer)

    def slugs(query: str) -> list[str]:
        return [row["slug"] for row in call("get", f"/teams/?{query}").json()["results"]]

    assert slugs("below=daff") == ["daff", "listening-team", "playback-team", "insights"]
    assert slugs("q=PLAY") == ["playback-team"]
    assert slugs("sort=-name") == ["playback-team", "listening-team", "insights", "daff"]
    assert slugs("page_size=2&page=2") == ["playback-team", "insights"]
    assert call("get", "/teams/listening-team/").json()["parent"] == "daff"
    for query in ("color=red", "sort=path", "page_size=101", "page=x"):
        assert call("get", f"/teams/?{query}").status_code == 400, query
    assert call("get", "/teams/?page=99").status_code == 404


def test_teams_are_made_and_changed_by_those_who_may(cast: Cast) -> None:
    for person in (cast.owner, cast.steward, cast.consumer):
        assert Caller(person)("post", "/teams/", {"name": "Mine", "parent": "daff"}).status_code == 403
        assert Caller(person)("patch", "/teams/daff/", {"name": "Mine"}, if_match="*").status_code == 403
    assert Caller(cast.guest)("patch", "/teams/daff/", {"name": "Mine"}, if_match="*").status_code == 404
    call = Caller(cast.admin)
    made = call("post", "/teams/", {"name": "音楽", "parent": "daff", "channel": "#ongaku"})
    assert (made.status_code, made.json()["slug"], made.json()["parent"]) == (201, "音楽", "daff")
    path, tag = "/teams/音楽/", made["ETag"]
    assert call("patch", path, {"name": "Music"}).status_code == 428
    changed = call("patch", path, {"name": "Music", "slug": "music", "parent": "insights"}, if_match=tag)
    assert (changed.status_code, changed.json()["parent"]) == (200, "insights")
    assert call("get", "/teams/music/")["ETag"] == changed["ETag"] != tag
    assert call("patch", "/teams/music/", {"name": "Late"}, if_match=tag).status_code == 412
    half = call("patch", "/teams/insights/", {"name": "Half", "parent": "music"}, if_match="*")
    assert half.status_code == 400
    assert Team.objects.get(slug="insights").name == "Insights", "a refused move takes the edit with it"
    assert call("post", "/teams/", {"name": "X", "parent": "nowhere"}).status_code == 400
    assert call("post", "/teams/", {"name": "X", "email": "x"}).json()["problems"][0]["path"] == "$.email"


def test_the_guest_cannot_ask_which_teams_there_are(cast: Cast) -> None:
    """Making a team below one that exists and below one that does not gets the same answer."""
    call = Caller(cast.guest)
    answers = [call("post", "/teams/", {"name": "X", "parent": slug}) for slug in ("daff", "no-such-team")]
    assert {answer.status_code for answer in answers} == {400}
    first, second = (answer.json()["problems"] for answer in answers)
    assert str(first).replace("daff", "no-such-team") == str(second)


def test_a_field_nobody_knows_is_refused(cast: Cast) -> None:
    call = Caller(cast.admin)
    for method, path, body in (
        ("post", "/teams/", {"name": "X", "colour": "red"}),
        ("patch", "/teams/daff/", {"depth": 3}),
        ("patch", "/me/", {"username": "root"}),
        ("post", "/people/", {"username": "x", "is_active": True}),
        ("post", "/people/owner/roles/", {"role": "viewer", "team": "daff", "until": "2030-01-01"}),
    ):
        answer = call(method, path, body, if_match="*")
        assert answer.status_code == 400, path
        assert "Unknown field" in answer.json()["problems"][0]["message"], path


# --- people


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/people/"),
        ("get", "/people/consumer/"),
        ("get", "/people/consumer/roles/"),
        ("post", "/people/"),
        ("patch", "/people/consumer/"),
        ("post", "/people/consumer/deactivate/"),
        ("post", "/people/consumer/reactivate/"),
        ("post", "/people/consumer/roles/"),
        ("delete", "/people/consumer/roles/1/"),
    ],
)
def test_people_are_for_administrators(cast: Cast, method: str, path: str) -> None:
    for person in (cast.owner, cast.steward, cast.consumer, cast.guest):
        answer = Caller(person)(method, path, {"role": "viewer", "team": "daff"}, if_match="*")
        assert answer.status_code == 403, person
        assert "daff.example" not in answer.content.decode()
    assert User.objects.get(username="consumer").is_active


def test_an_administrator_invites_names_roles_and_shuts_out(cast: Cast) -> None:
    call = Caller(cast.admin)
    made = call("post", "/people/", {"username": "Newcomer", "name": "New Comer"})
    assert made.status_code == 201
    assert Client().get(made.json()["link"]).status_code == 200
    assert call("post", "/people/", {"username": "NEWCOMER"}).status_code == 400
    role = call("post", "/people/newcomer/roles/", {"role": "steward", "team": "insights"})
    assert role.status_code == 201
    body = call("get", "/people/newcomer/").json()
    assert [(item["role"], item["team"]) for item in body["roles"]] == [("steward", "insights")]
    assert "link" not in body
    assert call("delete", f"/people/owner/roles/{role.json()['id']}/").status_code == 404
    assert call("delete", f"/people/newcomer/roles/{role.json()['id']}/").status_code == 204
    for _ in range(2):
        assert call("post", "/people/newcomer/deactivate/").json()["is_active"] is False
    assert call("post", "/people/newcomer/explode/").status_code == 404
    assert call("post", "/people/admin/deactivate/").status_code == 409
    mine = Membership.objects.get(user=cast.admin)
    assert call("delete", f"/people/admin/roles/{mine.pk}/").status_code == 409


def test_people_are_filtered(cast: Cast) -> None:
    call = Caller(cast.admin)

    def names(query: str) -> list[str]:
        return [row["username"] for row in call("get", f"/people/?{query}").json()["results"]]

    assert names("role=steward") == ["steward"]
    assert names("team=listening-team") == ["owner"]
    assert names("q=GUE") == ["guest"]
    services.deactivate_person(actor=None, person=cast.owner)
    assert names("is_active=false") == ["owner"]
    for query in ("role=king", "is_active=perhaps", "x=1", "sort=email"):
        assert call("get", f"/people/?{query}").status_code == 400, query


def test_lists_cost_the_same_with_five_and_with_fifty(cast: Cast) -> None:
    call = Caller(cast.admin)
    counts = []
    for _ in range(2):
        sizes = []
        for path in ("/people/?page_size=100", "/teams/?page_size=100"):
            call("get", path)
            with CaptureQueriesContext(connection) as queries:
                assert call("get", path).status_code == 200
            sizes.append(len(queries))
        counts.append(sizes)
        if len(counts) == 1:
            people = User.objects.bulk_create(User(username=f"p{n}", password="!") for n in range(45))
            Membership.objects.bulk_create(
                Membership(user=person, role=Role.VIEWER, team=cast.listening_team) for person in people
            )
            for number in range(45):
                make.make_team(f"Sub {number}", cast.listening_team)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 6


@pytest.mark.parametrize(
    "body", ["", "[]", "null", '"x"', "{", '{"name": ["a"]}', '{"name": {"a": 1}}', '{"parent": 1}']
)
def test_hostile_bodies_are_4xx(cast: Cast, body: str) -> None:
    call = Caller(cast.admin)
    for method, path in (("post", "/teams/"), ("post", "/people/"), ("post", "/people/owner/roles/")):
        answer = getattr(call.client, method)(
            f"{ROOT}{path}", body, content_type="application/json", headers=call.headers
        )
        assert 400 <= answer.status_code < 500, path
        assert answer["Content-Type"] == "application/problem+json"
