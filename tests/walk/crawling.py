"""Crawls, and the schema tab of a product."""

from typing import Any

from tests.walk import Example, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.products import draft, ledger, ledger_port, play_events, plays, served, shown
from tests.walk.world import World

TEAM = page(404, owner=200, admin=200)  # a source of the Listening team
TEAM_ACTS = page(404, owner=302, admin=302)


def run(world: World) -> dict[str, Any]:
    return {"pk": world.run.pk}


def vault_run(world: World) -> dict[str, Any]:
    return {"pk": world.vault_run.pk}


def store(world: World) -> dict[str, Any]:
    return {"slug": world.store.slug}


def vault_store(world: World) -> dict[str, Any]:
    return {"slug": world.vault_store.slug}


def described(world: World) -> dict[str, Any]:
    return {
        "port": f"plays/{world.plays.version}",
        "column": "play_id",
        "revision": 0,
        "description": "One play",
    }


ROUTES: Routes = {
    "crawling:index": [Example(nothing, page(guest=200))],
    "crawling:sources": [Example(nothing, page(guest=200))],
    "crawling:detail": [Example(run, TEAM), Example(vault_run, hidden(), conceals=True)],
    "crawling:retry": [
        Example(run, TEAM_ACTS, method="POST"),
        Example(vault_run, hidden(admin=302), method="POST", conceals=True),
    ],
    "crawling:cancel": [
        Example(run, TEAM_ACTS, method="POST"),
        Example(vault_run, hidden(admin=302), method="POST", conceals=True),
    ],
    "crawling:crawl_connection": [
        Example(store, TEAM_ACTS, method="POST"),
        Example(vault_store, hidden(admin=302), method="POST", conceals=True),
    ],
    "crawling:crawl_port": [
        Example(plays, page(403, owner=302, guest=404, admin=302), method="POST"),
        Example(ledger_port, hidden(admin=302), method="POST", conceals=True),
    ],
    "crawling:crawl_product": [
        Example(play_events, page(403, owner=302, guest=404, admin=302), method="POST"),
        Example(ledger, hidden(admin=302), method="POST", conceals=True),
        Example(draft, hidden(admin=302), method="POST", conceals=True),
    ],
    "schemas:fields": shown(),
    "schemas:history": shown(),
    "schemas:annotate": [
        Example(play_events, page(403, owner=302, guest=404, admin=302), method="POST", body=described),
        Example(ledger, hidden(admin=404), method="POST", body=described, conceals=True),
    ],
    "api:crawl-list": [Example(nothing, api(guest=200))],
    "api:crawl-detail": [
        Example(run, api(404, owner=200, admin=200)),
        Example(vault_run, hidden_api(), conceals=True),
    ],
    "api:product-crawls": served(),
    "api:port-crawl": [
        Example(plays, api(403, owner=202, guest=404, admin=202), method="POST"),
        Example(ledger_port, hidden_api(admin=202), method="POST", conceals=True),
    ],
    "api:product-schema": served(),
    "api:port-definition": [
        Example(plays, api(403, owner=404, guest=404, admin=404)),  # a table has no SQL behind it
        Example(ledger_port, hidden_api(admin=404), conceals=True),
    ],
}
