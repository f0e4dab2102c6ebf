"""Pages that make, change and delete domains."""

from typing import Any

import pytest
from django.test import Client

from catalog.domains import services
from catalog.domains.models import Domain
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("name", "status"), [("admin", 200), ("owner", 403), ("steward", 403), ("consumer", 403), ("guest", 403)]
)
def test_who_may_make_domains(cast: Cast, name: str, status: int) -> None:
    assert signed_in(getattr(cast, name)).get("/domains/new/").status_code == status


@pytest.mark.parametrize(
    ("name", "status"), [("admin", 200), ("owner", 403), ("steward", 403), ("consumer", 403), ("guest", 404)]
)
def test_who_may_edit_a_domain(cast: Cast, name: str, status: int) -> None:
    client = signed_in(getattr(cast, name))
    assert client.get("/domains/listening/edit/").status_code == status
    if status != 200:
        assert client.post("/domains/listening/delete/").status_code == status


def form_of(domain: Domain, **changes: Any) -> dict[str, Any]:
    domain = Domain.objects.get(pk=domain.pk)
    return {
        "revision": domain.revision, "name": domain.name, "slug": domain.slug, "kind": domain.kind,
        "team": domain.team_id, "hue": domain.hue, "description": domain.description, "parent": "",
    } | changes  # fmt: skip


def test_a_domain_is_made_moved_renamed_and_deleted(cast: Cast) -> None:
    client = signed_in(cast.admin)
    made = client.post(
        "/domains/new/",
        {"name": "再生", "kind": "aggregate", "team": cast.listening_team.pk, "parent": cast.listening.pk},
    )
    domain = Domain.objects.get(slug="再生")
    assert made.status_code == 302
    assert Domain.objects.get_parent(domain) == cast.listening
    saved = client.post("/domains/再生/edit/", form_of(domain, slug="replay", parent=cast.playback.pk))
    assert saved["Location"] == "/domains/replay/"
    assert Domain.objects.get_parent(Domain.objects.get(slug="replay")) == cast.playback
    assert client.get("/domains/再生/edit/").status_code == 301
    assert client.post("/domains/replay/delete/").status_code == 302
    assert client.post("/domains/listening/delete/").status_code == 409


def test_the_second_editor_of_a_domain_keeps_what_they_typed(cast: Cast) -> None:
    form = form_of(cast.listening, description="Mine")
    services.edit_domain(actor=cast.admin, domain=cast.listening, description="Theirs")
    response = signed_in(cast.admin).post("/domains/listening/edit/", form)
    assert response.status_code == 409
    assert "Mine" in response.content.decode()
    assert Domain.objects.get(pk=cast.listening.pk).description == "Theirs"


@pytest.mark.parametrize(
    "changes",
    [{"slug": "playback"}, {"slug": "new"}, {"name": ""}, {"team": "999999"}, {"hue": "99"}, {"parent": "x"}],
)
def test_wrong_values_are_refused_beside_their_fields(cast: Cast, changes: dict[str, str]) -> None:
    response = signed_in(cast.admin).post("/domains/listening/edit/", form_of(cast.listening, **changes))
    assert response.status_code == 400
    assert set(response.context["form"].errors) == set(changes)


def test_a_domain_is_no_part_of_itself(cast: Cast) -> None:
    child = make.make_domain("Sessions", cast.listening, team=cast.listening_team)
    response = signed_in(cast.admin).post(
        "/domains/listening/edit/", form_of(cast.listening, parent=child.pk)
    )
    assert response.status_code == 400
