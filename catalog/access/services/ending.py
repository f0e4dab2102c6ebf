"""What time does: ends are enforced, nearing ends are told, requests that wait too long go to those above."""

import datetime as dt
import logging
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from catalog.access import signals
from catalog.access.deciders import Asking, panel_of
from catalog.access.models import Agreement, RequestStage
from catalog.access.services.writing import announce, locked
from catalog.access.states import EXPIRING, REMINDERS, DecisionState, Event, Provisioning, provision
from catalog.audit import services as audit

BATCH = 500
logger = logging.getLogger(__name__)


def expire_due(*, now: dt.datetime) -> int:
    """Act on every end that has come and was not acted on; returns how many. Running it twice changes nothing.

    Set-based, a batch a transaction: a conditional UPDATE takes an agreement only once, whoever else runs this.
    """
    done = 0
    while True:
        with transaction.atomic():
            due = Agreement.objects.filter(ends_at__lte=now, closed_at=None)
            rows = list(due.select_for_update(of=("self",), skip_locked=True).order_by("pk")[:BATCH])
            if not rows:
                return done
            _close_all(rows, now)
        done += len(rows)


def _close_all(rows: list[Agreement], now: dt.datetime) -> None:
    """One UPDATE for each state of provisioning there is among `rows`, one INSERT for all their audit events."""
    by_state: dict[str, list[Agreement]] = {}
    for row in rows:
        by_state.setdefault(row.provisioning, []).append(row)
    events: list[dict[str, Any]] = []
    for before, group in by_state.items():
        after = provision(Provisioning(before), Event.END).value
        changes = {"closed_at": now, "updated_at": now, "revision": F("revision") + 1}
        if after != before:
            changes |= {
                "provisioning": after,
                "provisioning_at": now,
                "provisioning_note": "",
                "verified_at": None,
                "order": "",
            }
        Agreement.objects.filter(pk__in=[row.pk for row in group], closed_at=None).update(**changes)
        events += [
            {
                "actor": None,
                "verb": "agreement.ended",
                "obj": row,
                "name": f"agreement {row.pk}",
                "changes": {"provisioning": [before, after]} if after != before else {},
            }
            for row in group
        ]
    for row in rows:
        announce(signals.access_ended, agreement_id=row.pk, reason=str(row.cut_short) or "expired")
        announce(signals.agreement_changed, agreement_id=row.pk, port_id=row.port_id)
    audit.record_all(events)


def remind_due(*, now: dt.datetime) -> int:
    """Tell of ends that come within 30, 14 and 3 days, each distance once; returns how many were told."""
    near = Agreement.objects.standing(now).filter(ends_at__lte=now + EXPIRING)
    told = 0
    for pk, ends_at, reminded in near.values_list("pk", "ends_at", "reminded_days").iterator():
        if ends_at is None:
            continue
        days = next(days for days in sorted(REMINDERS) if ends_at - now <= dt.timedelta(days=days))
        if reminded is not None and reminded <= days:
            continue
        try:
            told += _tell_end(pk, reminded, days)
        except Exception:  # not claimed either: the next run tells it
            logger.exception("The end of agreement %s could not be told", pk)
    return told


@transaction.atomic
def _tell_end(pk: int, reminded: int | None, days: int) -> int:
    """Claim the reminder and leave what is told of it in one transaction: both are kept or neither."""
    claimed = Agreement.objects.filter(pk=pk, reminded_days=reminded).update(reminded_days=days)
    if claimed:
        signals.access_ending.send(sender=Agreement, agreement_id=pk, days=days)
    return claimed


def remind_deciders(*, now: dt.datetime) -> int:
    """Remind those who decide of open stages that wait as long as their rule says, once; how many stages."""
    waiting = _open_stages().filter(remind_at__lte=now, escalated_at=None)
    reminded = 0
    for stage in waiting.select_related("request").iterator(chunk_size=BATCH):
        with transaction.atomic():
            if RequestStage.objects.filter(pk=stage.pk, remind_at__lte=now).update(remind_at=None):
                _record(stage, "reminded")
                reminded += 1
    return reminded


def _open_stages() -> QuerySet[RequestStage]:
    return RequestStage.objects.filter(
        closed_at=None, request__decision=DecisionState.SUBMITTED.value, step=F("request__step")
    )


def _record(stage: RequestStage, verb: str) -> None:
    agreement = locked(stage.request.agreement_id)
    detail = {"request": stage.request_id, "stage": stage.name, "stage_id": stage.pk}
    audit.record(actor=None, verb=f"agreement.{verb}", obj=agreement, detail=detail)


def escalate_due(*, now: dt.datetime) -> int:
    """Open stages past their time: those above may decide as well from now on. Also looks again whether those whom
    the rules name are still enough. Returns how many were escalated."""
    _look_again(_open_stages(), now)
    late = _open_stages().filter(due_at__lte=now, escalated_at=None).select_related("request")
    escalated = 0
    for stage in late.iterator(chunk_size=BATCH):
        with transaction.atomic():
            if not RequestStage.objects.filter(pk=stage.pk, escalated_at=None).update(escalated_at=now):
                continue
            _record(stage, "escalated")
            announce(signals.access_escalated, request_id=stage.request_id, stage_id=stage.pk)
            escalated += 1
    return escalated


def _look_again(stages: Any, now: dt.datetime) -> None:
    joins = (
        "request__agreement__port__product__domain__team", "request__agreement__port__product__team",
        "request__agreement__user", "request__agreement__team", "request__agreement__product__team", "team", "person",
    )  # fmt: skip
    for stage in stages.select_related(*joins).iterator(chunk_size=BATCH):
        request = stage.request
        asking = Asking(request.agreement.port.product, request.requested_by_id, request.agreement.consumer)
        falls_to = panel_of(stage, asking, now.date()).falls_to
        if falls_to != stage.falls_to:
            RequestStage.objects.filter(pk=stage.pk, closed_at=None).update(falls_to=falls_to)
