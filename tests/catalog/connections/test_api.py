"""Connections over REST: write-only secrets, revisions, tests by rows, assets and claims."""

import json
from typing import Any

import pytest
from django.test import Client

from catalog.accounts.models import Role, User
from catalog.connections import checks
from catalog.connections.models import Connection, ConnectionCheck
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
LIST = "/api/v1/connections/"
BODY = {
    "kind": "postgresql",
    "name": "Play store",
    "team": "listening-team",
    "config": {"host": "127.0.0.1", "port": 1, "database": "d", "user": "u", "password": "open-sesame"},
}


@pytest.fixture
def client(cast: Cast) -> Client:
    person = make.make_user("keeper")
    make.make_membership(person, Role.TECHNICAL_OWNER, cast.listening_team)
    return signed_in(person)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(client: Client, address: str, body: Any) -> Any:
    return client.post(address, json.dumps(body), content_type="application/json")


def test_connection_is_made_read_changed_and_tested(client: Client) -> None:
    made = post(client, LIST, BODY)
    assert made.status_code == 201
    assert made.json()["has_secret"] is True
    assert "open-sesame" not in made.content.decode()
    address = f"{LIST}play-store/"
    tag = client.get(address).headers["ETag"]
    change = {"schedule": "1h"}
    without = client.patch(address, json.dumps(change), content_type="application/json")
    assert without.status_code == 428
    changed = client.patch(
        address, json.dumps(change), content_type="application/json", headers={"If-Match": tag}
    )
    assert changed.json()["schedule"] == "1h"
    again = client.patch(
        address, json.dumps(change), content_type="application/json", headers={"If-Match": tag}
    )
    assert again.status_code == 412
    begun = client.post(f"{address}check/")
    assert begun.status_code == 202
    checks.run_check(check_id=ConnectionCheck.objects.get().pk)
    done = client.get(begun.headers["Location"]).json()
    assert (done["status"], done["is_ok"]) == ("done", False)
    assert done["steps"][0]["remedy"]
    assert client.delete(address).status_code == 204


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "no-such"},
        {"config": "text"},
        {"config": {"host": 5}},
        {"team": "no-such-team"},
        {"surprise": 1},
        {"name": None},
        {"schedule": "often"},
        {"config": {**BODY["config"], "port": 1e99}},  # type: ignore[dict-item]
    ],
)
def test_bad_bodies_are_answered_with_paths(client: Client, change: dict[str, Any]) -> None:
    answer = post(client, LIST, {**BODY, **change})
    assert answer.status_code == 400
    assert answer.json()["problems"]
    assert not Connection.objects.exists()


def test_cast_sees_and_changes_what_it_may(cast: Cast) -> None:
    make.make_connection("Store", slug="store", team=cast.listening_team)
    seen = {}
    for name, user in cast.everybody().items():
        client = signed_in(user)
        rows = client.get(LIST).json()["results"]
        seen[name] = (
            len(rows),
            client.get(f"{LIST}store/").status_code,
            client.post(f"{LIST}store/check/").status_code,
        )
    assert seen == {
        "owner": (1, 200, 403),
        "steward": (0, 404, 404),
        "consumer": (0, 404, 404),
        "guest": (0, 404, 404),
        "admin": (1, 200, 202),
    }
    assert Client().get(LIST).status_code in (401, 403)


def test_unknown_parameters_are_refused(client: Client) -> None:
    assert client.get(f"{LIST}?nonsense=1").status_code == 400
    assert client.get(f"{LIST}?kind=sqlite&sort=-name&page_size=5").status_code == 200


def test_assets_are_listed_and_claimed(cast: Cast) -> None:
    store = make.make_connection("Store", slug="store", team=cast.listening_team, config={"path": "/x.db"})
    plays, skips = make.make_asset(store, "plays"), make.make_asset(store, "skips")
    client = signed_in(cast.owner)
    address = f"{LIST}store/assets/"
    assert [row["name"] for row in client.get(address).json()["results"]] == ["plays", "skips"]
    assert client.get(f"{address}?state=odd").status_code == 400
    made = post(client, address, {"assets": [plays.pk], "product": "listening/play-events"})
    assert made.status_code == 201
    assert made.json() == {"product": "listening/play-events", "ports": ["plays/1.0.0"]}
    draft = post(client, address, {"assets": [skips.pk], "name": "Skips", "domain": "listening"})
    assert draft.json()["product"] == "listening/skips"
    assert client.get(address).json()["count"] == 0
    for body in (
        {"assets": [plays.pk], "product": "listening/play-events"},
        {"assets": [999_999], "product": "listening/play-events"},
        {"assets": [], "product": "listening/play-events"},
        {"assets": [skips.pk]},
        {"assets": [skips.pk], "product": "no/such"},
        {"assets": "all"},
    ):
        assert post(client, address, body).status_code == 400
    assert post(signed_in(cast.consumer), address, {"assets": [plays.pk]}).status_code == 404
