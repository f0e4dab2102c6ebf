"""Lineage edges: seen by whoever may see both ends, drawn by who may edit the product, cleaned up by the platform."""

from typing import Any

from lineage.edges.by_hand import draw_edge
from lineage.models import LineageEdge, NodeKind
from tests.walk import Example, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.products import ledger, play_events
from tests.walk.world import MARK, World


def _by_hand(world: World, port: Any, product: Any, note: str) -> dict[str, Any]:
    found = LineageEdge.objects.filter(
        source="by_hand", upstream_id=port.pk, downstream_kind=NodeKind.PRODUCT, downstream_id=product.pk
    ).first()
    edge = found or draw_edge(actor=world.cast.admin, port=port, product=product, note=note)
    return {"pk": edge.pk}


def drawn(world: World) -> dict[str, Any]:
    """Playback quality is made from plays, by hand too."""
    return _by_hand(world, world.plays, world.cast.playback_quality, "Somebody said so.")


def declared(world: World) -> dict[str, Any]:
    edge = LineageEdge.objects.get(
        source="input_port", upstream_id=world.plays.pk, downstream_id=world.cast.playback_quality.pk
    )
    return {"pk": edge.pk}


def secret(world: World) -> dict[str, Any]:
    """The ledger feeds Playback quality: only the admin sees both ends."""
    return _by_hand(world, world.ledger_port, world.cast.playback_quality, f"{MARK} note")


def anew(world: World) -> dict[str, Any]:
    """Draws what somebody else of the walk has not drawn yet."""
    LineageEdge.objects.filter(source="by_hand", upstream_id=world.plays.pk).delete()
    return {
        "upstream": f"port:listening/play-events/plays/{world.plays.version}",
        "downstream": "product:playback/playback-quality",
    }


def noted(world: World) -> dict[str, Any]:
    return {"note": "Another note"}


EDITORS = page(403, guest=404, steward=302, admin=302)

ROUTES: Routes = {
    "lineage:edges": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?format=csv"),
        Example(nothing, page(guest=200), query="?source=by_hand&fading=false&product=listening/play-events"),
    ],
    "lineage:edge": [
        Example(drawn, page()),
        Example(declared, page()),
        Example(secret, hidden(), conceals=True),
        Example(drawn, EDITORS, method="POST", body=noted),
    ],
    "lineage:edge-end": [
        Example(drawn, EDITORS, method="POST"),
        Example(declared, page(403, guest=404, steward=409, admin=409), method="POST"),
        Example(secret, page(404, admin=302), method="POST", conceals=True),
    ],
    "lineage:edge-create": [
        Example(play_events, page(403, guest=404, owner=200, admin=200)),
        Example(ledger, hidden(), conceals=True),
    ],
    "lineage:edges-clean": [Example(nothing, page(403, guest=403, admin=200))],
    "lineage:export-mermaid": [
        Example(nothing, page(), query="?node=product:listening/play-events&lens=classification"),
        Example(nothing, hidden(), conceals=True, query="?node=product:vault/vlt9-ledger"),
    ],
    "lineage:changes": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(), query="?node=product:listening/play-events&from=2026-01-01"),
        Example(nothing, hidden(), conceals=True, query="?node=product:vault/vlt9-ledger"),
    ],
    "lineage:changes-json": [
        Example(nothing, page(guest=200)),
        Example(nothing, hidden(), conceals=True, query="?node=product:vault/vlt9-ledger"),
    ],
    "lineage:changes-csv": [Example(nothing, page(guest=200))],
    "api:lineage-edge-list": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(403, guest=404, steward=201, admin=201), method="POST", body=anew),
    ],
    "api:lineage-edge-detail": [
        Example(drawn, api()),
        Example(secret, hidden_api(), conceals=True),
        Example(drawn, api(403, guest=404, steward=200, admin=200), method="PATCH", body=noted),
        Example(drawn, api(403, guest=404, steward=204, admin=204), method="DELETE"),
        Example(secret, api(404, admin=204), method="DELETE", conceals=True),
    ],
    "api:lineage-changes": [
        Example(nothing, api(guest=200)),
        Example(nothing, hidden_api(), conceals=True, query="?node=product:vault/vlt9-ledger"),
    ],
}
