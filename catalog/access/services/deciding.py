"""Deciding: one person's word at one stage, and what follows from it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from catalog.access import signals
from catalog.access.deciders import Asking, Panel, panel_of, seat_of
from catalog.access.models import AccessRequest, Decision, RequestStage
from catalog.access.services.agreeing import apply_request
from catalog.access.services.writing import announce, locked
from catalog.access.states import DecisionState, Deed, decide
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.common.errors import Conflict, NotAllowed, PortalError, Problem
from catalog.common.validation import clean, invalid

MOST_NOTE = 5_000


@transaction.atomic
def decide_stage(
    *, actor: User, stage: RequestStage, is_approval: bool, note: str = "", now: dt.datetime | None = None
) -> AccessRequest:
    """Approve or deny at one stage. One denial, with its note, denies the request; when a stage has its quorum it
    closes; when every stage of the step is closed the next step opens, and after the last the request is in force.

    Raises NotAllowed, Invalid for a denial without a note, Conflict when the stage is not open, when the person
    has spoken already, or when time has overtaken what was asked.
    """
    now = now or timezone.now()
    words = note.strip()
    if not is_approval and not words:
        raise invalid([Problem("note", "required", "A denial needs a note that says why.")])
    if len(words) > MOST_NOTE:
        raise invalid([Problem("note", "too_long", f"Use at most {MOST_NOTE:,} characters.")])
    agreement = locked(RequestStage.objects.values_list("request__agreement_id", flat=True).get(pk=stage.pk))
    fresh = RequestStage.objects.select_related("request", "team", "person").get(pk=stage.pk)
    request = fresh.request
    request.agreement = agreement
    _require_open(fresh)
    panel = panel_of(
        fresh, Asking(agreement.port.product, request.requested_by_id, agreement.consumer), now.date()
    )
    seat = seat_of(actor, panel)
    if seat is None:
        raise NotAllowed(
            "You may not decide this request.",
            kept="Nothing was decided.",
            remedy="Those who asked or would get the access cannot; the request names who can.",
        )
    _require_free(fresh, actor, seat)
    said = Decision(
        stage=fresh, decided_by=actor, decided_for=seat if seat.pk != actor.pk else None,
        is_approval=is_approval, note=words, decided_at=now,
    )  # fmt: skip
    clean(said)
    said.save()
    audit.record(
        actor=actor,
        verb="agreement.stage_approved" if is_approval else "agreement.stage_denied",
        obj=agreement,
        detail={"request": request.pk, "stage": fresh.name, "note": words}
        | ({"in_place_of": str(seat)} if seat.pk != actor.pk else {}),
    )
    if not is_approval:
        _deny(request, now)
    elif fresh.decisions.filter(is_approval=True).count() >= fresh.quorum:
        _close(fresh, panel, actor, now)
    return request


@dataclass(frozen=True, slots=True)
class Refusal:
    """A stage of a bulk decision that was left as it is, and why."""

    stage: RequestStage
    words: str


def decide_many(
    *, actor: User, stages: Sequence[RequestStage], is_approval: bool, note: str = ""
) -> tuple[int, list[Refusal]]:
    """Decide each by itself: what cannot be decided does not keep the others from it. How many were decided."""
    done = 0
    refused = []
    for stage in stages:
        try:
            decide_stage(actor=actor, stage=stage, is_approval=is_approval, note=note)
            done += 1
        except PortalError as error:
            refused.append(Refusal(stage, error.problems[0].message if error.problems else error.message))
    return done, refused


def _require_open(stage: RequestStage) -> None:
    request = stage.request
    if request.decision != DecisionState.SUBMITTED:
        raise Conflict(
            f"This request is {request.get_decision_display().lower()} already.", kept="Nothing was changed."
        )
    if stage.closed_at is not None:
        raise Conflict(f"The stage {stage} is decided already.", kept="Nothing was changed.")
    if stage.step != request.step:
        raise Conflict(f"The stage {stage} is not open yet.", kept="Nothing was changed.")


def _require_free(stage: RequestStage, actor: User, seat: User) -> None:
    """One word a person, and one a seat: somebody and their stand-in do not make two."""
    for said in stage.decisions.all():
        if said.decided_by_id == actor.pk or seat.pk in (said.decided_by_id, said.decided_for_id):
            raise Conflict(f"{said.decided_by} has decided here already.", kept="Nothing was changed.")


def _deny(request: AccessRequest, now: dt.datetime) -> None:
    request.decision = decide(DecisionState(request.decision), Deed.DENY).value
    request.decided_at = now
    request.save()
    request.stages.filter(closed_at=None).update(closed_at=now)
    announce(
        signals.access_decided,
        request_id=request.pk,
        agreement_id=request.agreement_id,
        decision=DecisionState.DENIED.value,
    )


def _close(stage: RequestStage, panel: Panel, actor: User, now: dt.datetime) -> None:
    stage.closed_at = now
    stage.falls_to = panel.falls_to
    stage.save()
    request = stage.request
    if request.stages.filter(step=request.step, closed_at=None).exists():
        return
    following = list(request.stages.filter(step=request.step + 1))
    if not following:
        apply_request(actor=actor, request=request, now=now)
        return
    request.step += 1
    request.save()
    for stage_ in following:
        stage_.open(now)
        stage_.save()
    names = [stage_.name for stage_ in following]
    detail = {"request": request.pk, "step": request.step, "stages": names}
    audit.record(actor=actor, verb="agreement.step_opened", obj=request.agreement, detail=detail)
    announce(signals.access_requested, request_id=request.pk, agreement_id=request.agreement_id)
