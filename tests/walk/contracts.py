"""The contract tab, originals, and documents coming in."""

from typing import Any

from tests.walk import Example, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.products import ledger, ledger_port, play_events, plays
from tests.walk.world import World


def unread(world: World) -> dict[str, Any]:
    """What is no document of any kind."""
    return {"text": "nothing: known"}


def known_contract(world: World) -> dict[str, Any]:
    return {"key": world.contract.key, "version": "1.0.0"}


def vault_contract(world: World) -> dict[str, Any]:
    return {"key": world.vault_contract.key, "version": "1.0.0"}


def proposal(world: World) -> dict[str, Any]:
    return {"pk": world.proposal.pk}


def vault_proposal(world: World) -> dict[str, Any]:
    return {"pk": world.vault_proposal.pk}


def withdrawn(world: World) -> dict[str, Any]:
    return {"withdraw": "1"}


def contract_id(world: World) -> dict[str, Any]:
    return {"key": world.contract.key}


def vault_contract_id(world: World) -> dict[str, Any]:
    return {"key": world.vault_contract.key}


def new_product_id(world: World) -> dict[str, Any]:
    return {"key": "urn:example:new"}


def new_product(world: World) -> dict[str, Any]:
    """What the owner may make in their own domain."""
    return {"apiVersion": "v1.0.0", "kind": "DataProduct", "id": "urn:example:new", "name": "New", "version": "1.0.0",
            "status": "draft", "domain": world.cast.play_events.domain.slug}  # fmt: skip


def stranger(world: World) -> dict[str, Any]:
    """A product that reads from no port under the contract."""
    return {"product": "playback/playback-quality"}


def built_in(world: World) -> dict[str, Any]:
    return {"slug": "batch-table"}


def template(world: World) -> dict[str, Any]:
    return {"slug": "own", "name": "Own", "text": "tags: [own]"}


ROUTES: Routes = {
    "compat:datacontract": [
        Example(contract_id, api()),
        Example(vault_contract_id, hidden_api(), conceals=True),
        Example(contract_id, api(400, consumer=403), method="PUT", body=unread),
        Example(vault_contract_id, hidden_api(admin=400), conceals=True, method="PUT", body=unread),
    ],
    "compat:dataproduct": [
        Example(new_product_id, api(consumer=404, steward=403), method="PUT", body=new_product),
        Example(new_product_id, api(405, guest=405)),
    ],
    "contracts:check": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), method="POST", body=unread),
    ],
    "contracts:proposal": [
        Example(proposal, page()),
        Example(vault_proposal, hidden(), conceals=True),
        Example(proposal, page(403, owner=302, steward=403, admin=302), method="POST", body=withdrawn),
        Example(vault_proposal, hidden(admin=302), conceals=True, method="POST", body=withdrawn),
    ],
    "contracts:difference": [
        Example(play_events, page()),
        Example(ledger, hidden(), conceals=True),
    ],
    "contracts:draft": [
        Example(play_events, page()),
        Example(ledger, hidden(), conceals=True),
    ],
    "api:contracts-check": [
        Example(nothing, api(400, guest=400), method="POST", body=unread),
        Example(nothing, api(405, guest=405)),
    ],
    "api:contracts-document": [
        Example(known_contract, api()),
        Example(vault_contract, hidden_api(), conceals=True),
    ],
    "api:contracts-difference": [
        Example(known_contract, api(), query="?before=1.0.0"),
        Example(vault_contract, hidden_api(), query="?before=1.0.0", conceals=True),
    ],
    "contracts:templates": [Example(nothing, page(guest=200))],
    "contracts:template_new": [
        Example(nothing, page(403, guest=403, admin=200)),
        Example(nothing, page(403, guest=403, admin=302), method="POST", body=template),
    ],
    "contracts:template": [Example(built_in, page(403, guest=403, admin=200))],
    "contracts:template_remove": [Example(built_in, page(403, guest=403, admin=409), method="POST")],
    "api:contract-templates": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(403, guest=403, admin=201), method="POST", body=template),
    ],
    "api:contract-template": [
        Example(built_in, api(guest=200)),
        Example(built_in, api(403, guest=403, admin=409), method="DELETE"),
    ],
    "api:port-contract-draft": [Example(plays, api()), Example(ledger_port, hidden_api(), conceals=True)],
    "api:port-contract": [
        Example(plays, api(403, guest=404, owner=400, admin=400), method="POST", body=unread),
        Example(ledger_port, hidden_api(admin=400), method="POST", body=unread, conceals=True),
    ],
    "api:proposals": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(400, guest=400), method="POST", body=unread),
    ],
    "api:proposal": [Example(proposal, api()), Example(vault_proposal, hidden_api(), conceals=True)],
    "api:proposal-acknowledgements": [
        Example(proposal, api(403, guest=404, steward=409, admin=409), method="POST", body=stranger),
        Example(vault_proposal, hidden_api(admin=409), method="POST", body=stranger, conceals=True),
    ],
    "api:proposal-publication": [
        Example(proposal, api(403, guest=404, owner=200, admin=200), method="POST"),
        Example(vault_proposal, hidden_api(), method="POST", conceals=True),
    ],
    "api:proposal-withdrawal": [
        Example(proposal, api(403, guest=404, owner=200, admin=200), method="POST"),
        Example(vault_proposal, hidden_api(), method="POST", conceals=True),
    ],
    "contracts:contract": [Example(play_events, page()), Example(ledger, hidden(), conceals=True)],
    "contracts:original": [
        Example(play_events, page()),
        Example(ledger, hidden(), conceals=True),
    ],
    "contracts:import": [
        Example(nothing, page(consumer=403, guest=403)),
        Example(nothing, page(consumer=403, guest=403), method="POST", body=unread),
    ],
    "api:contracts-import": [
        Example(nothing, api(consumer=403, guest=403), method="POST", body=unread),
        Example(nothing, api(405, guest=405)),
    ],
}
