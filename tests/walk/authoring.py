"""Writing: forms of products, ports, domains and vocabulary. Only the product's own people and the admin get there."""

from typing import Any

from tests.walk import Example, Keywords, Routes, hidden, nothing, page
from tests.walk.products import (
    classification,
    draft,
    feed,
    hidden_tag,
    ledger,
    ledger_port,
    listening,
    play_events,
    plays,
    tag,
)
from tests.walk.world import World

OWNERS = page(403, owner=200, guest=404, admin=200)
UNSEEN_FEED = page(403, guest=404, admin=200)  # the owner may not see the port their input comes from
OWNERS_ACT = page(403, owner=302, guest=404, admin=302)


def written(keywords: Keywords = play_events) -> list[Example]:
    """A form of a visible product, and its concealing twins."""
    return [
        Example(keywords, OWNERS),
        Example(ledger, hidden(), conceals=True),
        Example(draft, hidden(), conceals=True),
    ]


def ported() -> list[Example]:
    """A form of a port of a visible product, and its concealing twin."""
    return [Example(plays, OWNERS), Example(ledger_port, hidden(), conceals=True)]


def section(world: World) -> dict[str, Any]:
    return {**play_events(world), "section": "documentation"}


def ledger_section(world: World) -> dict[str, Any]:
    return {**ledger(world), "section": "documentation"}


def ledger_feed(world: World) -> dict[str, Any]:
    return {**ledger(world), "pk": world.feed.pk}


def selection(world: World) -> dict[str, Any]:
    products = (world.cast.play_events, world.ledger, world.draft)
    return {"products": [f"{product.pk}:{product.revision}" for product in products]}


def product_version(world: World) -> dict[str, Any]:
    return {"version": world.cast.play_events.history.earliest().pk}


def port_version(world: World) -> dict[str, Any]:
    return {"version": world.plays.history.earliest().pk}


ROUTES: Routes = {
    "products:list": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?format=csv"),
    ],
    "products:new": [Example(nothing, page(403, owner=200, steward=200, guest=403, admin=200))],
    "products:bulk": [  # what one may not see drops out of the selection without a word
        Example(nothing, page(guest=200), method="POST", body=selection),
        Example(nothing, page(405, guest=405)),
    ],
    "products:activity": [
        Example(play_events, page()),
        Example(ledger, hidden(), conceals=True),
        Example(draft, hidden(), conceals=True),
    ],
    "products:edit": written(),
    "products:links": written(),
    "products:ports": written(),
    "products:port_new": written(),
    "products:inputs": written(),
    "products:input_edit": [
        Example(feed, UNSEEN_FEED),
        Example(ledger_feed, hidden(admin=404), conceals=True),
    ],
    "products:input_remove": [
        Example(feed, OWNERS_ACT, method="POST"),
        Example(ledger_feed, hidden(admin=404), method="POST", conceals=True),
    ],
    "products:lifecycle": written(),
    "products:history": written(),
    "products:restore": [
        Example(play_events, OWNERS_ACT, method="POST", body=product_version),
        Example(ledger, hidden(admin=404), method="POST", body=product_version, conceals=True),
    ],
    "products:delete": [
        Example(play_events, page(403, owner=409, guest=404, admin=409), method="POST"),  # it is published
        Example(draft, hidden(admin=302), method="POST", conceals=True),
    ],
    "products:section": [Example(section, OWNERS), Example(ledger_section, hidden(), conceals=True)],
    "products:port_edit": ported(),
    "products:port_version": ported(),
    "products:port_delete": [
        Example(plays, page(403, owner=409, admin=409), method="POST"),  # published: it is retired instead
        Example(ledger_port, hidden(admin=409), method="POST", conceals=True),
    ],
    "products:port_history": ported(),
    "products:port_restore": [
        Example(plays, OWNERS_ACT, method="POST", body=port_version),
        Example(ledger_port, hidden(admin=404), method="POST", body=port_version, conceals=True),
    ],
    "domains:new": [Example(nothing, page(403, guest=403, admin=200))],
    "domains:edit": [Example(listening, page(403, guest=404, admin=200))],
    "domains:delete": [Example(listening, page(403, guest=404, admin=409), method="POST")],  # not empty
    "vocabulary:tags": [Example(nothing, page(guest=200))],
    "vocabulary:tag": [
        Example(tag, page(403, guest=404, admin=200)),
        Example(hidden_tag, hidden(), conceals=True),
    ],
    "vocabulary:tag_delete": [
        Example(tag, page(403, guest=404, admin=302), method="POST"),
        Example(hidden_tag, hidden(admin=302), method="POST", conceals=True),
    ],
    "vocabulary:classifications": [Example(nothing, page(guest=200))],
    "vocabulary:classification_new": [Example(nothing, page(403, guest=403, admin=200))],
    "vocabulary:classification": [Example(classification, page(403, guest=404, admin=200))],
    "vocabulary:classification_delete": [
        Example(classification, page(403, guest=404, admin=302), method="POST")
    ],
}
