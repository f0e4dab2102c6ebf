"""Access, as notices: to those who decide that somebody asks, to the consumer what became of it."""

import datetime as dt
from collections.abc import Callable, Iterable

from django.urls import reverse

from catalog.access.models import Agreement, PortTerms
from catalog.access.provisioners import is_by_hand
from catalog.access.services.looking import READERS_FOUND
from catalog.access.services.writing import JOINS
from catalog.access.states import Provisioning
from catalog.audit.models import AuditEvent
from catalog.notifications.models import Kind, Notice
from catalog.notifications.telling import Draft
from catalog.products.models import OutputPort

Audience = Notice.Audience
Words = Callable[[AuditEvent, Agreement], list[Draft]]


def drafts_of(events: Iterable[AuditEvent]) -> list[Draft]:
    """The notices that follow from `events` of agreements; one query, none where nothing does."""
    told = [event for event in events if event.verb in VERBS]
    if not told:
        return []
    joins = (*JOINS, "port__access_terms")
    known = Agreement.objects.select_related(*joins).in_bulk({event.object_id for event in told})
    return [
        draft
        for event in told
        if event.object_id in known
        for draft in (
            *VERBS[event.verb](event, known[event.object_id]),
            *_by_hand(event, known[event.object_id]),
        )
    ]


def drafts_of_stores(events: Iterable[AuditEvent]) -> list[Draft]:
    """The notices that follow from looks at stores: who reads a port without an agreement, to its owners."""
    told = [event for event in events if event.verb == READERS_FOUND]
    ports = OutputPort.objects.select_related("product").in_bulk([event.object_id for event in told])
    return [_of_readers(event, ports[event.object_id]) for event in told if event.object_id in ports]


def _of_readers(event: AuditEvent, port: OutputPort) -> Draft:
    names, count = ", ".join(event.detail.get("readers", [])), int(event.detail.get("count") or 0)
    title = f"{port.product.name}, {port}: granted outside the portal"
    more = "" if count <= len(event.detail.get("readers", [])) else f" and {count} in all"
    sentence = f"The store lets these read without an agreement: {names}{more}. Nothing was taken away."
    link = f"{reverse('access:drift')}?product={port.product.key}"
    about: dict[str, int | None] = {"product": port.product_id, "port": port.pk}
    return Draft(f"event:{event.pk}", Kind.ACCESS, title, sentence, link, Audience.OWNERS, about)


def to_deciders(
    agreement: Agreement,
    key: str,
    *,
    actor_id: int | None = None,
    again: str = "",
    stage_id: int | None = None,
) -> Draft:
    """That a request waits for whoever decides it now, or one of its stages."""
    title = f"{again}{agreement.consumer} asks for access to {_place(agreement)}"
    about = {"agreement": agreement.pk, "actor": actor_id, "stage": stage_id}
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


def _to_owners(
    agreement: Agreement, key: str, title: str, sentence: str, actor_id: int | None = None
) -> Draft:
    about = {"agreement": agreement.pk, "actor": actor_id}
    return Draft(key, Kind.ACCESS, title, sentence, agreement.get_absolute_url(), Audience.OWNERS, about)


def _place(agreement: Agreement) -> str:
    return f"{agreement.port.product.name}, {agreement.port}"


def _until(moment: dt.datetime | None) -> str:
    return f"until {moment:%Y-%m-%d}" if moment else "without end"


def _requested(event: AuditEvent, item: Agreement) -> list[Draft]:
    return [to_deciders(item, f"event:{event.pk}:deciders", actor_id=event.actor_id)]


def _next_step(event: AuditEvent, item: Agreement) -> list[Draft]:
    """The next step is open: those who decide it have not heard yet."""
    return [to_deciders(item, f"event:{event.pk}:deciders", actor_id=event.actor_id)]


def _reminded(event: AuditEvent, item: Agreement) -> list[Draft]:
    return [to_deciders(item, f"event:{event.pk}:deciders", again="Still waits: ", stage_id=_stage_id(event))]


def _stage_id(event: AuditEvent) -> int | None:
    found = event.detail.get("stage_id")
    return int(found) if found else None


def _late(event: AuditEvent, item: Agreement) -> list[Draft]:
    """To the consumer, and to those who answer for the port."""
    title = f"Access of {item.consumer} to {_place(item)} is approved, and not granted for two hours"
    note = str(event.detail.get("note") or "Nobody has said why.")
    party = _to_party(item, f"event:{event.pk}", title, f"{note} Those who answer for it are told as well.")
    return [
        party,
        _to_owners(item, f"event:{event.pk}:owners", title, f"{note} Its page says what can be done."),
    ]


def _released(event: AuditEvent, item: Agreement) -> list[Draft]:
    title = f"{item.consumer} gives back the access to {_place(item)}"
    sentence = f"It ends {_until(item.ends_at)}. {item.cut_short_reason}".strip()
    return [_to_owners(item, f"event:{event.pk}:owners", title, sentence, event.actor_id)]


def _by_hand(event: AuditEvent, item: Agreement) -> list[Draft]:
    """What people have to do in the store, to those who answer for it, once for each time it comes to be due. Whoever
    approved or revoked it is told as well: it is still to be done."""
    terms = getattr(item.port, "access_terms", None) or PortTerms(port=item.port)
    if event.verb not in PLANNED or not is_by_hand(terms):
        return []
    state, mark = (
        Provisioning(item.provisioning),
        "Its page says what was agreed, and there you mark it as done.",
    )
    if state == Provisioning.REMOVING:
        title = f"To remove by hand: access of {item.consumer} to {_place(item)}"
        key = f"access:{item.pk}:by-hand:remove:{item.closed_at}"
        return [_to_owners(item, key, title, f"It has ended and may still be in the store. {mark}")]
    if state in (Provisioning.WAITING, Provisioning.IN_PROGRESS):
        since = f"{item.starts_at:%Y-%m-%d}" if item.starts_at else ""
        title = f"To grant by hand: access of {item.consumer} to {_place(item)}"
        key = f"access:{item.pk}:by-hand:grant:{item.lacking_since}"
        return [_to_owners(item, key, title, f"Agreed from {since} on, {_until(item.ends_at)}. {mark}")]
    return []


def _planned(event: AuditEvent, item: Agreement) -> list[Draft]:
    title = f"Access of {item.consumer} to {_place(item)} has to be granted in the store now"
    sentence = "How access to it is given was changed. Its page says when it is there."
    return [_to_party(item, f"event:{event.pk}", title, sentence)]


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


def _failed(event: AuditEvent, item: Agreement) -> list[Draft]:
    """Once for each time it came to be lacking, however often it is tried since; what cannot be taken away is the
    owners' to hear."""
    note = str(event.detail.get("note") or "")
    if item.provisioning == Provisioning.REMOVING:
        title = f"Access of {item.consumer} to {_place(item)} has ended and could not be removed"
        key = f"access:{item.pk}:left:{item.closed_at or event.at}"
        return [_to_owners(item, key, title, f"{note} It is tried again.", event.actor_id)]
    title = f"Access of {item.consumer} to {_place(item)} is agreed and could not be granted"
    key = f"access:{item.pk}:failed:{item.lacking_since or event.at}"
    told = f"{note} Those who answer for it are told as well."
    owners = f"{note} Its page says what can be done."
    return [
        _to_party(item, key, title, told, event.actor_id),
        _to_owners(item, f"{key}:owners", title, owners, event.actor_id),
    ]


def _revoked(event: AuditEvent, item: Agreement) -> list[Draft]:
    title = f"Access of {item.consumer} to {_place(item)} is revoked"
    reason = str(event.detail.get("reason") or "")
    return [_to_party(item, f"event:{event.pk}", title, f"It ends {_until(item.ends_at)}. {reason}".strip())]


def _ended(event: AuditEvent, item: Agreement) -> list[Draft]:
    title = f"Access of {item.consumer} to {_place(item)} has ended"
    return [_to_party(item, f"event:{event.pk}", title, item.cut_short_reason)]


def _escalated(event: AuditEvent, item: Agreement) -> list[Draft]:
    key, again = f"event:{event.pk}:deciders", "Waiting too long: "
    return [to_deciders(item, key, again=again, stage_id=_stage_id(event))]


def _commented(event: AuditEvent, item: Agreement) -> list[Draft]:
    """To the other side: what the consumer says to those who answer for the port and those who decide, and back."""
    title = f"{event.actor_name} said something about access of {item.consumer} to {_place(item)}"
    link = reverse("access:request", args=[event.detail["request"]])
    about: dict[str, int | None] = {"agreement": item.pk, "actor": event.actor_id}
    side = Audience(event.detail["to"])
    return [Draft(f"event:{event.pk}", Kind.ACCESS, title, "", link, side, about)]


#: After these something may be left to do for those who grant by hand.
PLANNED = frozenset(
    f"agreement.{verb}" for verb in ("approved", "granting_planned", "revoked", "released", "ended")
)
VERBS: dict[str, Words] = {
    "agreement.commented": _commented,
    "agreement.requested": _requested,
    "agreement.step_opened": _next_step,
    "agreement.reminded": _reminded,
    "agreement.escalated": _escalated,
    "agreement.approved": _approved,
    "agreement.stage_denied": _denied,
    "agreement.granting_planned": _planned,
    "agreement.granted": _granted,
    "agreement.granting_failed": _failed,
    "agreement.granting_late": _late,
    "agreement.revoked": _revoked,
    "agreement.released": _released,
    "agreement.ended": _ended,
}
