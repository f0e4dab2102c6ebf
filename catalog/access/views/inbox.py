"""The inbox: what waits for one's decision, decided one by one or many at once; and who decides while one is away."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.access import selectors
from catalog.access.delegations import Delegation
from catalog.access.forms import DelegationForm
from catalog.access.services import rules
from catalog.access.services.deciding import decide_many
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.csv import csv_response
from catalog.common.errors import PortalError
from catalog.common.lists import page_of, sorted_by
from catalog.common.validation import show_on_form

MOST_AT_ONCE = 100
PER_PAGE = 25
SORTS = {
    "due": "due_at", "asked": "request__submitted_at", "product": "request__agreement__port__product__name",
}  # fmt: skip
ORDERS = (
    ("due", "the most urgent"),
    ("asked", "the oldest"),
    ("-asked", "the newest"),
    ("product", "product"),
)
CSV_HEADER = (
    "request", "kind", "consumer_kind", "consumer", "product", "port", "version", "purpose", "asked_by", "asked_at",
    "stage", "due_at", "escalated_at",
)  # fmt: skip


@require_safe
def inbox(request: HttpRequest) -> HttpResponseBase:
    """Requests to decide, the most urgent first, with what each consumer already has; `?format=csv` as a file."""
    if request.GET.get("format") == "csv":
        return csv_response("inbox.csv", CSV_HEADER, _csv_rows(_waiting(request)))
    return _page(request, "", 200)


def _waiting(request: HttpRequest) -> Any:
    return sorted_by(request, selectors.open_stages(caller(request)), SORTS, "due")


def _csv_rows(stages: Any) -> Iterator[tuple[Any, ...]]:
    for stage in stages.iterator(chunk_size=500):
        asked, agreement = stage.request, stage.request.agreement
        yield (
            asked.pk, asked.kind, agreement.consumer_kind, str(agreement.consumer), agreement.port.product.key,
            agreement.port.name, agreement.port.version, asked.purpose,
            asked.requested_by.username if asked.requested_by else "", asked.submitted_at, stage.name, stage.due_at,
            stage.escalated_at,
        )  # fmt: skip


def _page(
    request: HttpRequest, note: str, status: int, error: str = "", picked: tuple[int, ...] = ()
) -> HttpResponse:
    person, now = caller(request), timezone.now()
    page = page_of(request, _waiting(request), PER_PAGE)
    context = {
        "page": page,
        "rows": selectors.inbox_rows(person, list(page), now),
        "now": now,
        "orders": ORDERS,
        "order": request.GET.get("sort") or "due",
        "note": note,
        "error": error,
        "picked": picked,
        "away": _away(person),
        "standing_in": Delegation.objects.filter(delegate=person, ends_on__gte=now.date()).select_related(
            "user"
        ),
    }
    return render(request, "catalog/access/inbox.html", context, status=status)


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Approve or deny what is ticked; each by itself, so one that cannot be decided keeps nothing from the others."""
    person = caller(request)
    ids = tuple(
        dict.fromkeys(int(pk) for pk in request.POST.getlist("stage") if pk.isdecimal() and len(pk) < 19)
    )
    is_approval = request.POST.get("outcome") == "approve"
    note = request.POST.get("note", "")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = ""
    wrong = ""
    if request.POST.get("outcome") not in ("approve", "deny"):
        wrong = "Say whether to approve or to deny."
    elif not ids:
        wrong = "Nothing is selected."
    elif len(ids) > MOST_AT_ONCE:
        wrong = f"Decide at most {MOST_AT_ONCE} at once."
    elif not is_approval and not note.strip():
        wrong = "A denial needs a note that says why."
    if wrong:
        return _page(request, note, 400, wrong, ids)
    stages = list(selectors.open_stages(person).filter(pk__in=ids))
    done, refused = decide_many(actor=person, stages=stages, is_approval=is_approval, note=note)
    if done:
        word = "approved" if is_approval else "denied"
        messages.success(request, f"{done} {'request' if done == 1 else 'requests'} {word}.")
    for item in refused:
        messages.error(request, f"{item.stage.request.agreement}: {item.words}")
    if len(stages) < len(ids):
        messages.warning(
            request, f"{len(ids) - len(stages)} no longer wait for you: somebody else was faster."
        )
    return redirect(back or "access:inbox")


def _away(person: User) -> list[Delegation]:
    rows = Delegation.objects.filter(user=person, ends_on__gte=timezone.now().date())
    return list(rows.select_related("delegate"))


@require_http_methods(["GET", "HEAD", "POST"])
def away(request: HttpRequest) -> HttpResponse:
    """Let a colleague decide in one's place for a while, or end that."""
    person = caller(request)
    if request.method == "POST" and "end" in request.POST:
        number = request.POST["end"]
        found = next((item for item in _away(person) if str(item.pk) == number), None)
        if found is not None:
            rules.end_delegation(actor=person, delegation=found)
            messages.success(request, "You decide by yourself again.")
        return redirect("access:away")
    form = DelegationForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = form.cleaned_data
            colleague = User.objects.visible_to(person).filter(username=given["delegate"]).first()
            if colleague is None:
                form.add_error("delegate", "There is nobody of that name.")
            else:
                try:
                    rules.delegate(
                        actor=person,
                        delegate=colleague,
                        starts_on=given["starts_on"],
                        ends_on=given["ends_on"],
                    )
                except PortalError as error:
                    show_on_form(form, error)
                else:
                    messages.success(request, f"{colleague} decides in your place.")
                    return redirect("access:away")
    return render(request, "catalog/access/away.html", {"form": form, "away": _away(person)}, status=status)
