"""Access: audit events of agreements, as events for those who may see the agreement."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from catalog.access.models import AccessRequest, Agreement
from catalog.access.services.writing import JOINS
from catalog.audit.models import AuditEvent
from catalog.audit.outbox import Happened
from catalog.events import parts

Told = list[tuple[str, dict[str, Any]]]  # type, and what its data holds beside the shared members
Words = Callable[[AuditEvent, Agreement, AccessRequest | None], Told]


def happened(events: Iterable[AuditEvent]) -> list[Happened]:
    """What `events` say of agreements; two queries, none where they say nothing."""
    told = [event for event in events if event.verb in VERBS]
    if not told:
        return []
    agreements = Agreement.objects.select_related(*JOINS).in_bulk({event.object_id for event in told})
    ids = {event.detail["request"] for event in told if event.detail.get("request")}
    requests = AccessRequest.objects.in_bulk(ids) if ids else {}
    found = []
    for event in told:
        agreement = agreements.get(event.object_id)
        if agreement is not None:
            request = requests.get(event.detail.get("request") or 0)
            for type, data in VERBS[event.verb](event, agreement, request):
                found.append(_event(type, agreement, data, parts.who(event), event.at))
    return found


def ending(agreement: Agreement, days: int, at: dt.datetime) -> Happened:
    """The end of the agreement comes within so many days."""
    return _event("access.ending", agreement, {"days": days}, parts.PORTAL, at)


def _event(
    type: str, item: Agreement, data: dict[str, Any], who: dict[str, Any], at: dt.datetime
) -> Happened:
    product = item.port.product
    shared = {
        "who": who,
        "product": parts.product(product),
        "port": parts.port(item.port),
        "link": parts.link(item.get_absolute_url()),
        "agreement": {
            "id": item.pk,
            "environment": item.environment,
            "mode": item.mode,
            "columns": item.columns,
            "starts_at": _moment(item.starts_at),
            "ends_at": _moment(item.ends_at),
            "provisioning": item.provisioning,
            "verified_at": _moment(item.verified_at),
        },
        "consumer": {"kind": item.consumer_kind, "id": item.consumer.pk, "name": str(item.consumer)},
    }
    return Happened(
        type, f"agreement/{item.pk}", shared | data, product_id=product.pk, port_id=item.port_id,
        agreement_id=item.pk, at=at,
    )  # fmt: skip


def _moment(value: dt.datetime | None) -> str | None:
    return value.isoformat() if value else None


def _request(request: AccessRequest | None) -> dict[str, Any] | None:
    if request is None:
        return None
    return {"id": request.pk, "kind": request.kind, "purpose": request.purpose, "rule": request.route}


def _note(event: AuditEvent) -> str:
    return str(event.detail.get("note") or event.detail.get("reason") or "")


def _requested(event: AuditEvent, item: Agreement, request: AccessRequest | None) -> Told:
    return [("access.requested", {"request": _request(request)})]


def _stage_approved(event: AuditEvent, item: Agreement, request: AccessRequest | None) -> Told:
    data = {"request": _request(request), "stage": str(event.detail.get("stage", "")), "note": _note(event)}
    return [("access.stage_approved", data)]


def _decided(decision: str) -> Words:
    def words(event: AuditEvent, item: Agreement, request: AccessRequest | None) -> Told:
        by = str(event.detail.get("by") or (request.route if request else ""))
        data = {"request": _request(request), "decision": decision, "note": _note(event), "by": by}
        return [("access.decided", data)]

    return words


def _granted(event: AuditEvent, item: Agreement, request: AccessRequest | None) -> Told:
    """Only when it came to be there: looking again and finding it there is no news."""
    is_new = "provisioning" in event.changes
    return [("access.granted", {"note": _note(event)})] if is_new else []


def _failed(event: AuditEvent, item: Agreement, request: AccessRequest | None) -> Told:
    return [("access.granting_failed", {"note": _note(event)})]


def _late(event: AuditEvent, item: Agreement, request: AccessRequest | None) -> Told:
    return [("access.granting_late", {"note": _note(event), "since": str(event.detail.get("since", ""))})]


def _removed(event: AuditEvent, item: Agreement, request: AccessRequest | None) -> Told:
    return [("access.removed", {"note": _note(event)})]


def _cut_short(type: str, reason: str) -> Words:
    def words(event: AuditEvent, item: Agreement, request: AccessRequest | None) -> Told:
        ends = {name: pair for name, pair in event.changes.items() if name == "ends_at"}
        data: dict[str, Any] = {"changes": parts.changes(ends)}
        if type == "access.revoked":
            data["reason"] = _note(event)
        found: Told = [(type, data)]
        if item.closed_at is not None:  # at once: nothing else will say that it has ended
            found.append(("access.ended", {"reason": reason}))
        return found

    return words


def _ended(event: AuditEvent, item: Agreement, request: AccessRequest | None) -> Told:
    return [("access.ended", {"reason": item.cut_short or "expired"})]


VERBS: dict[str, Words] = {
    "agreement.requested": _requested,
    "agreement.request_withdrawn": _decided("withdrawn"),
    "agreement.stage_approved": _stage_approved,
    "agreement.stage_denied": _decided("denied"),
    "agreement.approved": _decided("approved"),
    "agreement.granted": _granted,
    "agreement.granting_failed": _failed,
    "agreement.granting_late": _late,
    "agreement.removed": _removed,
    "agreement.revoked": _cut_short("access.revoked", "revoked"),
    "agreement.released": _cut_short("access.released", "released"),
    "agreement.ended": _ended,
}
