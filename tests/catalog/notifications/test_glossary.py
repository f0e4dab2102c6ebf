"""Watching a term: its words, its end and its products are told, to who may see them, and once."""

import pytest
from django.test import Client

from catalog.common.errors import NotFound
from catalog.glossary.linking import link_term
from catalog.glossary.services import create_term, edit_term
from catalog.notifications import services
from catalog.notifications.models import Notification, Subscription
from catalog.notifications.telling import fan_out_waiting
from catalog.products.models import Visibility
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str]]:
    fan_out_waiting()
    rows = Notification.objects.order_by("pk").values_list("recipient__username", "notice__title")
    return list(rows)


def test_watchers_hear_of_words_end_and_products_they_may_see(cast: Cast) -> None:
    play = create_term(actor=cast.admin, name="Play", state="approved")
    spin = create_term(actor=cast.admin, name="Spin", state="approved")
    for person in (cast.consumer, cast.admin):
        services.watch_term(actor=person, term=spin)
    edit_term(actor=cast.admin, term=spin, definition="A turn of a record.")
    edit_term(actor=cast.admin, term=spin, team=cast.listening_team, related=[play])  # no news
    port = make.make_port(cast.play_events, "plays")
    for target in (None, port):
        link_term(actor=cast.owner, term=spin, product=cast.play_events, port=target)
    secret = make.make_product("Secret ledger", domain=cast.playback, visibility=Visibility.PRIVATE)
    link_term(actor=None, term=spin, product=secret)
    edit_term(actor=cast.admin, term=spin, state="deprecated", successor=play)
    assert sorted(told()) == sorted(
        [
            ("consumer", "The term Spin says something else"),
            ("consumer", "Play events uses the term Spin"),
            ("admin", "Play events uses the term Spin"),
            ("admin", "Secret ledger uses the term Spin"),
            ("consumer", "The term Spin is deprecated"),
        ]
    )
    last = Notification.objects.filter(recipient=cast.consumer).latest("pk").notice
    assert (last.sentence, last.link) == ("Use Play instead.", "/glossary/spin/")


def test_button_and_api_watch_terms_one_may_read(client: Client, cast: Cast) -> None:
    create_term(actor=cast.admin, name="Play", state="approved")
    draft = create_term(actor=cast.admin, name="Skip")
    client.force_login(cast.consumer)
    page = "/glossary/play/"
    assert 'name="wanted" value="on"' in client.get(page).content.decode()
    press = {"target": "term", "key": "play", "next": page}
    assert client.post("/notifications/watch/", press)["Location"] == page
    assert 'name="wanted" value="off"' in client.get(page).content.decode()
    assert client.post("/notifications/watch/", {**press, "key": "skip"}).status_code == 404
    assert b"/glossary/play/" in client.get("/account/notifications/").content
    (row,) = client.get("/api/v1/subscriptions/").json()["results"]
    assert (row["target"], row["term"], row["product"]) == ("term", "play", None)
    again = client.post("/api/v1/subscriptions/", {"term": "play"}, content_type="application/json")
    assert again.json()["id"] == row["id"]
    with pytest.raises(NotFound):
        services.watch_term(actor=cast.consumer, term=draft)
    client.post("/notifications/watch/", {**press, "wanted": "off"})
    assert not Subscription.objects.exists()
