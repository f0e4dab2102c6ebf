"""Objectives: seen by whoever sees the product, promised and changed by whoever may edit it."""

from typing import Any

from django.utils import timezone

from catalog.products.models import OutputPort
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.services import create_slo
from tests.walk import Example, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.products import PRESENT, ledger, play_events
from tests.walk.world import MARK, World


def _of(port: OutputPort, name: str) -> dict[str, Any]:
    """The number of the port's custom objective, made when it is first asked for."""
    slo = ServiceLevelObjective.objects.filter(port=port).first() or create_slo(
        actor=None, port=port, name=name, kind="custom", target=0.9
    )
    return {"pk": slo.pk}


def delivered(world: World) -> dict[str, Any]:
    return _of(world.plays, "Delivered")


def secret(world: World) -> dict[str, Any]:
    return _of(world.ledger_port, f"{MARK} objective")


def new(world: World) -> dict[str, Any]:
    return {
        "port": f"listening/play-events/plays/{world.plays.version}",
        "kind": "availability",
        "target": 0.9,
    }


def stricter(world: World) -> dict[str, Any]:
    return {"target": 0.99}


def measured(world: World) -> dict[str, Any]:
    return {"measured_at": timezone.now().isoformat(), "good": 1}


def older(world: World) -> dict[str, Any]:
    """Its first version."""
    slo = ServiceLevelObjective.objects.get(**delivered(world))
    return {"version": slo.history.earliest("history_id").history_id}


EDITORS = page(403, guest=404, owner=200, admin=200)
KEPT = [Example(delivered, EDITORS), Example(secret, hidden(), conceals=True)]
DONE = [
    Example(delivered, page(403, guest=404, owner=302, admin=302), method="POST"),
    Example(secret, page(404, admin=302), method="POST", conceals=True),
]

ROUTES: Routes = {
    "slos:list": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?format=csv"),
        Example(nothing, page(guest=200), query="?mine=true&state=unknown&q=objective"),
    ],
    "slos:product": [Example(play_events, page()), Example(ledger, hidden(), conceals=True)],
    "slos:create": [Example(play_events, EDITORS), Example(ledger, hidden(), conceals=True)],
    "slos:detail": [Example(delivered, page()), Example(secret, hidden(), conceals=True)],
    "slos:edit": KEPT,
    "slos:delete": KEPT,
    "slos:history": [Example(delivered, page()), Example(secret, hidden(), conceals=True)],
    "slos:restore": [
        Example(delivered, page(403, guest=404, owner=302, admin=302), method="POST", body=older),
        Example(secret, page(404), method="POST", conceals=True),
    ],
    "slos:end": DONE,
    "slos:resume": DONE,
    "api:slo-list": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(403, guest=400, owner=201, admin=201), method="POST", body=new),
    ],
    "api:slo-detail": [
        Example(delivered, api()),
        Example(secret, hidden_api(), conceals=True),
        Example(
            delivered,
            api(403, guest=404, owner=200, admin=200),
            method="PATCH",
            body=stricter,
            headers=PRESENT,
        ),
        Example(delivered, api(403, guest=404, owner=204, admin=204), method="DELETE", headers=PRESENT),
    ],
    "api:slo-openslo": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(400, guest=400), method="POST", body=measured),
    ],
    "api:slo-history": [Example(delivered, api()), Example(secret, hidden_api(), conceals=True)],
    "api:slo-restoration": [
        Example(
            delivered, api(403, guest=404, owner=200, admin=200), method="POST", body=older, headers=PRESENT
        ),
        Example(secret, api(404, admin=400), method="POST", headers=PRESENT, conceals=True),
    ],
    "api:slo-measurements": [
        Example(delivered, api(403, guest=404, owner=200, admin=200), method="POST", body=measured),
        Example(secret, api(404, admin=200), method="POST", body=measured, conceals=True),
    ],
}
