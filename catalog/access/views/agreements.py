"""My access, and one agreement: how it stands, what can be done with it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from catalog.access import selectors
from catalog.access.forms import MarkForm, PrincipalForm, ReleaseForm, RevokeForm
from catalog.access.services.agreeing import mark_provisioning, name_principal, revoke_agreement
from catalog.access.services.hurrying import can_be_done_now, do_now
from catalog.access.services.releasing import release_agreement
from catalog.access.states import ENDED, Event, Provisioning
from catalog.access.stepper import steps_of
from catalog.access.terms import terms_of
from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.audit.models import AuditEvent
from catalog.common.csv import csv_response
from catalog.common.errors import Invalid, PortalError
from catalog.common.lists import page_of, sorted_by
from catalog.products.activity import told
from catalog.products.models import DataProduct

HISTORY_SHOWN = 50
REQUESTS_SHOWN = 20
CSV_HEADER = (
    "id", "product", "port", "version", "environment", "consumer_kind", "consumer", "state", "starts_at", "ends_at",
    "provisioning", "verified_at",
)  # fmt: skip
SORTS = {
    "product": "port__product__name", "used": "last_used_at", "ends": "ends_at", "starts": "starts_at",
}  # fmt: skip
MARKS = {  # state of provisioning -> what may be said next
    Provisioning.WAITING: ("start", "succeed", "fail"),
    Provisioning.IN_PROGRESS: ("succeed", "fail"),
    Provisioning.FAILED: ("start", "succeed"),
    Provisioning.GRANTED: ("succeed", "fail"),
    Provisioning.REMOVING: ("removed", "fail"),
}
WORDS = {"start": "I have begun", "succeed": "It is granted", "fail": "It failed", "removed": "It is removed"}


@require_safe
def mine(request: HttpRequest) -> HttpResponseBase:
    """The access I, my teams and my products have, and what was asked for. `?ended=true` shows what has ended."""
    person, now = caller(request), timezone.now()
    with_ended = request.GET.get("ended") == "true"
    own = selectors.agreements_for(person).filter(selectors.of_consumer(person)).agreed().distinct()
    rows = sorted_by(request, own.ended(now) if with_ended else own.standing(now), SORTS, "product")
    if request.GET.get("format") == "csv":
        lines = (selectors.Line(row, row.verdict(now)) for row in rows.iterator(chunk_size=500))
        return csv_response("access.csv", CSV_HEADER, (_csv_row(line) for line in lines))
    page = page_of(request, rows)
    asked = selectors.requests_for(person).filter(requested_by=person).order_by("-pk")
    context = {
        "page": page,
        "lines": selectors.lines_of(page, now),
        "with_ended": with_ended,
        "requests": asked[:REQUESTS_SHOWN],
        "more_requests": max(asked.count() - REQUESTS_SHOWN, 0),
        "waiting": selectors.waiting_for(person),
    }
    return render(request, "catalog/access/mine.html", context)


def _csv_row(line: selectors.Line) -> tuple[Any, ...]:
    item = line.agreement
    return (
        item.pk, item.port.product.key, item.port.name, item.port.version, item.environment, item.consumer_kind,
        str(item.consumer), line.verdict.word, item.starts_at, item.ends_at, item.provisioning, item.verified_at,
    )  # fmt: skip


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One agreement: the stepper, what was agreed, its requests and history, and what the reader may do."""
    return _page(request, pk, RevokeForm(), None, 200)


def _page(
    request: HttpRequest, pk: int, revoking: RevokeForm, releasing: ReleaseForm | None, status: int
) -> HttpResponse:
    person, now = caller(request), timezone.now()
    agreement = selectors.agreement_or_404(person, pk)
    requests = list(
        selectors.requests_for(person).filter(agreement=agreement).order_by("-pk")[:REQUESTS_SHOWN]
    )
    stands = agreement.starts_at is not None and not agreement.is_over(now)
    may_mark = kernel.can(person, "agreement.provision", agreement)
    events = AuditEvent.objects.about("agreement", agreement.pk)[:HISTORY_SHOWN]
    context = {
        "agreement": agreement,
        "verdict": agreement.verdict(now),
        "steps": steps_of(agreement, next((item for item in requests if item.submitted_at), None), now),
        "requests": requests,
        "events": told(events, agreement.port.product, person),
        "stands": stands,
        "is_ended": agreement.validity(now) in ENDED,
        "may_revoke": stands and kernel.can(person, "agreement.revoke", agreement),
        "may_release": stands and kernel.can(person, "agreement.release", agreement),
        "marks": _marks(agreement, now) if may_mark else [],
        "may_hurry": may_mark and can_be_done_now(agreement, now),
        "naming": PrincipalForm(initial={"principal": agreement.principal}) if may_mark else None,
        "consumer_key": f"{agreement.consumer_kind}:{agreement.consumer.pk}",
        "revoking": revoking,
        "releasing": releasing or ReleaseForm(notice=terms_of(agreement.port).release_notice_days),
        "sees_product": DataProduct.objects.visible_to(person).filter(pk=agreement.port.product_id).exists(),
    }
    return render(request, "catalog/access/agreement.html", context, status=status)


def _marks(agreement: Any, now: Any) -> list[tuple[str, str]]:
    """What the owner may say of the store now; nothing may be granted before it begins or after it ended."""
    known = MARKS.get(Provisioning(agreement.provisioning), ())
    if agreement.is_over(now):
        known = ("removed", "fail") if known else ()
    elif not agreement.is_in_force(now):
        known = ()
    words = {**WORDS, "succeed": "It is still there"} if agreement.provisioning == "granted" else WORDS
    return [(event, words[event]) for event in known]


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End an agreement from the owner's side."""
    agreement = selectors.agreement_or_404(caller(request), pk)
    form = RevokeForm(request.POST)
    kernel.require(caller(request), "agreement.revoke", agreement, "Only those who answer for it may revoke.")
    if not form.is_valid():
        return _page(request, pk, form, None, 400)
    saved = revoke_agreement(actor=caller(request), agreement=agreement, **form.cleaned_data)
    messages.success(request, f"It ends on {saved.ends_at:%Y-%m-%d %H:%M} UTC. The consumer is told why.")
    return redirect(saved)


@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an agreement back from the consumer's side."""
    agreement = selectors.agreement_or_404(caller(request), pk)
    form = ReleaseForm(request.POST, notice=terms_of(agreement.port).release_notice_days)
    kernel.require(caller(request), "agreement.release", agreement, "Only its consumer may give it back.")
    if form.is_valid():
        try:
            given_back = release_agreement(actor=caller(request), agreement=agreement, **form.cleaned_data)
        except PortalError as error:
            form.add_error(None, error.problems[0].message if error.problems else str(error))
        else:
            ends_at = given_back.agreement.ends_at
            messages.success(request, f"It is given back, and ends on {ends_at:%Y-%m-%d %H:%M} UTC.")
            return redirect("access:agreement", pk)
    return _page(request, pk, RevokeForm(), form, 400)


@require_POST
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what was done or seen in the store."""
    agreement = selectors.agreement_or_404(caller(request), pk)
    form = MarkForm(request.POST)
    kernel.require(caller(request), "agreement.provision", agreement)
    if not form.is_valid():
        raise Invalid(
            "This cannot be marked.", kept="Nothing was changed.", remedy="Go back and choose again."
        )
    try:
        mark_provisioning(
            actor=caller(request),
            agreement=agreement,
            event=Event(form.cleaned_data["event"]),
            note=form.cleaned_data["note"],
        )
    except Invalid as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "It is noted.")
    return redirect("access:agreement", pk)


@require_POST
def now(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the portal do at once what it has to do in the store."""
    agreement = selectors.agreement_or_404(caller(request), pk)
    kernel.require(caller(request), "agreement.provision", agreement)
    do_now(actor=caller(request), agreement=agreement)
    messages.success(request, "A worker does it now. Load this page again to see what came of it.")
    return redirect("access:agreement", pk)


@require_POST
def principal(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the consumer is called in the store."""
    agreement = selectors.agreement_or_404(caller(request), pk)
    form = PrincipalForm(request.POST)
    kernel.require(caller(request), "agreement.provision", agreement)
    if not form.is_valid():
        raise Invalid(
            "This is no name of a role.", kept="Nothing was changed.", remedy="Use at most 200 characters."
        )
    name_principal(actor=caller(request), agreement=agreement, principal=form.cleaned_data["principal"])
    messages.success(request, "The role is noted.")
    return redirect("access:agreement", pk)
