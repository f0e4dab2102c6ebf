"""Incidents, as notices: opened, given to somebody, over. What is said of them stands on their pages alone."""

from catalog.audit.models import AuditEvent
from catalog.incidents.models import Incident
from catalog.notifications import objectives
from catalog.notifications.audience import BESIDES
from catalog.notifications.models import Kind, Notice
from catalog.notifications.telling import Draft
from catalog.products.models import DataProduct

Audience = Notice.Audience


def opened(event: AuditEvent, product: DataProduct) -> Draft | None:
    """To everybody concerned but those told a moment ago that the objective is missed."""
    incident = _of(event)
    if incident is None:
        return None
    word = "again: " if event.verb == "incident.reopened" else ""
    title = f"{product.name}: {word}{incident.title}"
    sentence = f"{incident.get_severity_display()} severity. {incident.summary}".strip()
    return _draft(event, incident, title, sentence, audience=Audience.DOWNSTREAM, besides=objectives.MISSED)


def acknowledged(event: AuditEvent, product: DataProduct) -> Draft | None:
    """To those in charge: somebody looks after it."""
    incident = _of(event)
    if incident is None:
        return None
    title = f"{product.name}: {event.actor_name} looks after “{incident.title}”"
    return _draft(event, incident, title, audience=Audience.OWNERS)


def assigned(event: AuditEvent, product: DataProduct) -> Draft | None:
    """To whom it was given."""
    incident = _of(event)
    if incident is None or incident.assignee_id is None:
        return None
    title = f"{product.name}: “{incident.title}” is yours to look after"
    return _draft(
        event,
        incident,
        title,
        incident.summary,
        audience=Audience.RECIPIENT,
        recipient_id=incident.assignee_id,
    )


def resolved(event: AuditEvent, product: DataProduct) -> Draft | None:
    """To everybody concerned but those told that the objective is kept again."""
    incident = _of(event)
    if incident is None:
        return None
    besides = objectives.KEPT if incident.is_resolved_by_portal else ""
    title = f"{product.name}: over: {incident.title}"
    return _draft(event, incident, title, audience=Audience.DOWNSTREAM, besides=besides)


def _of(event: AuditEvent) -> Incident | None:
    return Incident.objects.filter(pk=event.object_id).first()


def _draft(
    event: AuditEvent,
    incident: Incident,
    title: str,
    sentence: str = "",
    *,
    audience: str = Audience.EVERYBODY,
    recipient_id: int | None = None,
    besides: str = "",
) -> Draft:
    """`besides`: what the notice of its objective says, whose hearers need not be told the same as an incident."""
    about = {
        "product": incident.product_id,
        "port": incident.port_id,
        "actor": event.actor_id,
        "recipient": recipient_id,
    }
    key = f"event:{event.pk}"
    if besides and incident.slo_id:
        key += f"{BESIDES}slo:{incident.slo_id}:{besides}"
    return Draft(key, Kind.INCIDENT, title, sentence, incident.get_absolute_url(), audience, about)
