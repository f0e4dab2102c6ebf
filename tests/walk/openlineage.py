"""OpenLineage events: sent by whoever works on data, seen by governance and platform admins."""

from typing import Any

from django.utils import timezone

from lineage.models import LineageEvent
from lineage.openlineage.projecting import project_waiting
from lineage.openlineage.receiving import take_event
from tests.walk import Example, Routes, api, nothing, page
from tests.walk.marquez import GRAPH
from tests.walk.world import World


def event(world: World) -> dict[str, Any]:
    return {
        "eventTime": timezone.now().isoformat(),
        "eventType": "START",
        "run": {"runId": "8d3f4a6e-0000-4000-8000-000000000001"},
        "job": {"namespace": "walk", "name": "daily"},
    }


def no_event(world: World) -> dict[str, Any]:
    return {"nothing": "known"}


def _event(world: World, number: str, *inputs: Any) -> dict[str, Any]:
    """An event of a run that read these assets, made when it is first asked for; it failed."""
    found = LineageEvent.objects.filter(run_key=number).first()
    if found is None:
        datasets = [{"namespace": asset.namespace, "name": asset.name} for asset in inputs]
        run = {"run": {"runId": number}, "inputs": datasets}
        take_event(actor=None, data=event(world) | run)
        project_waiting()
        LineageEvent.objects.filter(run_key=number).update(state="failed", problem="A defect.")
        found = LineageEvent.objects.get(run_key=number)
    return {"pk": found.pk}


def of_play_events(world: World) -> dict[str, Any]:
    """Of the table of Play events and one of the vault: its owner sees the event, not the other's name."""
    return _event(world, "shared", world.plays.asset, world.vault_asset)


def of_the_vault(world: World) -> dict[str, Any]:
    return _event(world, "vault", world.vault_asset)


OWNERS = page(404, owner=200, admin=200)
SENT = api(201, consumer=403, guest=403)
REFUSED = api(400, consumer=403, guest=403)

ROUTES: Routes = {
    "lineage:events": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?state=failed&kind=run&job=daily&run=vault"),
    ],
    "lineage:event": [
        Example(of_play_events, OWNERS),
        Example(of_the_vault, page(404, admin=200), conceals=True),
    ],
    "lineage:event-again": [
        Example(of_play_events, page(404, owner=403, admin=302), method="POST"),
        Example(of_the_vault, page(404, admin=302), method="POST", conceals=True),
    ],
    "compat:openlineage": [
        Example(nothing, SENT, method="POST", body=event),
        Example(nothing, REFUSED, method="POST", body=no_event),
        *GRAPH,
    ],
    "compat:openlineage-slash": [Example(nothing, SENT, method="POST", body=event), *GRAPH],
    "compat:openlineage-batch": [Example(nothing, REFUSED, method="POST", body=no_event)],
    "compat:openlineage-batch-slash": [Example(nothing, REFUSED, method="POST", body=no_event)],
}
