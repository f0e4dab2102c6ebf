"""Tags and classifications in the REST API."""

import pytest
from django.test import Client

from catalog.vocabulary.models import Classification
from catalog.vocabulary.services import tags_named
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_tags_of_private_products_are_not_listed(client: Client, cast: Cast) -> None:
    cast.play_events.tags.set(tags_named(["gold"]))
    make.make_product(visibility="private", domain=cast.playback).tags.set(tags_named(["merger"]))
    client.force_login(cast.consumer)
    assert [row["name"] for row in client.get("/api/v1/tags/").json()["results"]] == ["gold"]
    assert client.get("/api/v1/tags/merger/").status_code == 404


def test_only_keepers_of_the_vocabulary_change_it(client: Client, cast: Cast) -> None:
    cast.play_events.tags.set(tags_named(["gold"]))
    body = {"name": "Golden"}
    client.force_login(cast.owner)
    assert client.patch("/api/v1/tags/gold/", body, content_type="application/json").status_code == 403
    client.force_login(cast.admin)
    assert (
        client.patch("/api/v1/tags/gold/", body, content_type="application/json").json()["name"] == "Golden"
    )
    assert client.delete("/api/v1/tags/gold/").status_code == 204
    assert cast.play_events.tags.count() == 0


def test_classification_in_use_is_not_deleted(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    body = {"name": "Personal", "rank": 3, "is_personal": True}
    made = client.post("/api/v1/classifications/", body, content_type="application/json")
    assert made.status_code == 201, made.content
    word = Classification.objects.get(slug=made.json()["slug"])
    cast.play_events.classification = word
    cast.play_events.save()
    refused = client.delete(f"/api/v1/classifications/{word.slug}/")
    assert refused.status_code == 409
    assert (
        client.post("/api/v1/classifications/", {"name": ""}, content_type="application/json").status_code
        == 400
    )
