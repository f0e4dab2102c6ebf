"""Pages of tags and classifications."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.vocabulary import services
from catalog.vocabulary.models import Classification, Tag
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def words(cast: Cast) -> Classification:
    gold, hidden = services.tags_named(["gold", "project-x"])
    cast.play_events.tags.add(gold)
    make.make_product("Hush", domain=cast.playback, visibility="private").tags.add(hidden, gold)
    return services.create_classification(actor=None, name="Internal", rank=1)


@pytest.mark.parametrize(
    ("name", "gold", "hidden", "levels"),
    [
        ("owner", 1, False, 1),
        ("steward", 2, True, 1),
        ("consumer", 1, False, 1),
        ("guest", 0, False, 0),
        ("admin", 2, True, 1),
    ],
)
def test_everybody_sees_words_and_counts_of_what_they_may_see(
    cast: Cast, words: Classification, name: str, gold: int, hidden: bool, levels: int
) -> None:
    client = signed_in(getattr(cast, name))
    shown = {tag.name: tag.product_count for tag in client.get("/tags/").context["page"]}
    assert shown.get("gold", 0) == gold
    assert ("project-x" in shown) == hidden
    assert client.get("/classifications/").context["page"].paginator.count == levels
    csv = b"".join(client.get("/tags/?format=csv")).decode()
    assert ("project-x" in csv) == hidden


@pytest.mark.parametrize("name", ["owner", "steward", "consumer"])
def test_others_read_the_words_and_do_not_change_them(cast: Cast, words: Classification, name: str) -> None:
    client = signed_in(getattr(cast, name))
    for path in ("/tags/gold/", "/classifications/new/", "/classifications/internal/"):
        assert client.get(path).status_code == 403
        assert client.post(path, {"name": "x", "rank": 0}).status_code == 403
    assert client.post("/tags/gold/delete/").status_code == 403
    assert client.post("/classifications/internal/delete/").status_code == 403


def test_tags_are_renamed_merged_and_deleted(cast: Cast, words: Classification) -> None:
    client = signed_in(cast.admin)
    assert client.post("/tags/gold/", {"name": "Golden"}).status_code == 302
    assert client.post("/tags/gold/", {"name": "PROJECT-X"}).status_code == 400
    into = Tag.objects.get(name="project-x")
    assert client.post("/tags/gold/", {"name": "Golden", "into": into.pk}).status_code == 302
    assert into.products.count() == 2
    assert client.post("/tags/project-x/delete/").status_code == 302
    assert not Tag.objects.exists()


def test_classifications_are_made_edited_and_kept_while_in_use(cast: Cast, words: Classification) -> None:
    client = signed_in(cast.admin)
    assert (
        client.post("/classifications/new/", {"name": "Secret", "rank": 9, "is_personal": "on"}).status_code
        == 302
    )
    assert client.post("/classifications/new/", {"name": "", "rank": -1}).status_code == 400
    assert client.post("/classifications/secret/", {"name": "Secret", "rank": 8}).status_code == 302
    secret = Classification.objects.get(slug="secret")
    assert (secret.rank, secret.is_personal) == (8, False)
    cast.play_events.classification = secret
    cast.play_events.save()
    assert client.post("/classifications/secret/delete/").status_code == 409
    assert client.post("/classifications/internal/delete/").status_code == 302


def test_the_list_of_tags_asks_no_more_for_fifty_than_for_five(cast: Cast) -> None:
    client = signed_in(cast.consumer)

    def fill(number: int) -> int:
        cast.play_events.tags.add(*services.tags_named(f"t{number}-{place}" for place in range(number)))
        client.get("/tags/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/tags/")
        return len(seen)

    assert fill(5) == fill(45)
