"""Search finds data by every name of its terms, says why, and forgets what no longer holds."""

from typing import Any

import pytest
from django.test import Client

from catalog.glossary.linking import link_term, unlink_term
from catalog.glossary.models import GlossaryTerm, TermLink
from catalog.glossary.services import create_term, edit_term
from catalog.products.models import OutputPort
from catalog.search.backends.base import SearchBackend
from catalog.search.services import drain_marks, repair_drift
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def index(search_index: SearchBackend) -> SearchBackend:
    return search_index


def search(client: Client, q: str, **more: str) -> dict[str, Any]:
    drain_marks()
    found: dict[str, Any] = client.get("/api/v1/search/", {"q": q, **more}).json()
    return found


def keys(client: Client, q: str, **more: str) -> list[str]:
    return [row["key"] for row in search(client, q, **more)["results"]]


def test_synonym_finds_the_product_and_says_why(
    client: Client, cast: Cast, play: GlossaryTerm, plays: OutputPort
) -> None:
    make.make_port(cast.play_events, "other")
    link_term(actor=cast.owner, term=play, product=cast.play_events, port=plays, path="track.title")
    client.force_login(cast.consumer)
    (row,) = search(client, "stream")["results"]
    assert row["key"] == "listening/play-events"
    assert {"field": "term", "text": "Play"} in row["matched"]
    page = client.get("/search/", {"q": "stream"}).content.decode()
    assert '<a href="/glossary/play/">Play, also <mark>Stream</mark></a>' in page
    assert keys(client, "term:play", kind="port") == ["listening/play-events/plays/1.0.0"]
    assert keys(client, 'term:"listen event"') == ["listening/play-events"]
    assert keys(client, "term:pl -term:play") == []


def test_index_follows_terms_and_links(client: Client, cast: Cast, play: GlossaryTerm) -> None:
    client.force_login(cast.consumer)
    link = link_term(actor=cast.owner, term=play, product=cast.play_events)
    edit_term(actor=cast.admin, term=play, synonyms=["Rotation"])
    assert (keys(client, "rotation"), keys(client, "term:stream")) == (["listening/play-events"], [])
    unlink_term(actor=cast.owner, link=link)
    assert keys(client, "rotation") == []
    TermLink.objects.create(term=play, product=cast.play_events)
    assert keys(client, "rotation") == ["listening/play-events"]
    play.delete()  # past the services
    assert keys(client, "rotation") == []
    drift = repair_drift()
    assert drift is not None
    assert not any((drift.missing, drift.outdated, drift.surplus))


def test_terms_stand_above_the_results_and_are_suggested(
    client: Client, cast: Cast, play: GlossaryTerm
) -> None:
    create_term(actor=cast.admin, name="Playout", definition="Secret thought")
    create_term(actor=cast.admin, name="Playlist", domain=cast.listening, state="approved")
    client.force_login(cast.consumer)
    assert [term["slug"] for term in search(client, "PLAY")["terms"]] == ["play", "playlist"]
    assert [term["slug"] for term in search(client, "term:play")["terms"]] == ["play", "playlist"]
    assert search(client, "what is a play")["terms"] == []
    assert search(client, "play", page="2")["terms"] == []
    page = client.get("/search/", {"q": "stream"}).content.decode()
    assert 'href="/glossary/play/"' in page
    offered = client.get("/api/v1/search/suggest/", {"q": "strea"}).json()["suggestions"]
    assert [(item["kind"], item["key"], item["text"]) for item in offered] == [("term", "play", "Play")]
    assert "/glossary/play/" in client.get("/search/suggest/", {"q": "strea"}).content.decode()
    client.force_login(cast.guest)
    assert search(client, "play")["terms"] == []
