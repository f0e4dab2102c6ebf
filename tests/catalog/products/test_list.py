"""The list of products: what it shows to whom, filters, order, pages, CSV; and editing many at once."""

from typing import Any

import pytest
from django.test import Client

from catalog.audit.models import AuditEvent
from catalog.common.errors import Invalid
from catalog.products import services
from catalog.products.filters import ProductFilter
from catalog.products.models import DataProduct
from catalog.products.services import BulkEdit
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def names(client: Client, query: str = "") -> list[str]:
    response = client.get(f"/products/?{query}")
    assert response.status_code == 200
    return [product.name for product in response.context["page"]]


def test_everybody_sees_only_what_they_may(cast: Cast) -> None:
    make.make_product("Hush", domain=cast.playback, visibility="private")
    make.make_product("Skips", domain=cast.listening, lifecycle="draft")
    seen = {name: names(signed_in(user)) for name, user in cast.everybody().items()}
    both = ["Play events", "Playback quality"]
    assert seen == {
        "owner": [*both, "Skips"],
        "steward": ["Hush", *both],
        "consumer": both,
        "guest": [],
        "admin": ["Hush", *both, "Skips"],
    }


def test_regions_can_be_chosen_also_after_the_api_was_described(cast: Cast) -> None:
    make.make_product("Sessions", domain=cast.listening, region="eu")
    assert ProductFilter.base_filters["region"].field.choices == []  # what the OpenAPI document looks at
    assert names(signed_in(cast.consumer), "region=eu") == ["Sessions"]


def test_filters_sorting_and_domains_with_those_below(cast: Cast) -> None:
    child = make.make_domain("Sessions", cast.listening, team=cast.listening_team)
    sessions = make.make_product("Sessions", domain=child, archetype="aggregate", region="eu")
    services.edit_product(actor=cast.admin, product=sessions, tags=["gold"])
    client = signed_in(cast.consumer)
    assert names(client, "domain=listening") == ["Play events", "Sessions"]
    assert names(client, "domain=sessions&domain=playback") == ["Playback quality", "Sessions"]
    assert names(client, "tag=gold&archetype=aggregate&region=eu") == ["Sessions"]
    assert names(client, "owner=playback-team") == ["Playback quality"]
    assert names(client, "q=play QUAL") == ["Playback quality"]
    assert names(client, "sort=-name")[0] == "Sessions"
    make.make_port(cast.playback_quality)
    make.make_port(cast.playback_quality)
    make.make_port(sessions)
    assert names(client, "sort=-ports") == ["Playback quality", "Sessions", "Play events"]
    assert len(b"".join(client.get("/products/?sort=-ports&format=csv")).splitlines()) == 4


@pytest.mark.parametrize(
    "query",
    [
        "domain=nowhere",
        "lifecycle=sleeping",
        "tag=none",
        "sort=password",
        "owner=x",
        "region=moon",
        "unowned=x",
    ],
)
def test_values_that_mean_nothing_are_refused(cast: Cast, query: str) -> None:
    assert signed_in(cast.admin).get(f"/products/?{query}").status_code == (
        200 if query == "unowned=x" else 400
    )


def test_csv_holds_the_filtered_list_and_no_formula(cast: Cast) -> None:
    make.make_product("=HYPERLINK(1)", domain=cast.listening, slug="formula", purpose="+1")
    response = signed_in(cast.consumer).get("/products/?domain=listening&format=csv")
    lines = b"".join(response).decode().splitlines()
    assert response["Content-Type"].startswith("text/csv")
    assert len(lines) == 3
    assert any(line.startswith("listening/formula,'=HYPERLINK(1)") and ",'+1," in line for line in lines)


def test_a_batch_is_previewed_by_the_code_that_applies_it(cast: Cast) -> None:
    foreign = cast.playback_quality
    revisions = {cast.play_events.pk: 1, foreign.pk: 1}
    edit = BulkEdit(add_tags=("gold",), remove_tags=("old",))
    before = AuditEvent.objects.count(), cast.play_events.history.count()
    preview = services.bulk_edit(actor=cast.owner, revisions=revisions, edit=edit, dry_run=True)
    assert (AuditEvent.objects.count(), cast.play_events.history.count()) == before
    assert not DataProduct.objects.get(pk=cast.play_events.pk).tags.exists()
    applied = services.bulk_edit(actor=cast.owner, revisions=revisions, edit=edit)
    assert [(r.product.pk, r.changes, r.problem) for r in preview] == [
        (r.product.pk, r.changes, r.problem) for r in applied
    ]
    assert applied[0].changes == {"tags": [[], ["gold"]]}
    assert applied[1].problem == "You may not edit it."
    event = AuditEvent.objects.get()
    assert (event.verb, list(event.detail["by_product"])) == ("products.edited", [str(cast.play_events.pk)])


def test_a_batch_moves_hands_over_and_classifies_whole_products_or_leaves_them(cast: Cast) -> None:
    other = make.make_product("Skips", domain=cast.listening)
    make.make_product("Skips", domain=cast.playback)
    word = make_classification()
    edit = BulkEdit(team=cast.playback_team, domain=cast.playback, classification=word)
    rows = services.bulk_edit(
        actor=cast.admin, revisions={cast.play_events.pk: None, other.pk: None}, edit=edit
    )
    assert [bool(row.problem) for row in rows] == [False, True]
    moved, left = DataProduct.objects.get(pk=cast.play_events.pk), DataProduct.objects.get(pk=other.pk)
    assert (moved.domain, moved.team, moved.classification) == (cast.playback, cast.playback_team, word)
    assert (left.domain, left.team, left.classification) == (cast.listening, cast.listening_team, None)


def make_classification() -> Any:
    from catalog.vocabulary.services import create_classification

    return create_classification(actor=None, name="Internal")


def test_a_batch_leaves_out_what_changed_since_it_was_seen(cast: Cast) -> None:
    services.edit_product(actor=cast.admin, product=cast.play_events, region="eu")
    edit = BulkEdit(add_tags=("gold",))
    rows = services.bulk_edit(actor=cast.owner, revisions={cast.play_events.pk: 1}, edit=edit)
    assert "Admin changed region" in rows[0].problem


def test_empty_and_endless_batches_are_refused(cast: Cast) -> None:
    with pytest.raises(Invalid):
        services.bulk_edit(actor=cast.admin, revisions={cast.play_events.pk: None}, edit=BulkEdit())
    with pytest.raises(Invalid):
        services.bulk_edit(
            actor=cast.admin, revisions=dict.fromkeys(range(201)), edit=BulkEdit(add_tags=("x",))
        )


def test_the_batch_page_tells_strangers_nothing(cast: Cast) -> None:
    page = signed_in(cast.guest).post(
        "/products/bulk/", {"products": [f"{cast.play_events.pk}:1"], "preview": "1"}
    )
    assert page.status_code == 400
    for name in ("Play events", "Listening", "Playback"):
        assert name not in page.content.decode()


def test_the_batch_page_chooses_previews_and_applies(cast: Cast) -> None:
    client = signed_in(cast.owner)
    secret = make.make_product("Hush", domain=cast.playback, visibility="private")
    selected = {"products": [f"{cast.play_events.pk}:1", f"{secret.pk}:1", "nonsense", "9" * 30]}
    chosen = client.post("/products/bulk/", selected)
    assert "Hush" not in chosen.content.decode()
    preview = client.post("/products/bulk/", selected | {"preview": "1", "add_tags": "gold"})
    assert "tags: nothing → gold" in preview.content.decode()
    assert not cast.play_events.tags.exists()
    assert client.post("/products/bulk/", selected | {"apply": "1", "add_tags": "gold"}).status_code == 302
    assert cast.play_events.tags.get().name == "gold"
    assert client.post("/products/bulk/", selected | {"apply": "1"}).status_code == 400
    assert client.post("/products/bulk/", {"apply": "1", "add_tags": "x"}).status_code == 400
    activity = client.get("/products/listening/play-events/activity/").content.decode()
    assert "edited it together with others" in activity
    told = client.get("/api/v1/products/listening/play-events/history/").json()["results"][0]
    assert (told["changes"], told["object_name"]) == ({"tags": [[], ["gold"]]}, "1 products")


def test_facets_count_what_choosing_them_would_leave(cast: Cast) -> None:
    child = make.make_domain("Sessions", cast.listening, team=cast.listening_team)
    sessions = make.make_product("Sessions", domain=child, lifecycle="deprecated")
    make.make_product("Hush", domain=cast.playback, visibility="private", region="moon")
    services.edit_product(actor=cast.admin, product=sessions, tags=["gold", "silver"])
    client = signed_in(cast.consumer)

    def facets(query: str = "") -> dict[str, dict[str, int]]:
        found = client.get(f"/products/?{query}").context["facets"]
        return {label: {value.label.strip(): value.count for value in values} for label, values in found}

    every = facets()
    assert every["Domain"] == {"Listening": 2, "Sessions": 1, "Playback": 1}
    assert every["Lifecycle"] == {"Active": 2, "Deprecated": 1}
    assert every["Tag"] == {"gold": 1, "silver": 1}
    assert "Region" not in every
    narrowed = facets("domain=listening&tag=gold&tag=silver")
    assert narrowed["Lifecycle"] == {"Deprecated": 1}
    assert narrowed["Domain"] == {"Listening": 1, "Sessions": 1}
    for label, values in client.get("/products/").context["facets"]:
        for value in values:
            assert len(names(client, value.url[1:])) == value.count, (label, value)


def test_a_batch_sets_the_schedule_of_the_stores_one_may_edit(cast: Cast) -> None:
    store = make.make_connection("Store", team=cast.listening_team, kind="sqlite", schedule="1d")
    other = make.make_product("Skips", domain=cast.listening)
    for product in (cast.play_events, other):
        make.make_port(product, connection=store)
    revisions = {cast.play_events.pk: None, other.pk: None}
    edit = BulkEdit(schedule="1h")
    refused = services.bulk_edit(actor=cast.owner, revisions=revisions, edit=edit)
    assert all(row.problem for row in refused)
    services.bulk_edit(actor=cast.admin, revisions=revisions, edit=edit, dry_run=True)
    store.refresh_from_db()
    assert store.schedule == "1d"
    rows = services.bulk_edit(actor=cast.admin, revisions=revisions, edit=edit)
    assert [row.changes for row in rows] == [{"schedule of Store": ["1d", "1h"]}, {}]
    store.refresh_from_db()
    assert store.schedule == "1h"
