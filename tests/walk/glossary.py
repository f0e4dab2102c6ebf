"""Terms, their history, and their links to products: drafts and hidden uses are told to nobody else."""

from typing import Any

from tests.walk import Example, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.products import PRESENT, ledger, play_events
from tests.walk.world import World

KEEPERS = page(403, guest=404, admin=200)
MAKERS = page(403, steward=200, guest=403, admin=200)  # the steward keeps the terms of Playback


def term(world: World) -> dict[str, Any]:
    return {"slug": world.term.slug}


def vault_term(world: World) -> dict[str, Any]:
    return {"slug": world.vault_term.slug}


def version(world: World) -> dict[str, Any]:
    return {"version": world.term.history.earliest().pk}


def vault_version(world: World) -> dict[str, Any]:
    return {"version": world.vault_term.history.earliest().pk}


def linked(world: World) -> dict[str, Any]:
    return {"term": "play"}


def link_number(world: World) -> dict[str, Any]:
    return {"link": world.term_link.pk}


def vault_number(world: World) -> dict[str, Any]:
    return {"link": world.vault_link.pk}


def new_term(world: World) -> dict[str, Any]:
    return {"name": "Skip"}


def word(world: World) -> dict[str, Any]:
    return {"definition": "What is heard."}


ROUTES: Routes = {
    "glossary:list": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?format=csv"),
        Example(nothing, page(guest=200), query="?q=word&state=draft"),
    ],
    "glossary:new": [Example(nothing, MAKERS)],
    "glossary:import": [Example(nothing, MAKERS)],
    "glossary:term": [
        Example(term, page()),
        Example(term, page(), query="?format=csv"),
        Example(vault_term, hidden(), conceals=True),
    ],
    "glossary:edit": [Example(term, KEEPERS), Example(vault_term, hidden(), conceals=True)],
    "glossary:delete": [
        Example(term, page(403, guest=404, admin=409), method="POST"),  # it was agreed
        Example(vault_term, hidden(admin=302), method="POST", conceals=True),
    ],
    "glossary:history": [Example(term, page()), Example(vault_term, hidden(), conceals=True)],
    "glossary:restore": [
        Example(term, page(403, guest=404, admin=302), method="POST", body=version),
        Example(vault_term, hidden(admin=302), method="POST", body=vault_version, conceals=True),
    ],
    "glossary:product": [Example(play_events, page()), Example(ledger, hidden(), conceals=True)],
    "glossary:link": [
        Example(play_events, page(403, owner=302, guest=404, admin=302), method="POST", body=linked),
        Example(ledger, hidden(admin=302), method="POST", body=linked, conceals=True),
    ],
    "glossary:unlink": [
        Example(play_events, page(403, owner=302, guest=404, admin=302), method="POST", body=link_number),
        Example(play_events, page(403, owner=404, guest=404, admin=404), method="POST", body=vault_number),
        Example(ledger, hidden(admin=302), method="POST", body=vault_number, conceals=True),
    ],
    "api:term-list": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(guest=200), query="?name=stream&state=approved"),
        Example(nothing, api(403, guest=403, admin=201), method="POST", body=new_term),
        Example(
            nothing,
            api(403, steward=201, guest=400, admin=201),  # a guest may not know of the domain
            method="POST",
            body=lambda world: {"name": "Stall", "domain": "playback"},
        ),
    ],
    "api:term-detail": [
        Example(term, api()),
        Example(vault_term, hidden_api(), conceals=True),
        Example(term, api(403, guest=404, admin=200), method="PATCH", body=word, headers=PRESENT),
        Example(vault_term, hidden_api(), method="PATCH", body=word, headers=PRESENT, conceals=True),
        Example(vault_term, hidden_api(admin=204), method="DELETE", headers=PRESENT, conceals=True),
    ],
    "api:term-links": [Example(term, api()), Example(vault_term, hidden_api(), conceals=True)],
    "api:product-terms": [
        Example(play_events, api()),
        Example(ledger, hidden_api(), conceals=True),
        Example(play_events, api(403, owner=201, guest=404, admin=201), method="POST", body=linked),
        Example(ledger, hidden_api(admin=201), method="POST", body=linked, conceals=True),
    ],
    "api:product-term": [
        Example(
            lambda world: {**play_events(world), "pk": world.term_link.pk},
            api(403, owner=204, guest=404, admin=204),
            method="DELETE",
        ),
        Example(
            lambda world: {**ledger(world), "pk": world.vault_link.pk},
            hidden_api(admin=204),
            method="DELETE",
            conceals=True,
        ),
    ],
}
