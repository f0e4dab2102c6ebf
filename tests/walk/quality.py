"""Checks: seen by whoever sees the product, asked for and changed by whoever may edit it."""

from typing import Any

from django.utils import timezone

from catalog.products.models import OutputPort
from catalog.quality.models import QualityCheck
from catalog.quality.services import create_check
from tests.walk import Example, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.products import PRESENT, ledger, play_events
from tests.walk.world import MARK, World


def _of(port: OutputPort, name: str) -> dict[str, Any]:
    """The number of the port's check, made when it is first asked for."""
    check = QualityCheck.objects.filter(port=port, source="form").first() or create_check(
        actor=None, port=port, name=name, kind="not_null", element="track"
    )
    return {"pk": check.pk}


def filled(world: World) -> dict[str, Any]:
    return _of(world.plays, "Tracks are named")


def secret(world: World) -> dict[str, Any]:
    return _of(world.ledger_port, f"{MARK} check")


def new(world: World) -> dict[str, Any]:
    return {"port": f"listening/play-events/plays/{world.plays.version}", "kind": "unique", "element": "id"}


def milder(world: World) -> dict[str, Any]:
    return {"severity": "info"}


def measured(world: World) -> dict[str, Any]:
    return {"measured_at": timezone.now().isoformat(), "outcome": "passed", "tool": "hand"}


EDITORS = page(403, guest=404, owner=200, admin=200)
KEPT = [Example(filled, EDITORS), Example(secret, hidden(), conceals=True)]
DONE = [
    Example(filled, page(403, guest=404, owner=302, admin=302), method="POST"),
    Example(secret, page(404, admin=302), method="POST", conceals=True),
]

ROUTES: Routes = {
    "quality:list": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?format=csv"),
        Example(nothing, page(guest=200), query="?mine=true&status=unknown&q=check"),
    ],
    "quality:product": [Example(play_events, page()), Example(ledger, hidden(), conceals=True)],
    "quality:create": [Example(play_events, EDITORS), Example(ledger, hidden(), conceals=True)],
    "quality:detail": [Example(filled, page()), Example(secret, hidden(), conceals=True)],
    "quality:edit": KEPT,
    "quality:delete": KEPT,
    "quality:end": DONE,
    "quality:resume": DONE,
    "api:quality-check-list": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(403, guest=400, owner=201, admin=201), method="POST", body=new),
    ],
    "api:quality-check-detail": [
        Example(filled, api()),
        Example(secret, hidden_api(), conceals=True),
        Example(
            filled, api(403, guest=404, owner=200, admin=200), method="PATCH", body=milder, headers=PRESENT
        ),
        Example(filled, api(403, guest=404, owner=204, admin=204), method="DELETE", headers=PRESENT),
    ],
    "api:quality-check-results": [
        Example(filled, api()),
        Example(secret, hidden_api(), conceals=True),
        Example(filled, api(403, guest=404, owner=200, admin=200), method="POST", body=measured),
        Example(secret, api(404, admin=200), method="POST", body=measured, conceals=True),
    ],
}
