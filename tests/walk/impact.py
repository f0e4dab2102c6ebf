"""Impact and root cause: whoever sees the product may ask; what they may not see is counted and never named."""

from typing import Any

from lineage.models import ClassificationProposal, Column
from tests.walk import Example, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.incidents import ROUTES as INCIDENTS
from tests.walk.world import MARK, World

PLAY = "?node=product:listening/play-events"
VAULT = "?node=product:vault/vlt9-ledger"
PORT = "?node=port:listening/play-events/plays/1.0.0"
COLUMN = "?node=column:listening/play-events/plays/1.0.0/play_id"
VAULT_COLUMN = "?node=column:vault/vlt9-ledger/vlt9-port/1.0.0/vlt9_column"


def _proposal(world: World, asset_id: int | None, path: str) -> dict[str, Any]:
    """A proposal about a column, made when it is first asked for."""
    column, _ = Column.objects.get_or_create(asset_id=asset_id, path=path)
    found, _ = ClassificationProposal.objects.get_or_create(
        column=column,
        classification=world.classification,
        defaults={"because": column, "steps": 1, "basis": "x"},
    )
    return {"pk": found.pk}


def proposed(world: World) -> dict[str, Any]:
    return _proposal(world, world.plays.asset_id, "play_id")


def vault_proposed(world: World) -> dict[str, Any]:
    return _proposal(world, world.vault_asset.pk, f"{MARK}_column")


def dismissed(world: World) -> dict[str, Any]:
    return {"kind": "dismiss", "note": "Not about people."}


_SEEN, _SECRET = (example.keywords for example in INCIDENTS["incidents:detail"][:2])

ROUTES: Routes = {
    "lineage:impact": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(), query=PLAY),
        Example(nothing, page(), query=f"{PLAY}&direction=upstream"),
        Example(nothing, page(), query=f"{PLAY}&direction=upstream&format=csv"),
        Example(nothing, page(), query=f"{PORT}&format=json"),
        Example(nothing, page(), query=f"{COLUMN}&direction=upstream"),
        Example(nothing, hidden(), conceals=True, query=VAULT),
        Example(nothing, page(404), conceals=True, query=VAULT_COLUMN),
    ],
    "api:lineage-impact": [
        Example(nothing, api(), query=PLAY),
        Example(nothing, api(), query=COLUMN),
        Example(nothing, hidden_api(), conceals=True, query=VAULT),
    ],
    "api:lineage-upstream": [
        Example(nothing, api(), query=PLAY),
        Example(nothing, hidden_api(), conceals=True, query=VAULT),
        Example(nothing, api(404), conceals=True, query=VAULT_COLUMN),
    ],
    "lineage:proposals": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?state=dismissed"),
    ],
    "lineage:proposal": [
        Example(proposed, page(404, owner=302, admin=302), method="POST", body=dismissed),
        Example(vault_proposed, page(404, admin=302), method="POST", body=dismissed, conceals=True),
    ],
    "api:incident-causes": [
        Example(_SEEN, api()),
        Example(_SECRET, hidden_api(), conceals=True),
    ],
}
