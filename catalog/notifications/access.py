"""Access, as notices: to those who decide that somebody asks, to the consumer what became of it."""

import datetime as dt
from collections.abc import Callable, Iterable

from catalog.access.models import Agreement
from catalog.access.services.writing import JOINS
from catalog.audit.models import AuditEvent
from catalog.notifications.models import Kind, Notice
from catalog.notifications.telling import Draft

Audience = Notice.Audience
Words = Callable[[AuditEvent, Agreement], list[Draft]]


def drafts_of(events: Iterable[AuditEvent]) -> list[Draft]:
    """The notices that follow from `events` of agreements; one query, none where nothing does."""
    told = [event for event in events if event.verb in VERBS]
    if not told:
        return []
    known = Agreement.objects.select_related(*JOINS).in_bulk({event.object_id for event in told})
    return [
        draft
        for event in told
        if event.object_id in known
        for draft in VERBS[event.verb](event, known[event.object_id])
    ]


def to_deciders(agreement: Agreement, key: str, *, actor_id: int | None = None, again: str = "") -> Draft:
    """That a request waits for whoever decides it now."""
    title = f"{again}{agreement.consumer} asks for access to {_place(agreement)}"
    about = {"agreement": agreement.pk, "actor": actor_id}
    return Draft(key, Kind.ACCESS, title, "", "/inbox/", Audience.DECIDERS, about)


def ending(agreement: Agreement, days: int) -> Draft:
    """That the end comes within so many days."""
    day = f"{agreement.ends_at:%Y-%m-%d}" if agreement.ends_at else ""
    title = f"Access of {agreement.consumer} to {_place(agreement)} ends within {days} days"
    sentence = f"It ends on {day}. Renew it in time if it is still needed: its page has the form."
    return _to_party(agreement, f"access:{agreement.pk}:ending:{days}:{day}", title, sentence)


def _to_party(
    agreement: Agreement, key: str, title: str, sentence: str = "", actor_id: int | None = None
) -> Draft:
    about = {"agreement": agreement.pk, "actor": actor_id}
    return Draft(key, Kind.ACCESS, title, sentence, agreement.get_absolute_url(), Audience.PARTY, about)


def _place(agreement: Agreement) -> str:
    return f"{agreement.port.product.name}, {agreement.port}"


def _until(moment: dt.datetime | None) -> str:
    return f"until {moment:%Y-%m-%d}" if moment else "without end"


def _requested(event: AuditEvent, item: Agreement) -> list[Draft]:
    return [to_deciders(item, f"event:{event.pk}:deciders", actor_id=event.actor_id)]


def _next_step(event: AuditEvent, item: Agreement) -> list[Draft]:
    """The next step may be open: those who decide it have not heard yet, those of this one know already."""
    return [to_deciders(item, f"event:{event.pk}:deciders", actor_id=event.actor_id)]


def _approved(event: AuditEvent, item: Agreement) -> list[Draft]:
    title = f"Access of {item.consumer} to {_place(item)} is approved"
    sentence = f"Agreed {_until(item.ends_at)}. Its page says when it is there in the store."
    return [_to_party(item, f"event:{event.pk}", title, sentence)]


def _denied(event: AuditEvent, item: Agreement) -> list[Draft]:
    title = f"Access of {item.consumer} to {_place(item)} is denied"
    note = str(event.detail.get("note") or "")
    return [_to_party(item, f"event:{event.pk}", title, f"{note} You can ask again.".strip(), event.actor_id)]


def _granted(event: AuditEvent, item: Agreement) -> list[Draft]:
    if "provisioning" not in event.changes:
        return []  # looked at again: no news
    title = f"Access of {item.consumer} to {_place(item)} is there"
    return [_to_party(item, f"event:{event.pk}", title, f"Seen in the store; agreed {_until(item.ends_at)}.")]


def _revoked(event: AuditEvent, item: Agreement) -> list[Draft]:
    title = f"Access of {item.consumer} to {_place(item)} is revoked"
    reason = str(event.detail.get("reason") or "")
    return [_to_party(item, f"event:{event.pk}", title, f"It ends {_until(item.ends_at)}. {reason}".strip())]


def _ended(event: AuditEvent, item: Agreement) -> list[Draft]:
    title = f"Access of {item.consumer} to {_place(item)} has ended"
    return [_to_party(item, f"event:{event.pk}", title, item.cut_short_reason)]


def _escalated(event: AuditEvent, item: Agreement) -> list[Draft]:
    return [to_deciders(item, f"event:{event.pk}:deciders", again="Waiting too long: ")]


VERBS: dict[str, Words] = {
    "agreement.requested": _requested,
    "agreement.stage_approved": _next_step,
    "agreement.escalated": _escalated,
    "agreement.approved": _approved,
    "agreement.stage_denied": _denied,
    "agreement.granted": _granted,
    "agreement.revoked": _revoked,
    "agreement.ended": _ended,
}
