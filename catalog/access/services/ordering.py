"""Ordering access from another system and taking its reports. Only the order that is open can be reported on."""

import datetime as dt
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.orders import Action, Order
from catalog.access.provisioners import Ordered, provisioner_of, provisioners
from catalog.access.services.agreeing import mark_provisioning
from catalog.access.services.waiting import waited
from catalog.access.services.writing import locked
from catalog.access.states import Event, Provisioning
from catalog.access.stores import CannotProvision
from catalog.access.terms import terms_of
from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.crypto import CannotDecrypt, decrypt
from catalog.common.errors import Conflict, Problem
from catalog.common.validation import invalid

RETRY = dt.timedelta(minutes=10)  # an order that was not taken
ASK_AGAIN = dt.timedelta(hours=1)  # one that was taken and not reported on
LOOK_AGAIN = dt.timedelta(days=1)  # at what was reported as granted
ACTIONS = {
    Provisioning.WAITING: Action.GRANT,
    Provisioning.IN_PROGRESS: Action.GRANT,
    Provisioning.FAILED: Action.GRANT,
    Provisioning.GRANTED: Action.VERIFY,
    Provisioning.REMOVING: Action.REVOKE,
}
REPORTABLE = {
    Action.GRANT: (Event.START, Event.SUCCEED, Event.FAIL),
    Action.VERIFY: (Event.SUCCEED, Event.FAIL),
    Action.REVOKE: (Event.REMOVED, Event.FAIL),
}
ORDERED = "The system of the owners was told and has not reported yet."


def due_orders(now: dt.datetime) -> QuerySet[Agreement]:
    """What has to be told to other systems, the oldest first."""
    names = [name for name, item in provisioners().items() if isinstance(item, Ordered)]
    rows = Agreement.objects.filter(port__access_terms__provisioner__in=names)
    in_force = Q(starts_at__lte=now) & (Q(ends_at=None) | Q(ends_at__gt=now))
    untold = Q(order="") | Q(ordered_at=None)
    not_taken = Q(is_order_taken=False) & waited("ordered_at", RETRY, now)
    silent = not_taken | waited("ordered_at", ASK_AGAIN, now)
    wanted = in_force & Q(provisioning=Provisioning.WAITING.value) & (untold | silent)
    wanted |= in_force & Q(provisioning=Provisioning.IN_PROGRESS.value) & (untold | silent)
    reported = untold & waited("provisioning_at", ASK_AGAIN, now)
    wanted |= in_force & Q(provisioning=Provisioning.FAILED.value) & (reported | silent)
    wanted |= Q(provisioning=Provisioning.REMOVING.value) & (untold | silent)
    old = Q(verified_at=None) | waited("verified_at", LOOK_AGAIN, now)
    wanted |= in_force & old & Q(provisioning=Provisioning.GRANTED.value) & (untold | silent)
    joins = ("port__access_terms", "port__product__domain", "user", "team", "product__domain")
    return rows.filter(wanted).select_related(*joins).order_by("ordered_at", "pk")


def send_order(*, agreement: Agreement, now: dt.datetime) -> None:
    """Tell the other system what is to be done. The order is written down before it is sent: one that was cut off is
    sent again under the same id. What was not taken is shown with its reason."""
    provisioner = provisioner_of(terms_of(agreement.port))
    if not isinstance(provisioner, Ordered):
        return
    order = _opened(agreement, now)
    if order is None:
        return
    try:
        provisioner.send(order)
    except CannotProvision as error:
        _note(agreement, order, str(error), now)
    else:
        Agreement.objects.filter(pk=agreement.pk, order=order.id).update(is_order_taken=True)


@transaction.atomic
def _opened(agreement: Agreement, now: dt.datetime) -> Order | None:
    """Write the order down, with a new id unless one is open; None where nothing is to be done any more."""
    fresh = locked(agreement.pk)
    action = ACTIONS.get(Provisioning(fresh.provisioning))
    if action is None or (action != Action.REVOKE and not fresh.is_in_force(now)):
        return None
    if not fresh.order or fresh.order_action != action:
        fresh.order, fresh.order_action = uuid4().hex, action.value
    fresh.ordered_at, fresh.is_order_taken = now, False
    fresh.save(update_fields=["order", "order_action", "ordered_at", "is_order_taken", "updated_at"])
    if action == Action.GRANT and fresh.provisioning_note != ORDERED:
        mark_provisioning(
            actor=None, agreement=fresh, event=Event.START, note=ORDERED, now=now, keeps_order=True
        )
    return _order(fresh, action, now)


def _order(agreement: Agreement, action: Action, now: dt.datetime) -> Order:
    held = terms_of(agreement.port)
    try:
        secret = str(decrypt(held.secret).get("secret", ""))
    except CannotDecrypt:
        secret = ""  # sending says that there is none
    port, consumer = agreement.port, agreement.consumer
    root = settings.PUBLIC_URL
    return Order(
        id=agreement.order,
        action=action,
        agreement_id=agreement.pk,
        url=held.hook_url,
        secret=secret,
        source=root or "urn:meshportal",
        at=now,
        details={
            "order": agreement.order,
            "action": action.value,
            "agreement": agreement.pk,
            "port": f"{port.product.key}/{port.name}/{port.version}",
            "environment": agreement.environment,
            "location": port.location,
            "consumer": {"kind": agreement.consumer_kind, "id": consumer.pk, "name": str(consumer)},
            "principal": agreement.principal,
            "mode": agreement.mode,
            "columns": list(agreement.columns),
            "starts_at": agreement.starts_at.isoformat() if agreement.starts_at else None,
            "ends_at": agreement.ends_at.isoformat() if agreement.ends_at else None,
            "report_url": root + reverse("api:agreement-report", args=[agreement.pk]),
        },
    )


@transaction.atomic
def _note(agreement: Agreement, order: Order, words: str, now: dt.datetime) -> None:
    """What was not taken: the state says so, unless the agreement has moved on meanwhile."""
    fresh = locked(agreement.pk)
    if fresh.order != order.id or order.action == Action.VERIFY:
        return  # not asked is not gone: it stays granted, with the age of the last report
    try:
        mark_provisioning(
            actor=None, agreement=fresh, event=Event.FAIL, note=words, now=now, keeps_order=True
        )
    except Conflict:
        return


@transaction.atomic
def report_order(
    *,
    actor: User,
    agreement: Agreement,
    order: str,
    event: Event,
    note: str = "",
    now: dt.datetime | None = None,
) -> Agreement:
    """What the other system says of the order it was given: begun, granted, failed, removed. A last word closes it.

    Raises NotAllowed, Invalid for what was not ordered, Conflict for an order that is not open (reported already, or
    replaced because something else was agreed) and where the state machine has no such step.
    """
    kernel.require(
        actor, "agreement.provision", agreement, "Only those who answer for the product may say so."
    )
    fresh = locked(agreement.pk)
    if not order or order != fresh.order:
        raise Conflict(
            "This order is not open: it was reported on already, or something else was agreed since.",
            kept="Nothing was changed.",
            remedy="Wait for the next order, and do what the newest one says.",
        )
    action = Action(fresh.order_action)
    if event not in REPORTABLE[action]:
        allowed = ", ".join(item.value for item in REPORTABLE[action])
        raise invalid([Problem("event", "choice", f"An order to {action} is reported by one of {allowed}.")])
    if event == Event.FAIL and action == Action.VERIFY:
        note = f"It was granted and is no longer so: {note.strip() or 'the system says so'}"
    return mark_provisioning(
        actor=actor, agreement=fresh, event=event, note=note, now=now or timezone.now(),
        keeps_order=event == Event.START,
    )  # fmt: skip
