"""Asking: the form, drafts, one's request and the conversation about it."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.access import selectors
from catalog.access.deciders import seat_of
from catalog.access.forms import AskForm, CommentForm
from catalog.access.models import AccessRequest
from catalog.access.services import requests as services
from catalog.access.states import DecisionState
from catalog.access.stepper import steps_of
from catalog.access.views.product import port_or_404
from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.errors import Invalid, NotFound, PortalError, Problem
from catalog.common.lists import newest_page_of
from catalog.common.validation import show_on_form
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct, OutputPort

KINDS = {"new": "Ask for access", "renew": "Renew access", "change": "Change access"}
COPIED = ("mode", "columns")  # of the agreement that stands; the reason is asked anew


@require_http_methods(["GET", "HEAD", "POST"])
@with_product
def ask(request: HttpRequest, product: DataProduct, name: str, version: str) -> HttpResponse:
    """The form. “Check” says who would decide and keeps nothing; “Save as draft” keeps it for its writer alone."""
    person, port = caller(request), port_or_404(product, name, version)
    kernel.require(person, "access.request", port, "You may not ask for access to this port.")
    initial = _initial(request, person, port)
    posted = request.POST if request.method == "POST" else None
    return _form_page(request, person, port, posted, initial, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own draft."""
    person = caller(request)
    draft = selectors.request_or_404(person, pk)
    if draft.decision != DecisionState.DRAFT:
        return redirect(draft)
    port = draft.agreement.port
    if request.method == "POST" and "discard" in request.POST:
        services.discard_draft(actor=person, request=draft)
        messages.success(request, "The draft is thrown away.")
        return redirect("access:mine")
    names = ("purpose", "mode", "columns", "starts_on", "ends_on", "days", "kind")
    initial = {name: getattr(draft, name) for name in names}
    initial["purposes"] = list(draft.purposes.values_list("slug", flat=True))
    initial["consumer"] = f"{draft.agreement.consumer_kind}:{draft.agreement.consumer.pk}"
    posted = request.POST if request.method == "POST" else None
    return _form_page(request, person, port, posted, initial, draft)


def _initial(request: HttpRequest, person: User, port: OutputPort) -> dict[str, Any]:
    kind = request.GET.get("kind", "new")
    if kind not in KINDS:
        raise NotFound("There is no such kind of request.")
    initial: dict[str, Any] = {"kind": kind, "consumer": request.GET.get("consumer", f"person:{person.pk}")}
    consumer = selectors.consumer_named(initial["consumer"])
    if consumer is None or kind == "new":
        return initial
    agreement = selectors.agreements_for(person).filter(selectors.held_by(consumer), port=port).first()
    if agreement is not None:
        initial |= {name: getattr(agreement, name) for name in COPIED}
    return initial


def _form_page(
    request: HttpRequest,
    person: User,
    port: OutputPort,
    posted: Any,
    initial: dict[str, Any],
    draft: AccessRequest | None,
) -> HttpResponse:
    consumers = selectors.consumers_for(person)
    prospect = selectors.prospect_of(person, port)
    if prospect.contract is not None:
        initial["digest"] = prospect.contract.digest
    form = AskForm(posted, initial=initial, prospect=prospect, consumers=consumers)
    if draft is not None:
        form.fields["consumer"].disabled = True
    kind = str(draft.kind if draft else (posted or initial).get("kind", "new"))
    status = 200
    if posted is not None:
        status = 400
        if form.is_valid():
            if "check" in posted:
                status = 200
            else:
                try:
                    return _kept(request, person, port, form, kind, draft)
                except PortalError as error:
                    show_on_form(form, error)
        chosen = getattr(form, "cleaned_data", {})
        prospect = selectors.prospect_of(
            person,
            port,
            consumer=selectors.consumer_named(str(chosen.get("consumer", ""))),
            purposes=list(chosen.get("purposes") or ()),
            columns=list(chosen.get("columns") or ()),
        )
    context = {
        "product": port.product, "tab": "access", "port": port, "form": form, "prospect": prospect, "kind": kind,
        "title": KINDS.get(kind, KINDS["new"]), "draft": draft, "is_checked": posted is not None and "check" in posted,
    }  # fmt: skip
    return render(request, "catalog/access/ask.html", context, status=status)


def _kept(
    request: HttpRequest,
    person: User,
    port: OutputPort,
    form: AskForm,
    kind: str,
    draft: AccessRequest | None,
) -> HttpResponse:
    """Save, and send unless it is to stay a draft: both or nothing."""
    with transaction.atomic():
        if draft is None:
            kept = _drafted(person, port, form, kind)
        else:
            kept = services.edit_draft(actor=person, request=draft, **form.wishes())
        if "draft" not in request.POST:
            kept = services.submit_request(actor=person, request=kept, accepted_digest=form.accepted_digest)
    if kept.decision == DecisionState.DRAFT:
        messages.success(request, "The draft is kept. Only you see it.")
    elif kept.decision == DecisionState.APPROVED:
        messages.success(request, f"It is approved by {kept.route}.")
    else:
        messages.success(request, "It is sent. Those who decide are named below.")
    return redirect("access:request", kept.pk)


def _drafted(person: User, port: OutputPort, form: AskForm, kind: str) -> AccessRequest:
    consumer = selectors.consumer_named(form.cleaned_data["consumer"])
    if consumer is None or kind not in KINDS:
        raise Invalid(
            "This cannot be asked for.", problems=[Problem("consumer", "choice", "Choose for whom you ask.")]
        )
    return services.draft_request(actor=person, port=port, consumer=consumer, kind=kind, **form.wishes())


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: what was asked, the stages with those who decide, the stepper, the conversation."""
    return _detail(request, pk, CommentForm(), 200)


def _detail(request: HttpRequest, pk: int, form: CommentForm, status: int) -> HttpResponse:
    person, now = caller(request), timezone.now()
    found = selectors.request_or_404(person, pk)
    stages = selectors.stages_of(found)
    spoken = {said.decided_by_id for shown in stages for said in shown.stage.decisions.all()}  # type: ignore[attr-defined]
    open_to_me = [
        shown
        for shown in stages
        if found.decision == DecisionState.SUBMITTED
        and shown.stage.step == found.step
        and shown.stage.closed_at is None  # type: ignore[attr-defined]
        and person.pk not in spoken
        and seat_of(person, shown.panel) is not None
    ]
    context = {
        "asked": found,
        "agreement": found.agreement,
        "port": found.agreement.port,
        "steps": steps_of(found.agreement, found, now),
        "stages": stages,
        "open_to_me": open_to_me,
        "comments": newest_page_of(request, found.comments.select_related("author")),
        "form": form,
        "is_mine": found.requested_by_id == person.pk,
        "may_withdraw": found.decision == DecisionState.SUBMITTED
        and (found.requested_by_id == person.pk or kernel.can(person, "agreement.release", found.agreement)),
        "sees_product": DataProduct.objects.visible_to(person)
        .filter(pk=found.agreement.port.product_id)
        .exists(),
    }
    return render(request, "catalog/access/request.html", context, status=status)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a request back before it is decided."""
    found = selectors.request_or_404(caller(request), pk)
    services.withdraw_request(actor=caller(request), request=found)
    messages.success(request, "The request is withdrawn. You can ask again at any time.")
    return redirect("access:request", pk)


@require_POST
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Say something about a request."""
    found = selectors.request_or_404(caller(request), pk)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _detail(request, pk, form, 400)
    services.comment(actor=caller(request), request=found, text=form.cleaned_data["text"])
    return redirect("access:request", pk)
