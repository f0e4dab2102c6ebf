"""Domains in the REST API."""

import pytest
from django.test import Client

from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_tree_is_read_with_parents_and_counts(client: Client, cast: Cast) -> None:
    below = make.make_domain("Skips", cast.listening, team=cast.listening_team)
    make.make_product(domain=below)
    client.force_login(cast.consumer)
    rows = {row["slug"]: row for row in client.get("/api/v1/domains/").json()["results"]}
    assert rows["skips"]["parent"] == "listening"
    assert rows["listening"]["parent"] is None
    assert rows["skips"]["products"] == 1


def test_admin_makes_edits_moves_and_deletes(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    body = {"name": "Charts", "team": "listening-team", "kind": "aggregate"}
    made = client.post("/api/v1/domains/", body, content_type="application/json")
    assert made.status_code == 201, made.content
    etag = made["ETag"]
    url = "/api/v1/domains/charts/"
    moved = client.patch(
        url,
        {"parent": "listening", "description": "Top songs"},
        content_type="application/json",
        headers={"If-Match": etag},
    )
    assert moved.json()["parent"] == "listening"
    stale = client.patch(url, {"name": "X"}, content_type="application/json", headers={"If-Match": etag})
    assert stale.status_code == 412
    assert client.delete(url, headers={"If-Match": "*"}).status_code == 204


@pytest.mark.parametrize(
    ("who", "status"), [("owner", 403), ("steward", 403), ("consumer", 403), ("guest", 403)]
)
def test_others_do_not_make_domains(client: Client, cast: Cast, who: str, status: int) -> None:
    client.force_login(cast.everybody()[who])
    team = "listening-team"
    answer = client.post("/api/v1/domains/", {"name": "Mine", "team": team}, content_type="application/json")
    assert answer.status_code == (400 if who == "guest" else status)  # the guest may not even name a team


def test_guest_sees_no_domain(client: Client, cast: Cast) -> None:
    client.force_login(cast.guest)
    assert client.get("/api/v1/domains/").json()["results"] == []
    assert client.get("/api/v1/domains/listening/").status_code == 404


def test_domain_moved_into_itself_is_refused(client: Client, cast: Cast) -> None:
    make.make_domain("Skips", cast.listening, team=cast.listening_team)
    client.force_login(cast.admin)
    answer = client.patch(
        "/api/v1/domains/listening/",
        {"parent": "skips"},
        content_type="application/json",
        headers={"If-Match": "*"},
    )
    assert answer.status_code == 400
    assert answer.json()["problems"][0]["rule"] == "cycle"
