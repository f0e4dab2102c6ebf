"""What an agreement holds: putting an approved request in force, ending it, and what is known of the store."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from catalog.access import signals, terms
from catalog.access.models import AccessRequest, Agreement
from catalog.access.provisioners import provisioner_of
from catalog.access.services.writing import announce, locked, save, state_of
from catalog.access.states import (
    MAY_BE_THERE,
    DecisionState,
    Deed,
    Event,
    Provisioning,
    Refused,
    decide,
    provision,
)
from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import Conflict, Invalid, Problem
from catalog.common.validation import invalid

Kind = AccessRequest.Kind
MOST_PRINCIPAL = 200


def apply_request(*, actor: User | None, request: AccessRequest, now: dt.datetime) -> None:
    """Approve a request and put it in force, inside the transaction of the last decision; its agreement is locked.

    Raises Conflict where time has overtaken what was asked.
    """
    agreement = request.agreement
    before = state_of(agreement)
    if request.kind == Kind.RELEASE:
        _release(agreement, request, now)
    else:
        _agree(agreement, request, now)
    request.decision = decide(DecisionState(request.decision), Deed.APPROVE).value
    request.decided_at = now
    request.save()
    verb = "released" if request.kind == Kind.RELEASE else "approved"
    save(agreement, actor=actor, verb=verb, before=before, request=request.pk, by=request.route)
    announce(
        signals.access_decided,
        request_id=request.pk,
        agreement_id=agreement.pk,
        decision=DecisionState.APPROVED.value,
    )


def _agree(agreement: Agreement, request: AccessRequest, now: dt.datetime) -> None:
    stands = agreement.starts_at is not None and not agreement.is_over(now)
    if request.kind == Kind.CHANGE and not stands:
        raise Conflict(
            "The agreement ended before its change was decided.",
            kept="The request is still open.",
            remedy="Deny it with a note; new access can be asked for.",
        )
    starts_at, ends_at = terms.period(
        agreement, kind=request.kind, starts_on=request.starts_on, ends_on=request.ends_on, days=request.days,
        now=now,
    )  # fmt: skip
    if ends_at is not None and ends_at <= max(now, starts_at):
        raise Conflict(
            "The time that was asked for is over.",
            kept="The request is still open.",
            remedy="Deny it with a note; new access can be asked for.",
        )
    if request.kind == Kind.RENEW and stands and ends_at is not None and agreement.ends_at is not None:
        ends_at = max(ends_at, agreement.ends_at)
    same = (agreement.mode, agreement.columns) == (request.mode, request.columns)
    if not (request.kind == Kind.RENEW and stands and same):
        agreement.provisioning = _planned(agreement)
        agreement.provisioning_at, agreement.provisioning_note = now, ""
        agreement.verified_at = None
        agreement.late_told_at = None
        is_lacking = agreement.provisioning != Provisioning.NOT_NEEDED
        agreement.lacking_since = now if is_lacking else None
        agreement.order = ""  # what was ordered is no longer what is agreed
    if ends_at != agreement.ends_at:
        agreement.reminded_days = None  # an end that stays was told already
    agreement.mode, agreement.columns = request.mode, request.columns
    agreement.starts_at, agreement.agreed_until, agreement.ends_at = starts_at, ends_at, ends_at
    agreement.cut_short = Agreement.CutShort.NO
    agreement.cut_short_reason = ""
    agreement.closed_at = None


def _planned(agreement: Agreement) -> str:
    state = Provisioning(agreement.provisioning)
    needs_work = provisioner_of(terms.terms_of(agreement.port)).needs_work
    return provision(state, Event.PLAN if needs_work or state in MAY_BE_THERE else Event.WAIVE).value


def _release(agreement: Agreement, request: AccessRequest, now: dt.datetime) -> None:
    if agreement.starts_at is None or agreement.is_over(now):
        raise Conflict("There is nothing to give back: it has ended.", kept="Nothing was changed.")
    notice = dt.timedelta(days=terms.terms_of(agreement.port).release_notice_days)
    at = terms.last_moment(request.ends_on) if request.ends_on else now + notice
    _cut_short(agreement, Agreement.CutShort.RELEASED, at, request.purpose, now)


@transaction.atomic
def revoke_agreement(
    *,
    actor: User,
    agreement: Agreement,
    reason: str,
    at_once: bool = False,
    now: dt.datetime | None = None,
) -> Agreement:
    """End an agreement from the owner's side, after the notice its terms give, or `at_once`. The reason is told.

    Revoking again can only bring the end nearer. Raises NotAllowed, Invalid without a reason, Conflict after its end.
    """
    now = now or timezone.now()
    kernel.require(actor, "agreement.revoke", agreement, "Only those who answer for the product may revoke.")
    if not reason.strip():
        raise invalid([Problem("reason", "required", "Say why: the consumer is told.")])
    fresh = locked(agreement.pk)
    if fresh.starts_at is None or fresh.is_over(now):
        raise Conflict("There is nothing to revoke: it is not in force.", kept="Nothing was changed.")
    before = state_of(fresh)
    notice = dt.timedelta(days=0 if at_once else terms.terms_of(fresh.port).notice_days)
    _cut_short(fresh, Agreement.CutShort.REVOKED, now + notice, reason.strip(), now)
    save(fresh, actor=actor, verb="revoked", before=before, reason=reason.strip())
    return fresh


def _cut_short(
    agreement: Agreement, how: Agreement.CutShort, at: dt.datetime, reason: str, now: dt.datetime
) -> None:
    """The end comes at `at`, unless it comes earlier anyway."""
    if agreement.ends_at is None or at < agreement.ends_at:
        agreement.ends_at = at
        agreement.cut_short = how
        agreement.cut_short_reason = reason
    if agreement.ends_at <= now:
        close(agreement, now)


def close(agreement: Agreement, now: dt.datetime) -> None:
    """Act on an end that has come; the caller saves. A second time changes nothing."""
    if agreement.closed_at is not None:
        return
    agreement.closed_at = now
    after = provision(Provisioning(agreement.provisioning), Event.END)
    if after != agreement.provisioning:
        agreement.provisioning, agreement.provisioning_at = after.value, now
        agreement.provisioning_note, agreement.verified_at, agreement.order = "", None, ""
    reason = agreement.cut_short or "expired"
    announce(signals.access_ended, agreement_id=agreement.pk, reason=str(reason))


@transaction.atomic
def name_principal(*, actor: User | None, agreement: Agreement, principal: str) -> Agreement:
    """Say what the consumer is called in the store (a database role). One name serves one agreement on a port.

    Raises NotAllowed, Invalid, Conflict while another name may hold the access, or another agreement has this one.
    """
    kernel.require(
        actor, "agreement.provision", agreement, "Only those who answer for the product may say so."
    )
    name = principal.strip()
    if len(name) > MOST_PRINCIPAL:
        raise invalid([Problem("principal", "too_long", f"Use at most {MOST_PRINCIPAL} characters.")])
    fresh = locked(agreement.pk)
    state = Provisioning(fresh.provisioning)
    if fresh.principal and name != fresh.principal and state in MAY_BE_THERE:
        raise Conflict(
            f"{fresh.principal} may have the access.", kept="Nothing was changed.", remedy="Revoke it first."
        )
    others = (
        Agreement.objects.exclude(pk=fresh.pk).filter(principal=name, closed_at=None).exclude(principal="")
    )
    if others.filter(port__asset=fresh.port.asset_id, port__asset__isnull=False).exists():
        raise Conflict(
            f"Another agreement has the role {name}.",
            kept="Nothing was changed.",
            remedy="Name a role of this consumer alone: what is taken from one would be taken from the other.",
        )
    before = state_of(fresh)
    if state == Provisioning.FAILED and name:
        fresh.provisioning = provision(state, Event.PLAN).value
        fresh.provisioning_note = ""
    fresh.principal = name
    save(fresh, actor=actor, verb="principal_named", before=before)
    return fresh


_VERBS = {
    Event.START: "granting_started",
    Event.SUCCEED: "granted",
    Event.FAIL: "granting_failed",
    Event.REMOVED: "removed",
}


@transaction.atomic
def mark_provisioning(
    *,
    actor: User | None,
    agreement: Agreement,
    event: Event,
    note: str = "",
    now: dt.datetime | None = None,
    keeps_order: bool = False,
) -> Agreement:
    """Say what was done or seen in the store: begun, granted, failed, removed. None is a provisioner of the portal.

    Granting needs an agreement in force; a failure needs a note. What was seen sets `verified_at`, so saying it again
    means having looked again. Raises NotAllowed, Invalid, Conflict.
    """
    now = now or timezone.now()
    kernel.require(
        actor, "agreement.provision", agreement, "Only those who answer for the product may say so."
    )
    if event not in _VERBS:
        raise Invalid("This cannot be marked.", problems=[Problem("event", "choice", "Unknown event.")])
    if event == Event.FAIL and not note.strip():
        raise invalid([Problem("note", "required", "Say what went wrong.")])
    fresh = locked(agreement.pk)
    before = state_of(fresh)
    if fresh.is_over(now):
        close(fresh, now)  # the clock is ahead of the task that enforces ends
    if event in (Event.START, Event.SUCCEED) and not fresh.is_in_force(now):
        raise Conflict(
            "Nothing is agreed for now, so nothing may be granted.",
            kept="Nothing was changed.",
            remedy="Access is granted while an agreement is in force.",
        )
    was = fresh.provisioning
    try:
        fresh.provisioning = provision(Provisioning(was), event).value
    except Refused as error:
        raise Conflict(
            f"The access is {fresh.get_provisioning_display().lower()}: this cannot follow.",
            kept="Nothing was changed.",
        ) from error
    fresh.provisioning_at = now
    fresh.order = fresh.order if keeps_order else ""  # a last word closes what was ordered
    fresh.provisioning_note = note.strip()[:2_000]
    fresh.verified_at = now if event in (Event.SUCCEED, Event.REMOVED) else None
    if event == Event.SUCCEED:
        fresh.lacking_since = fresh.late_told_at = None
    elif event == Event.FAIL and was == Provisioning.GRANTED:
        fresh.lacking_since = now
    save(fresh, actor=actor, verb=_VERBS[event], before=before, note=fresh.provisioning_note)
    if event == Event.SUCCEED and was != fresh.provisioning:
        announce(signals.access_granted, agreement_id=fresh.pk)
    return fresh
