"""Connections: seen by the team that runs the store; entered and changed by technical owners, domain admins, admins."""

from typing import Any

from catalog.connections.models import ConnectionCheck
from tests.walk import Example, Keywords, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.world import World

TEAM = page(404, owner=200, admin=200)
TEAM_API = api(404, owner=200, admin=200)


def store(world: World) -> dict[str, Any]:
    return {"slug": world.store.slug}


def vault_store(world: World) -> dict[str, Any]:
    return {"slug": world.vault_store.slug}


def kind(world: World) -> dict[str, Any]:
    return {"kind": "sqlite"}


def owners_check(world: World) -> dict[str, Any]:
    """A test the owner asked for; nobody else sees it, the administrator neither."""
    check, _ = ConnectionCheck.objects.get_or_create(
        requested_by=world.cast.owner, kind="sqlite", defaults={"connection": world.store}
    )
    return {"pk": check.pk}


def kept() -> list[Example]:
    """A form only keepers open: the owner of the data may see the connection and not change it."""
    return [
        Example(store, page(404, owner=403, admin=200)),
        Example(vault_store, hidden(), conceals=True),
    ]


def acted(keywords: Keywords = store) -> list[Example]:
    """A button of keepers."""
    return [
        Example(keywords, page(404, owner=403, admin=302), method="POST"),
        Example(vault_store, page(404, admin=302), method="POST", conceals=True),
        Example(keywords, page(405, guest=405)),
    ]


ROUTES: Routes = {
    "connections:list": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?format=csv"),
    ],
    "connections:new": [Example(nothing, page(403, guest=403, admin=200))],
    "connections:create": [Example(kind, page(403, guest=403, admin=200))],
    "connections:check": [Example(owners_check, page(404, owner=200))],
    "connections:save": [Example(owners_check, page(404, owner=302), method="POST")],
    "connections:detail": [Example(store, TEAM), Example(vault_store, hidden(), conceals=True)],
    "connections:edit": kept(),
    "connections:delete": kept(),
    "connections:test": acted(),
    "connections:pause": acted(),
    "connections:resume": acted(),
    "products:browse": [
        Example(store, TEAM),
        Example(store, TEAM, query="?state=all&format=csv"),
        Example(vault_store, hidden(), conceals=True),
    ],
    "api:connection-list": [Example(nothing, api(guest=200))],
    "api:connection-check-detail": [Example(owners_check, api(404, owner=200))],
    "api:connection-detail": [Example(store, TEAM_API), Example(vault_store, hidden_api(), conceals=True)],
    "api:connection-check": [
        Example(store, api(404, owner=403, admin=202), method="POST"),
        Example(vault_store, api(404, admin=202), method="POST", conceals=True),
    ],
    "api:connection-assets": [
        Example(store, TEAM_API, query="?state=all"),
        Example(vault_store, hidden_api(), conceals=True),
    ],
}
