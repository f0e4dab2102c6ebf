"""Results of other tools: sent by whoever may edit the product they are about."""

from typing import Any

from django.utils import timezone

from tests.walk import Example, Routes, api, hidden_api, nothing
from tests.walk.world import World


def _run(contract: str) -> dict[str, Any]:
    check = {"key": "a", "type": "field_required", "result": "passed"}
    return {
        "dataContractId": contract,
        "runId": "1",
        "timestampEnd": timezone.now().isoformat(),
        "checks": [check],
    }


def _scan(table: str) -> dict[str, Any]:
    check = {"name": "rows", "table": table, "outcome": "pass"}
    return {
        "definitionName": "a",
        "defaultDataSource": "b",
        "dataTimestamp": timezone.now().isoformat(),
        "checks": [check],
    }


def run(world: World) -> dict[str, Any]:
    """Of a contract under which no port is offered yet: the results wait, when their sender may change it."""
    return _run(world.contract.key)


def vault_run(world: World) -> dict[str, Any]:
    return _run(world.vault_contract.key)


def scan(world: World) -> dict[str, Any]:
    """Of the table of Play events."""
    return _scan("plays")


def vault_scan(world: World) -> dict[str, Any]:
    return _scan(world.vault_asset.name)


def unread(world: World) -> dict[str, Any]:
    return {"nothing": "known"}


ROUTES: Routes = {
    "api:quality-results": [
        Example(nothing, api(steward=403, consumer=403), method="POST", body=scan),
        Example(nothing, hidden_api(), conceals=True, method="POST", body=vault_scan),
        Example(nothing, api(400, guest=400), method="POST", body=unread),
        Example(nothing, api(405, guest=405)),
    ],
    "compat:test-results": [
        Example(nothing, api(steward=403, consumer=403), method="POST", body=run),
        Example(nothing, hidden_api(), conceals=True, method="POST", body=vault_run),
    ],
    "compat:test-results-slash": [
        Example(nothing, hidden_api(), conceals=True, method="POST", body=vault_run),
        Example(nothing, api(405, guest=405)),
    ],
}
