"""Asking: drafts, submitting, withdrawing, the conversation."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils import timezone

from catalog.access import signals, terms
from catalog.access.deciders import Asking, Consumer, panel_of
from catalog.access.models import AccessComment, AccessRequest, Agreement, PortTerms, RequestStage
from catalog.access.permissions import may_ask_for
from catalog.access.provisioners import plain_words
from catalog.access.routing import Route, is_personal, route_of
from catalog.access.services.agreeing import apply_request
from catalog.access.services.writing import announce, locked
from catalog.access.states import DecisionState, Deed, Refused, decide
from catalog.access.wishes import Wish, problems_of
from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.audit import services as audit
from catalog.common.errors import Conflict, Invalid, NotAllowed, Problem
from catalog.common.validation import clean, invalid
from catalog.products.models import DataProduct, Lifecycle, OutputPort
from catalog.vocabulary.models import Purpose

Kind = AccessRequest.Kind
MOST_TEXT = 10_000
MOST_COMMENTS = 500  # of one request


class Wishes(TypedDict, total=False):
    """What a request says; `days` or `ends_on`, not both."""

    purpose: str
    purposes: Iterable[Purpose]
    mode: str
    columns: list[str]
    starts_on: dt.date | None
    ends_on: dt.date | None
    days: int | None


@transaction.atomic
def draft_request(
    *, actor: User, port: OutputPort, consumer: Consumer, kind: str = Kind.NEW, **wishes: Unpack[Wishes]
) -> AccessRequest:
    """Begin a request that only its writer sees. Raises NotAllowed, Invalid."""
    _require_asking(actor, port, kind)
    _require_voice(actor, consumer)
    agreement = _agreement_for(port, consumer)
    request = AccessRequest(agreement=agreement, kind=kind, requested_by=actor)
    _write(request, wishes)
    return request


@transaction.atomic
def edit_draft(*, actor: User, request: AccessRequest, **wishes: Unpack[Wishes]) -> AccessRequest:
    """Change what is given of one's own draft. Raises NotAllowed, Conflict once it was submitted, Invalid."""
    fresh = _own(actor, request)
    _write(fresh, wishes)
    return fresh


@transaction.atomic
def discard_draft(*, actor: User, request: AccessRequest) -> None:
    """Throw one's own draft away. Raises NotAllowed, Conflict once it was submitted."""
    fresh = _own(actor, request)
    agreement = fresh.agreement
    fresh.delete()
    if agreement.asked_at is None and not agreement.requests.exists():
        agreement.delete()


@transaction.atomic
def submit_request(
    *, actor: User, request: AccessRequest, accepted_digest: str = "", now: dt.datetime | None = None
) -> AccessRequest:
    """Send a draft to those who decide. `accepted_digest` is that of the contract whose terms were accepted.

    Raises NotAllowed, Invalid naming the fields, Conflict when another request is open, when the port is not
    offered, when the contract changed meanwhile, or when it was submitted already.
    """
    now = now or timezone.now()
    fresh = _own(actor, request)
    agreement = locked(fresh.agreement_id)
    fresh.agreement = agreement
    _require_asking(actor, agreement.port, fresh.kind)
    _require_voice(actor, agreement.consumer)
    _check(fresh, now)
    _accept(fresh, accepted_digest)
    fresh.decision = _after(fresh, Deed.SUBMIT)
    fresh.submitted_at = now
    releases = fresh.kind == Kind.RELEASE
    purposes = list(fresh.purposes.all())
    route = (
        Route((), "the consumer's own will")
        if releases
        else route_of(agreement.port, purposes, fresh.columns)
    )
    fresh.route = route.words
    fresh.save()
    _open(fresh, route, now)
    if agreement.asked_at is None:
        agreement.asked_at = now
        agreement.save(update_fields=["asked_at", "updated_at"])
    _record(actor, "requested", fresh, kind=fresh.kind, purpose=fresh.purpose)
    announce(signals.access_requested, request_id=fresh.pk, agreement_id=agreement.pk)
    if route.is_automatic:
        apply_request(actor=actor if releases else None, request=fresh, now=now)
    return fresh


@transaction.atomic
def withdraw_request(*, actor: User, request: AccessRequest, now: dt.datetime | None = None) -> AccessRequest:
    """Take back what is not decided yet: who asked, or who else speaks for the consumer. NotAllowed, Conflict."""
    agreement = locked(request.agreement_id)
    fresh = AccessRequest.objects.select_related("requested_by").get(pk=request.pk)
    if fresh.requested_by_id != actor.pk and not kernel.can(actor, "agreement.release", agreement):
        raise NotAllowed("Only those who asked may withdraw a request.", kept="Nothing was changed.")
    fresh.agreement = agreement
    fresh.decision = _after(fresh, Deed.WITHDRAW)
    fresh.decided_at = now or timezone.now()
    fresh.save()
    fresh.stages.filter(closed_at=None).update(closed_at=fresh.decided_at)
    _record(actor, "request_withdrawn", fresh)
    announce(
        signals.access_decided, request_id=fresh.pk, agreement_id=agreement.pk, decision=str(fresh.decision)
    )
    return fresh


@transaction.atomic
def comment(*, actor: User, request: AccessRequest, text: str) -> AccessComment:
    """Say something about a request one may see; the other side is told. Raises NotAllowed, Invalid, Conflict."""
    if not AccessRequest.objects.visible_to(actor).filter(pk=request.pk).exists():
        raise NotAllowed("You may not speak about this request.")
    if request.decision == DecisionState.DRAFT:
        raise Conflict("This request was not sent yet.", kept="Nothing was said.", remedy="Send it first.")
    if request.comments.count() >= MOST_COMMENTS:
        raise Conflict(
            f"A request holds at most {MOST_COMMENTS} comments.",
            kept="Nothing was said.",
            remedy="Talk to each other, and note the outcome in the decision.",
        )
    words = text.strip()
    if len(words) > MOST_TEXT:
        raise invalid([Problem("text", "too_long", f"Use at most {MOST_TEXT:,} characters.")])
    said = AccessComment(request=request, author=actor, text=words)
    clean(said)
    said.save()
    _record(actor, "commented", request, comment=said.pk, to=_other_side(actor, request))
    return said


def _other_side(actor: User, request: AccessRequest) -> str:
    """Who hears what `actor` says: `deciders` of an open request, then `owners`, or the consumer (`party`)."""
    if actor.pk != request.requested_by_id and not may_ask_for(actor, request.agreement.consumer):
        return "party"
    return "deciders" if request.decision == DecisionState.SUBMITTED else "owners"


def _require_asking(actor: User, port: OutputPort, kind: str) -> None:
    """What one has may be given back even where one no longer sees the product."""
    if kind != Kind.RELEASE:
        kernel.require(actor, "access.request", port, "You may not ask for access to this port.")


def _require_voice(actor: User, consumer: Consumer) -> None:
    if not may_ask_for(actor, consumer):
        raise NotAllowed(
            f"You may not ask on behalf of {consumer}.",
            kept="Nothing was saved.",
            remedy="Ask for yourself, for a team you belong to, or for a product you may edit.",
        )


def _agreement_for(port: OutputPort, consumer: Consumer) -> Agreement:
    who: dict[str, Any] = {"user": None, "team": None, "product": None}
    name = "user" if isinstance(consumer, User) else "team" if isinstance(consumer, Team) else "product"
    who[name] = consumer
    if isinstance(consumer, DataProduct) and consumer.pk == port.product_id:
        raise Invalid(
            "A product needs no access to its own port.",
            problems=[Problem("consumer", "self", "A product needs no access to its own port.")],
        )
    agreement: Agreement = Agreement.objects.get_or_create(port=port, environment=port.environment, **who)[0]
    return agreement


def _own(actor: User, request: AccessRequest) -> AccessRequest:
    rows = AccessRequest.objects.select_for_update(of=("self",)).select_related("agreement__port")
    fresh: AccessRequest = rows.get(pk=request.pk)
    if fresh.requested_by_id != actor.pk:
        raise NotAllowed("This is somebody else's draft.", kept="Nothing was changed.")
    if fresh.decision != DecisionState.DRAFT:
        raise Conflict(
            "This request was submitted already.",
            kept="Nothing of it changed.",
            remedy="Withdraw it and ask again, or say it in a comment.",
        )
    return fresh


def _write(request: AccessRequest, wishes: Wishes) -> None:
    purposes = wishes.pop("purposes", None)
    for name, value in wishes.items():
        setattr(request, name, value)
    if len(request.purpose) > MOST_TEXT:
        raise invalid([Problem("purpose", "too_long", f"Use at most {MOST_TEXT:,} characters.")])
    clean(request, exclude=["agreement"])
    request.save()
    if purposes is not None:
        request.purposes.set(purposes)


def _check(request: AccessRequest, now: dt.datetime) -> None:
    agreement = request.agreement
    port = agreement.port
    _require_offered(port, now.date(), request.kind)
    if agreement.requests.submitted().exclude(pk=request.pk).exists():
        raise Conflict(
            f"A request of {agreement.consumer} for this port is waiting for its decision.",
            kept="Nothing was sent.",
            remedy="Wait for it, or withdraw it first.",
        )
    held: PortTerms = terms.terms_of(port)
    contract = terms.contract_of(port)
    wish = Wish(
        request=request,
        terms=held,
        modes=tuple(mode.name for mode in terms.modes_of(held, contract)),
        plain=plain_words(held),
        columns=tuple(terms.columns_of(port)) if request.columns else (),
        needs_purpose=is_personal(port, request.columns),
        has_purpose=request.purposes.exists(),
        now=now,
    )
    if problems := problems_of(wish):
        raise invalid(problems)


def _require_offered(port: OutputPort, today: dt.date, kind: str) -> None:
    if kind == Kind.RELEASE:
        return
    if port.product.lifecycle not in (Lifecycle.ACTIVE, Lifecycle.DEPRECATED):
        raise Conflict(
            f"{port.product} is {port.product.get_lifecycle_display().lower()}: it offers no access.",
            kept="Nothing was sent.",
        )
    if port.sunset_at is not None and port.sunset_at < today:
        raise Conflict("This port has ended.", kept="Nothing was sent.",
                       remedy="Ask for a newer version of it.")  # fmt: skip


def _accept(request: AccessRequest, accepted_digest: str) -> None:
    """Keep what was accepted. What was shown must be what is in force."""
    contract = terms.contract_of(request.agreement.port)
    if contract is None or request.kind == Kind.RELEASE:
        return
    if not accepted_digest:
        problem = Problem("accepts_terms", "required", f"Accept the terms of {contract.words} to go on.")
        raise invalid([problem])
    if accepted_digest != contract.digest:
        raise Conflict(
            "The contract of this port changed while you were asking.",
            kept="Nothing was sent.",
            remedy=f"Read the terms of {contract.words}, accept them and send again.",
        )
    request.contract_version = contract.version
    request.contract_words = contract.words
    request.contract_digest = contract.digest


def _open(request: AccessRequest, route: Route, now: dt.datetime) -> None:
    """Its stages as the rules are now; the first step is open from now on."""
    asking = Asking(request.agreement.port.product, request.requested_by_id, request.agreement.consumer)
    made = []
    for stage in route.stages:
        copy = RequestStage(
            request=request, step=stage.step, name=stage.name, approvers=stage.approvers,
            team_id=stage.team_id, person_id=stage.person_id, quorum=stage.quorum,
            escalate_days=stage.escalate_days, remind_days=stage.remind_days,
            falls_to=panel_of(stage, asking, now.date()).falls_to,
        )  # fmt: skip
        if stage.step == 1:
            copy.open(now)
        made.append(copy)
    RequestStage.objects.bulk_create(made)
    request.step = 1 if made else 0
    request.save(update_fields=["step", "updated_at"])


def _after(request: AccessRequest, deed: Deed) -> str:
    try:
        return decide(DecisionState(request.decision), deed).value
    except Refused as error:
        raise Conflict(
            f"This request is {request.get_decision_display().lower()} already.", kept="Nothing was changed."
        ) from error


def _record(actor: User | None, verb: str, request: AccessRequest, **detail: object) -> None:
    agreement = request.agreement
    audit.record(
        actor=actor, verb=f"agreement.{verb}", obj=agreement, detail={"request": request.pk, **detail}
    )
