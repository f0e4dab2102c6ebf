"""Domains, vocabulary, products, ports, lineage: the reference book itself."""

from typing import Any

from tests.walk import Example, Keywords, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.world import World

PRESENT = {"If-Match": "*"}  # the revision is not what these examples are about


def play_events(world: World) -> dict[str, Any]:
    return {"domain": "listening", "slug": "play-events"}


def ledger(world: World) -> dict[str, Any]:
    return {"domain": world.ledger.domain.slug, "slug": world.ledger.slug}


def draft(world: World) -> dict[str, Any]:
    return {"domain": world.draft.domain.slug, "slug": world.draft.slug}


def listening(world: World) -> dict[str, Any]:
    return {"slug": "listening"}


def plays(world: World) -> dict[str, Any]:
    return {**play_events(world), "name": "plays", "version": world.plays.version}


def ledger_port(world: World) -> dict[str, Any]:
    return {**ledger(world), "name": world.ledger_port.name, "version": world.ledger_port.version}


def feed(world: World) -> dict[str, Any]:
    return {**play_events(world), "pk": world.feed.pk}


def tag(world: World) -> dict[str, Any]:
    return {"slug": world.tag.slug}


def classification(world: World) -> dict[str, Any]:
    return {"slug": world.classification.slug}


def hidden_tag(world: World) -> dict[str, Any]:
    return {"slug": world.hidden_tag.slug}


def name(world: World) -> dict[str, Any]:
    return {"name": "Another name"}


def title(world: World) -> dict[str, Any]:
    return {"title": "Another title"}


def purpose(world: World) -> dict[str, Any]:
    return {"purpose": "Another purpose"}


def deprecated(world: World) -> dict[str, Any]:
    return {"step": "deprecated", "sunset_at": "2100-01-01", "reason": "Nobody reads it."}


def shown(keywords: Keywords = play_events) -> list[Example]:
    """A page about a product everybody in the mesh may see, and its concealing twins."""
    return [
        Example(keywords, page()),
        Example(ledger, hidden(), conceals=True),
        Example(draft, hidden(), conceals=True),
    ]


def served(keywords: Keywords = play_events) -> list[Example]:
    """The same for the REST API."""
    return [
        Example(keywords, api()),
        Example(ledger, hidden_api(), conceals=True),
        Example(draft, hidden_api(), conceals=True),
    ]


ROUTES: Routes = {
    "search:home": [Example(nothing, page(guest=200))],
    "domains:list": [Example(nothing, page(guest=200))],
    "domains:detail": [Example(listening, page())],
    "products:detail": shown(),
    "products:port": [Example(plays, page()), Example(ledger_port, hidden(), conceals=True)],
    "lineage:product": shown(),
    "lineage:lineage": [
        Example(nothing, page(), query="?node=product:listening/play-events"),
        Example(nothing, hidden(), conceals=True, query="?node=product:vault/vlt9-ledger"),
    ],
    "lineage:export-svg": [
        Example(nothing, page(), query="?node=product:listening/play-events"),
        Example(nothing, hidden(), conceals=True, query="?node=product:vault/vlt9-ledger"),
    ],
    "lineage:export-json": [
        Example(nothing, page(), query="?node=product:listening/play-events"),
        Example(nothing, hidden(), conceals=True, query="?node=product:vault/vlt9-ledger"),
    ],
    "lineage:export-csv": [
        Example(nothing, page(), query="?node=product:listening/play-events"),
        Example(nothing, hidden(), conceals=True, query="?node=product:vault/vlt9-ledger"),
    ],
    "lineage:map": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?lens=owner&level=port"),
        Example(nothing, page(), query="?focus=product:listening/play-events&lens=quality"),
        Example(nothing, hidden(), conceals=True, query="?focus=product:vault/vlt9-ledger"),
        Example(nothing, hidden(), conceals=True, query="?focus=domain:vault"),
        Example(nothing, page(guest=200), query="?q=ledger"),
    ],
    "lineage:map-tile": [
        Example(nothing, page(), query="?domain=listening&lens=quality&level=port"),
        Example(nothing, hidden(), conceals=True, query="?domain=vault"),
    ],
    "lineage:map-find": [Example(nothing, page(guest=200), query="?q=le")],
    "lineage:map-svg": [
        Example(nothing, page(guest=200), query="?lens=lifecycle"),
        Example(nothing, hidden(), conceals=True, query="?focus=domain:vault"),
    ],
    "lineage:map-json": [
        Example(nothing, page(guest=200)),
        Example(nothing, hidden(), conceals=True, query="?focus=domain:vault"),
    ],
    "lineage:map-csv": [Example(nothing, page(guest=200))],
    "api:lineage-map": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(), query="?domain=listening&level=port&lens=freshness"),
        Example(nothing, hidden_api(), conceals=True, query="?domain=vault&level=product"),
    ],
    "api:lineage-graph": [
        Example(nothing, api(), query="?node=product:listening/play-events&depth=3"),
        Example(nothing, hidden_api(), conceals=True, query="?node=product:vault/vlt9-ledger"),
    ],
    "api:product-lineage": served(),
    "api:domain-list": [Example(nothing, api(guest=200))],
    "api:domain-detail": [
        Example(listening, api()),
        Example(listening, api(403, guest=404, admin=200), method="PATCH", body=name, headers=PRESENT),
    ],
    "api:product-list": [
        Example(nothing, api(guest=200)),
        Example(
            nothing,
            api(403, owner=201, guest=400, admin=201),
            method="POST",
            body=lambda world: {"domain": "listening", "name": "Skips"},
        ),
    ],
    "api:product-detail": [
        *served(),
        Example(
            play_events,
            api(403, owner=200, guest=404, admin=200),
            method="PATCH",
            body=purpose,
            headers=PRESENT,
        ),
        Example(ledger, hidden_api(), method="PATCH", body=purpose, headers=PRESENT, conceals=True),
        Example(ledger, hidden_api(admin=409), method="DELETE", headers=PRESENT, conceals=True),
    ],
    "api:product-lifecycle": [
        Example(
            play_events,
            api(403, owner=200, guest=404, admin=200),
            method="POST",
            body=deprecated,
        ),
        Example(
            ledger,
            hidden_api(),
            method="POST",
            body=deprecated,
            conceals=True,
        ),
    ],
    "api:product-history": served(),
    "api:port-list": served(),
    "api:port-detail": [
        Example(plays, api()),
        Example(ledger_port, hidden_api(), conceals=True),
        Example(
            plays, api(403, owner=200, guest=404, admin=200), method="PATCH", body=title, headers=PRESENT
        ),
        Example(ledger_port, hidden_api(), method="PATCH", body=title, headers=PRESENT, conceals=True),
        Example(ledger_port, hidden_api(admin=409), method="DELETE", headers=PRESENT, conceals=True),
    ],
    "api:input-port-list": served(),
    "api:input-port-detail": [
        Example(feed, api()),
        Example(lambda world: {**ledger(world), "pk": world.feed.pk}, hidden_api(admin=404), conceals=True),
    ],
    "api:tag-list": [Example(nothing, api(guest=200))],
    "api:tag-detail": [
        Example(tag, api()),
        Example(tag, api(403, guest=404, admin=204), method="DELETE"),
        Example(hidden_tag, hidden_api(), conceals=True),
    ],
    "api:classification-list": [
        Example(nothing, api(guest=200)),
        Example(
            nothing, api(403, guest=403, admin=201), method="POST", body=lambda world: {"name": "Secret"}
        ),
    ],
    "api:classification-detail": [
        Example(classification, api()),
        Example(classification, api(403, guest=404, admin=204), method="DELETE"),
    ],
}
