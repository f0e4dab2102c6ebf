"""Events as a client would write them, and the way from the wire to the projection."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.accounts.models import User
from lineage.openlineage import receiving
from lineage.openlineage.projecting import project_waiting

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STORE = "postgres://store:5432"
SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/"


def dataset(name: str, facets: dict[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    return {"namespace": STORE, "name": f"shop.public.{name}", "facets": facets or {}, **others}


def run_event(
    event_type: str = "COMPLETE",
    *,
    job: str = "daily",
    run: str = "run-1",
    minutes: float = 0,
    **members: Any,
) -> dict[str, Any]:
    """`minutes` after NOON. Members replace those of the event."""
    return {
        "eventType": event_type,
        "eventTime": (NOON + timedelta(minutes=minutes)).isoformat(),
        "producer": "https://example.org/own",
        "schemaURL": f"{SPEC}RunEvent",
        "run": {"runId": run, "facets": {}},
        "job": {"namespace": "airflow", "name": job, "facets": {}},
        "inputs": [],
        "outputs": [],
    } | members


def dataset_event(name: str, facets: dict[str, Any] | None = None, minutes: float = 0) -> dict[str, Any]:
    return {
        "eventTime": (NOON + timedelta(minutes=minutes)).isoformat(),
        "producer": "https://example.org/own",
        "schemaURL": f"{SPEC}DatasetEvent",
        "dataset": dataset(name, facets),
    }


def columns(path: str, upstream: str, field: str, **transformation: str) -> dict[str, Any]:
    """The facet columnLineage of one column made from one."""
    said = [transformation] if transformation else []
    source = {"namespace": STORE, "name": f"shop.public.{upstream}", "field": field, "transformations": said}
    return {"columnLineage": {"fields": {path: {"inputFields": [source]}}}}


def send(actor: User | None, *events: dict[str, Any]) -> None:
    """Take the events in as the endpoint does, and project them."""
    receive(actor, *events)
    while project_waiting():
        pass


def receive(actor: User | None, *events: dict[str, Any]) -> None:
    receiving.forget_room()
    for event in events:
        receiving.take_event(actor=actor, data=json.loads(json.dumps(event)))
