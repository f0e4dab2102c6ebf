"""Pages that list and make products and change what is said of them, for everybody of the cast."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.products import services
from catalog.products.models import DataProduct
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PLAYS = "/products/listening/play-events/"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response: Any) -> str:
    return str(response.content.decode())


def basics(product: DataProduct, **changes: Any) -> dict[str, Any]:
    product = DataProduct.objects.get(pk=product.pk)
    form = {
        "revision": product.revision, "name": product.name, "team": product.team_id or "",
        "visibility": product.visibility, "archetype": product.archetype, "version": product.version,
        "tags": ", ".join(tag.name for tag in product.tags.all()), "region": product.region, "classification": "",
    }  # fmt: skip
    return form | changes


EDITING = [
    "settings/", "settings/documentation/", "settings/people/", "settings/links/", "settings/ports/",
    "settings/ports/new/", "settings/inputs/", "settings/lifecycle/", "settings/address/", "settings/history/",
    "ports/plays/1.0.0/edit/", "ports/plays/1.0.0/new-version/", "ports/plays/1.0.0/history/",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "reading", "editing"),
    [
        ("owner", 200, 200),
        ("admin", 200, 200),
        ("steward", 200, 403),
        ("consumer", 200, 403),
        ("guest", 404, 404),
    ],
)
def test_every_page_for_everybody(cast: Cast, name: str, reading: int, editing: int) -> None:
    make.make_port(cast.play_events, "plays")
    client = signed_in(getattr(cast, name))
    assert client.get(f"{PLAYS}activity/").status_code == reading
    assert {client.get(PLAYS + path).status_code for path in EDITING} == {editing}
    for path in ("settings/", "settings/lifecycle/", "settings/delete/", "ports/plays/1.0.0/delete/"):
        expected = {403, 404} if editing != 200 else {200, 302, 400, 409}
        assert client.post(PLAYS + path).status_code in expected


def test_strangers_are_asked_to_sign_in(cast: Cast, client: Client) -> None:
    for path in ("/products/", "/products/new/", f"{PLAYS}settings/", f"{PLAYS}activity/"):
        response = client.get(path)
        assert response.status_code == 302
        assert "login" in response["Location"]


@pytest.mark.parametrize(
    ("name", "status"), [("owner", 200), ("admin", 200), ("consumer", 403), ("guest", 403)]
)
def test_who_may_begin_a_product(cast: Cast, name: str, status: int) -> None:
    assert signed_in(getattr(cast, name)).get("/products/new/").status_code == status


def test_a_product_is_made_in_two_steps_and_published(cast: Cast) -> None:
    client = signed_in(cast.owner)
    made = client.post(
        "/products/new/", {"domain": cast.listening.pk, "name": "Überspringer 🎧", "purpose": "Every skip."}
    )
    assert made["Location"] == reverse("products:edit", args=["listening", "überspringer"])
    page = text(client.get(made["Location"]))
    assert "Add an output port" in page
    assert "Name a business owner" in page
    base = reverse("products:detail", args=["listening", "überspringer"])
    product = DataProduct.objects.get(slug="überspringer")
    people = {"revision": product.revision, "business_owner": "owner", "technical_owner": "@steward, owner"}
    assert client.post(f"{base}settings/people/", people).status_code == 302
    port = {
        "title": "Skips",
        "version": "1.0.0",
        "kind": "table",
        "modality": "batch",
        "environment": "production",
    }
    assert (
        client.post(
            f"{base}settings/ports/new/", port | {"freshness": "6", "freshness_unit": "hours"}
        ).status_code
        == 302
    )
    product.refresh_from_db()
    step = {"step": "active", "revision": product.revision}
    assert client.post(f"{base}settings/lifecycle/", step).status_code == 302
    product.refresh_from_db()
    assert product.lifecycle == "active"
    assert str(product.output_ports.get().freshness_promise) == "6:00:00"
    assert client.get(base).status_code == 200


def test_a_foreign_domain_is_no_choice(cast: Cast) -> None:
    response = signed_in(cast.owner).post("/products/new/", {"domain": cast.playback.pk, "name": "x"})
    assert response.status_code == 400
    assert not DataProduct.objects.filter(name="x").exists()


def test_basics_are_saved_and_hostile_names_are_shown_as_text(cast: Cast) -> None:
    client = signed_in(cast.owner)
    name = "\"><script>alert('x')</script>"
    response = client.post(f"{PLAYS}settings/", basics(cast.play_events, name=name, tags="gold, Gold,silver"))
    assert response.status_code == 302
    page = text(client.get(f"{PLAYS}settings/"))
    assert "<script>alert" not in page
    assert "gold, silver" in page


def test_the_second_editor_keeps_what_they_typed_and_sees_the_difference(cast: Cast) -> None:
    form = basics(cast.play_events, region="my-region")
    services.edit_product(actor=cast.admin, product=cast.play_events, region="their-region")
    client = signed_in(cast.owner)
    response = client.post(f"{PLAYS}settings/", form)
    page = text(response)
    assert response.status_code == 409
    assert "Admin changed region" in page
    assert 'value="my-region"' in page
    assert "their" in page
    assert DataProduct.objects.get(pk=cast.play_events.pk).region == "their-region"
    again = form | {"revision": DataProduct.objects.get(pk=cast.play_events.pk).revision}
    assert f'name="revision" value="{again["revision"]}"' in page
    assert client.post(f"{PLAYS}settings/", again).status_code == 302
    assert DataProduct.objects.get(pk=cast.play_events.pk).region == "my-region"


def test_documentation_is_previewed_safely_without_being_saved(cast: Cast) -> None:
    typed = {"description": "# Plays\n<script>x</script> **bold**", "preview": "1", "revision": "1"}
    page = text(signed_in(cast.owner).post(f"{PLAYS}settings/documentation/", typed))
    assert "<strong>bold</strong>" in page
    assert "<script>x" not in page
    assert DataProduct.objects.get(pk=cast.play_events.pk).description == ""


def test_wrong_people_are_named(cast: Cast) -> None:
    gone = make.make_user("gone", is_active=False)
    typed = {"revision": "1", "business_owner": f"owner, nobody, {gone.username}"}
    response = signed_in(cast.owner).post(f"{PLAYS}settings/people/", typed)
    assert response.status_code == 400
    assert "No active person has the username nobody, gone." in text(response)


def test_links_keep_filled_rows_and_refuse_dangerous_addresses(cast: Cast) -> None:
    client = signed_in(cast.owner)
    rows = {
        "revision": "1", "links-TOTAL_FORMS": "2", "links-INITIAL_FORMS": "0", "links-0-label": "Runbook",
        "links-0-url": "https://run.example", "support-TOTAL_FORMS": "1", "support-INITIAL_FORMS": "0",
        "support-0-channel": "#listening",
    }  # fmt: skip
    bad = client.post(f"{PLAYS}settings/links/", rows | {"links-0-url": "javascript:alert(1)"})
    assert bad.status_code == 400
    assert "links begin with https://" in text(bad)
    assert client.post(f"{PLAYS}settings/links/", rows).status_code == 302
    product = DataProduct.objects.get(pk=cast.play_events.pk)
    assert product.links == [{"label": "Runbook", "url": "https://run.example"}]
    assert product.support == [{"channel": "#listening"}]


def test_an_old_address_leads_to_the_same_page_of_today(cast: Cast) -> None:
    client = signed_in(cast.owner)
    form = {"domain": cast.listening.pk, "slug": "plays", "revision": "1"}
    moved = client.post(f"{PLAYS}settings/address/", form)
    assert moved["Location"] == "/products/listening/plays/settings/address/"
    found = client.get(f"{PLAYS}settings/history/?page=1")
    assert (found.status_code, found["Location"]) == (
        301,
        "/products/listening/plays/settings/history/?page=1",
    )
    assert client.post(f"{PLAYS}settings/", {}).status_code == 308
    assert signed_in(cast.guest).get(PLAYS).status_code == 404


def test_deprecating_asks_for_what_is_missing_and_keeps_the_reason(cast: Cast) -> None:
    client = signed_in(cast.owner)
    form = {"step": "deprecated", "revision": "1", "reason": "The source ends."}
    response = client.post(f"{PLAYS}settings/lifecycle/", form)
    assert response.status_code == 400
    assert "Give the day after which it is no longer offered." in text(response)
    assert "The source ends." in text(response)
    nowhere = client.post(
        f"{PLAYS}settings/lifecycle/", form | {"sunset_at": "2199-01-01", "successor": "x/y"}
    )
    assert nowhere.status_code == 400
    done = client.post(f"{PLAYS}settings/lifecycle/", form | {"sunset_at": "2199-01-01"})
    assert done.status_code == 302


@pytest.mark.parametrize("form", [{}, {"step": "sleeping"}, {"step": "retired"}, {"step": "draft"}])
def test_impossible_steps_change_nothing(cast: Cast, form: dict[str, str]) -> None:
    response = signed_in(cast.owner).post(f"{PLAYS}settings/lifecycle/", form)
    assert response.status_code == 400
    assert DataProduct.objects.get(pk=cast.play_events.pk).lifecycle == "active"


def test_drafts_are_deleted_and_published_products_are_not(cast: Cast) -> None:
    draft = make.make_product("Skips", domain=cast.listening, lifecycle="draft")
    client = signed_in(cast.owner)
    assert client.post("/products/listening/skips/settings/delete/").status_code == 302
    assert not DataProduct.objects.filter(pk=draft.pk).exists()
    assert client.post(f"{PLAYS}settings/delete/").status_code == 409


def test_ports_are_edited_versioned_and_guarded_against_two_editors(cast: Cast) -> None:
    port = make.make_port(cast.play_events, "plays", title="Plays")
    client = signed_in(cast.owner)
    form = {
        "revision": "1", "title": "All plays", "name": "plays", "version": "1.0.0", "kind": "view", "modality": "batch",
        "environment": "production",
    }  # fmt: skip
    assert client.post(f"{PLAYS}ports/plays/1.0.0/edit/", form).status_code == 302
    stale = client.post(f"{PLAYS}ports/plays/1.0.0/edit/", form | {"title": "Mine"})
    assert stale.status_code == 409
    assert 'value="Mine"' in text(stale)
    port.refresh_from_db()
    assert (port.title, port.kind) == ("All plays", "view")
    newer = form | {"version": "2.0.0", "location": "s3://plays/2"}
    assert client.post(f"{PLAYS}ports/plays/1.0.0/new-version/", newer).status_code == 302
    assert client.post(f"{PLAYS}ports/plays/1.0.0/new-version/", newer).status_code == 400
    assert client.post(f"{PLAYS}ports/plays/9.9.9/edit/", form).status_code == 404


def test_input_ports_are_searched_added_edited_and_removed(cast: Cast) -> None:
    upstream = make.make_port(cast.playback_quality, "quality")
    hidden = make.make_port(
        make.make_product("Secret", domain=cast.playback, visibility="private"), "quality-secret"
    )
    client = signed_in(cast.owner)
    page = text(client.get(f"{PLAYS}settings/inputs/?q=quality"))
    assert f'value="{upstream.pk}"' in page
    assert "Secret" not in page
    assert client.post(f"{PLAYS}settings/inputs/", {"upstream": hidden.pk}).status_code == 404
    assert client.post(f"{PLAYS}settings/inputs/", {"upstream": "x"}).status_code == 404
    assert client.post(f"{PLAYS}settings/inputs/", {"upstream": upstream.pk}).status_code == 302
    assert client.post(f"{PLAYS}settings/inputs/", {"upstream": upstream.pk}).status_code == 400
    assert client.post(f"{PLAYS}settings/inputs/", {"name": "CRM", "reference": "urn:crm"}).status_code == 302
    assert client.post(f"{PLAYS}settings/inputs/", {"name": "CRM"}).status_code == 400
    crm = cast.play_events.input_ports.get(name="CRM")
    edit = f"{PLAYS}settings/inputs/{crm.pk}/"
    assert (
        client.post(edit, {"name": "CRM", "reference": "urn:crm", "description": "Nightly"}).status_code
        == 302
    )
    assert client.post(f"{edit}remove/").status_code == 302
    assert client.get(edit).status_code == 404


def test_an_upstream_port_that_became_private_is_not_named(cast: Cast) -> None:
    upstream = make.make_port(make.make_product("Hush", domain=cast.playback), "hush-port")
    make.make_input_port(cast.play_events, upstream, name="what it was called")
    upstream.product.visibility = "private"
    upstream.product.save()
    page = text(signed_in(cast.owner).get(f"{PLAYS}settings/inputs/"))
    assert "a port you may not see" in page
    assert "hush-port" not in page


@pytest.mark.parametrize("path", ["/products/", f"{PLAYS}settings/ports/", f"{PLAYS}settings/inputs/"])
def test_lists_ask_no_more_for_fifty_rows_than_for_five(cast: Cast, path: str) -> None:
    client = signed_in(cast.owner)

    def fill(number: int) -> int:
        for place in range(number):
            product = make.make_product(domain=cast.listening)
            make.make_stewardship(product, cast.owner)
            port = make.make_port(product)
            make.make_port(cast.play_events)
            make.make_input_port(cast.play_events, port, name=f"in {number} {place}")
        client.get(path)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    assert fill(5) == fill(45)


def test_a_port_is_read_through_connections_one_may_use_only(cast: Cast) -> None:
    mine = make.make_connection("Mine", team=cast.listening_team)
    foreign = make.make_connection("Foreign", team=cast.playback_team)
    asset = make.make_asset(mine, "public.plays")
    make.make_port(cast.play_events, "plays")
    client, url = signed_in(cast.owner), f"{PLAYS}ports/plays/1.0.0/edit/"
    form = {
        "revision": "1", "title": "Plays", "kind": "table", "modality": "batch", "environment": "production",
        "name": "plays", "version": "1.0.0",
    }  # fmt: skip
    assert "Foreign" not in text(client.get(url))
    for wrong in (
        {"connection": foreign.pk},
        {"connection": mine.pk, "asset_name": "public.nothing"},
        {"asset_name": "public.plays"},
    ):
        assert client.post(url, form | wrong).status_code == 400
    assert client.post(url, form | {"connection": mine.pk, "asset_name": "public.plays"}).status_code == 302
    port = cast.play_events.output_ports.get()
    assert (port.connection, port.asset) == (mine, asset)
    assert client.post(url, form | {"revision": "2"}).status_code == 302
    port.refresh_from_db()
    assert (port.connection, port.asset) == (None, None)


def test_a_port_read_through_a_foreign_connection_stays_so(cast: Cast) -> None:
    foreign = make.make_connection("Foreign", team=cast.playback_team)
    asset = make.make_asset(foreign, "public.plays")
    port = make.make_port(cast.play_events, "plays", connection=foreign, asset=asset)
    form = {
        "revision": "1", "title": "All plays", "kind": "table", "modality": "batch", "environment": "production",
        "name": "plays", "version": "1.0.0", "connection": "", "asset_name": "",
    }  # fmt: skip
    assert signed_in(cast.owner).post(f"{PLAYS}ports/plays/1.0.0/edit/", form).status_code == 302
    port.refresh_from_db()
    assert (port.title, port.connection, port.asset) == ("All plays", foreign, asset)
