"""Incidents and objectives: what the timeline and the evaluation announce, as events for others."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from catalog.audit.models import AuditEvent
from catalog.audit.outbox import Happened
from catalog.events import parts
from catalog.incidents.models import Incident
from catalog.slos.evaluate import Alert, Status
from catalog.slos.evaluating import Turn
from catalog.slos.models import ServiceLevelObjective

_CHANGED = {"acknowledged", "assigned", "rated", "noted"}
_OPENED = {"opened", "reopened"}
_JOINS = ("product__domain", "product__team", "port", "assignee")


def of_incidents(events: Iterable[AuditEvent]) -> list[Happened]:
    """What `events` say of incidents; one query, none where they say nothing."""
    told = [event for event in events if event.object_kind == "incident"]
    if not told:
        return []
    known = Incident.objects.select_related(*_JOINS).in_bulk({event.object_id for event in told})
    found = []
    for event in told:
        incident, what = known.get(event.object_id), event.verb.partition(".")[2]
        if incident is None:
            continue
        if what in _OPENED:
            found.append(_incident(event, incident, "incident.opened", is_again=what == "reopened"))
        elif what == "resolved":
            by_portal = incident.is_resolved_by_portal
            found.append(_incident(event, incident, "incident.resolved", by_portal=by_portal))
        elif what in _CHANGED:
            found.append(_incident(event, incident, "incident.changed", what=what))
    return found


def _incident(event: AuditEvent, incident: Incident, type: str, **more: Any) -> Happened:
    said = {
        "id": incident.pk,
        "title": incident.title,
        "summary": incident.summary,
        "cause": incident.cause,
        "severity": incident.severity,
        "status": incident.status,
        "opened_at": incident.opened_at.isoformat(),
        "resolved_at": incident.resolved_at.isoformat() if incident.resolved_at else None,
        "assignee": str(incident.assignee) if incident.assignee else None,
        "consumers": incident.consumers,
    }
    data = {
        "who": parts.who(event),
        "product": parts.product(incident.product),
        "port": parts.port(incident.port),
        "link": parts.link(incident.get_absolute_url()),
        "incident": said,
    }
    return Happened(
        type, f"incident/{incident.pk}", data | more,
        product_id=incident.product_id, port_id=incident.port_id, at=event.at,
    )  # fmt: skip


def type_of(turn: Turn) -> str:
    """What a turn means for others, the worst first; "" where it only becomes calmer, or unknown."""
    if turn.status == Status.BAD and turn.status_before != Status.BAD:
        return "slo.breached"
    if turn.alert == Alert.PAGE and turn.alert_before != Alert.PAGE:
        return "slo.burning"
    if turn.alert == Alert.TICKET and turn.alert_before == Alert.NONE:
        return "slo.burning"
    if turn.status_before == Status.BAD and turn.status in (Status.GOOD, Status.WARNING):
        return "slo.recovered"
    return ""


def of_objectives(turns: Sequence[Turn], at: dt.datetime) -> list[Happened]:
    """What the turns of an evaluation mean for others; one query, none where they mean nothing."""
    told = {turn.slo_id: turn for turn in turns if type_of(turn)}
    if not told:
        return []
    joins = ("port__product__domain", "port__product__team", "state")
    slos = ServiceLevelObjective.objects.filter(pk__in=told).select_related(*joins).order_by("pk")
    return [_objective(slo, told[slo.pk], at) for slo in slos]


def _objective(slo: ServiceLevelObjective, turn: Turn, at: dt.datetime) -> Happened:
    product = slo.port.product
    said = {
        "id": slo.pk,
        "name": slo.name,
        "kind": slo.kind,
        "target": slo.target,
        "window": slo.window,
        "window_days": slo.window_days,
        "criticality": slo.criticality,
        "attainment": slo.state.attainment,
        "budget_left": slo.state.budget_left,
    }
    data = {
        "who": parts.PORTAL,
        "product": parts.product(product),
        "port": parts.port(slo.port),
        "link": parts.link(slo.get_absolute_url()),
        "slo": said,
        "before": {"status": turn.status_before, "alert": turn.alert_before},
        "after": {"status": turn.status, "alert": turn.alert},
    }
    if type_of(turn) == "slo.burning":
        data["alert"] = turn.alert
    return Happened(type_of(turn), f"slo/{slo.pk}", data, product_id=product.pk, port_id=slo.port_id, at=at)
