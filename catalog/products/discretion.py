"""Audit events as one person may read them: a product everybody sees may be tied to things not everybody does.

An event keeps names as they were: of the store a port is read through, of the successor, of the port an input comes
from. Each is told only to those who may know of the thing itself.
"""

from collections.abc import Iterable
from copy import copy
from typing import Any

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit.models import AuditEvent
from catalog.connections.models import Connection
from catalog.products.models import DataProduct, InputPort, OutputPort
from catalog.products.selectors import BATCH

UNSEEN_STORE = "a store of another team"
UNSEEN_PORT = "a port you may not see"
UNSEEN_PRODUCT = "a product you may not see"
RESCHEDULED = "schedule of "  # begins the change a batch notes for each store it touches
FROM_UPSTREAM = ("name", "upstream_port")  # of an input port: its name is made of the port it comes from


def readable_by(user: User, events: Iterable[AuditEvent]) -> list[AuditEvent]:
    """Copies of `events` without the names `user` may not know of; a fixed number of queries, however many."""
    listed = list(events)
    if kernel.standing(user).sees_everything:
        return listed
    reader = _Reader(user, listed)
    return [reader.read(event) for event in listed]


def unseen_inputs(user: User, input_ids: Iterable[int]) -> set[int]:
    """Those input ports that come, or once came, from a port `user` may not see, or that is gone."""
    pairs = set(
        InputPort.history.filter(id__in=set(input_ids))
        .exclude(upstream_port_id=None)
        .values_list("id", "upstream_port_id")
    )
    if not pairs:
        return set()
    ports = OutputPort.objects.visible_to(user).filter(pk__in={upstream for _, upstream in pairs})
    seen = set(ports.values_list("pk", flat=True))
    return {pk for pk, upstream in pairs if upstream not in seen}


class _Reader:
    def __init__(self, user: User, events: list[AuditEvent]) -> None:
        changes = [part for event in events for part in _parts(event)]
        products = _values(changes, "successor")
        stores = _values(changes, "connection") | {
            name.removeprefix(RESCHEDULED)
            for part in changes
            for name in part
            if name.startswith(RESCHEDULED)
        }
        self._products = set(
            DataProduct.objects.visible_to(user).filter(name__in=products).values_list("name", flat=True)
            if products
            else ()
        )
        visible = Connection.objects.visible_to(user)
        self._stores = set(visible.filter(name__in=stores).values_list("name", flat=True) if stores else ())
        ids = {event.object_id for event in events if event.object_kind == "connection"}
        self._store_ids = set(visible.filter(pk__in=ids).values_list("pk", flat=True) if ids else ())
        inputs = {event.object_id for event in events if event.object_kind == "input_port"}
        self._unseen_inputs = unseen_inputs(user, inputs) if inputs else set()

    def read(self, event: AuditEvent) -> AuditEvent:
        told = copy(event)
        told.changes = self._changes(event.changes)
        if event.object_kind == "connection" and event.object_id not in self._store_ids:
            told.object_name = UNSEEN_STORE
        elif event.object_kind == "input_port" and event.object_id in self._unseen_inputs:
            told.object_name = UNSEEN_PORT
            told.changes = {
                name: [value and UNSEEN_PORT for value in pair] if name in FROM_UPSTREAM else pair
                for name, pair in event.changes.items()
            }
        elif event.object_kind == BATCH:
            told.detail = {**event.detail, "by_product": self._batch(event)}
        return told

    def _batch(self, event: AuditEvent) -> dict[str, Any]:
        parts: dict[str, Any] = event.detail.get("by_product", {})
        return {pk: {**part, "changes": self._changes(part.get("changes", {}))} for pk, part in parts.items()}

    def _changes(self, changes: dict[str, list[Any]]) -> dict[str, list[Any]]:
        told = {}
        for name, pair in changes.items():
            if name == "successor":
                told[name] = [self._seen(value, self._products, UNSEEN_PRODUCT) for value in pair]
            elif name == "connection":
                told[name] = [self._seen(value, self._stores, UNSEEN_STORE) for value in pair]
            elif name.startswith(RESCHEDULED):
                store = self._seen(name.removeprefix(RESCHEDULED), self._stores, UNSEEN_STORE)
                told[f"{RESCHEDULED}{store}"] = pair
            else:
                told[name] = pair
        return told

    @staticmethod
    def _seen(value: Any, seen: set[str], otherwise: str) -> Any:
        """The name where something visible bears it: then the reader knows it anyway."""
        return value if not value or value in seen else otherwise


def _parts(event: AuditEvent) -> list[dict[str, Any]]:
    if event.object_kind != BATCH:
        return [event.changes]
    return [part.get("changes", {}) for part in event.detail.get("by_product", {}).values()]


def _values(changes: Iterable[dict[str, Any]], name: str) -> set[str]:
    return {value for part in changes for value in part.get(name, ()) if isinstance(value, str) and value}
