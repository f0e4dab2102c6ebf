"""OpenLineage events: sent by whoever works on data, seen by governance and platform admins."""

from typing import Any

from django.utils import timezone

from tests.walk import Example, Routes, api, nothing
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


SENT = api(201, consumer=403, guest=403)
REFUSED = api(400, consumer=403, guest=403)

ROUTES: Routes = {
    "compat:openlineage": [
        Example(nothing, SENT, method="POST", body=event),
        Example(nothing, REFUSED, method="POST", body=no_event),
        *GRAPH,
    ],
    "compat:openlineage-slash": [Example(nothing, SENT, method="POST", body=event), *GRAPH],
    "compat:openlineage-batch": [Example(nothing, REFUSED, method="POST", body=no_event)],
    "compat:openlineage-batch-slash": [Example(nothing, REFUSED, method="POST", body=no_event)],
}
