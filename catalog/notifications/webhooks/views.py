"""Pages of webhooks: one's list, and one with its log and what can be done with it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.accounts.parts import parts
from catalog.common.csv import csv_response
from catalog.common.errors import PortalError
from catalog.common.lists import page_of, sorted_by
from catalog.common.validation import show_on_form
from catalog.notifications.webhooks import selectors, services
from catalog.notifications.webhooks.forms import SinceForm, WebhookForm, as_typed
from catalog.notifications.webhooks.models import Webhook

FOLDER = "catalog/notifications/webhooks"
SORTS = {"name": "name", "waiting": "waiting", "dead": "dead", "arrived": "succeeded_at"}
COLUMNS = (
    "id",
    "name",
    "team",
    "is_active",
    "waiting",
    "given_up",
    "last_arrived_at",
)  # no address: it may be secret
DELIVERY_SORTS = {"at": "pk", "state": "state", "attempts": "attempts", "due": "due_at"}
DELIVERY_COLUMNS = ("id", "event", "subject", "created_at", "state", "attempts", "due_at", "done_at")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponseBase:
    """One's webhooks and those of one's teams, as CSV too; POST makes one, its secret in this one answer only."""
    person = caller(request)
    rows = sorted_by(request, selectors.webhooks_for(person), SORTS, "name")
    if request.method != "POST" and request.GET.get("format") == "csv":
        lines = (
            (item.pk, item.name, item.team.name if item.team else "", item.is_active, item.waiting, item.dead,
             item.succeeded_at)
            for item in rows.iterator(chunk_size=500)
        )  # fmt: skip
        return csv_response("webhooks.csv", COLUMNS, lines)
    form = WebhookForm(person, request.POST if request.method == "POST" else None)
    secret = made = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made, secret = services.create_webhook(
                actor=person, name=data["name"], url=data["url"], types=form.types(), team=data["team"],
                product=data["product"], domain=data["domain"],
            )  # fmt: skip
        except PortalError as error:
            if not kernel.can(person, "webhook.create"):
                raise
            show_on_form(form, error)
        else:
            form = WebhookForm(person)
    context = {
        "parts": parts(), "part": "webhooks", "form": form, "secret": secret, "made": made,
        "page": page_of(request, rows), "may_create": kernel.can(person, "webhook.create"),
    }  # fmt: skip
    return render(request, f"{FOLDER}/list.html", context, status=400 if form.errors else 200)


@never_cache
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One webhook: what it sends, how it fares, and its log, which `?format=csv` gives as a file."""
    person = caller(request)
    webhook = selectors.webhook_or_404(person, pk)
    if request.GET.get("format") == "csv":
        rows = sorted_by(request, selectors.deliveries_for(person, webhook), DELIVERY_SORTS, "-at")
        lines = (
            (row.pk, row.event.type if row.event else "webhook.test", row.event.subject if row.event else "",
             row.created_at, row.state, row.attempts, row.due_at, row.done_at)
            for row in rows.iterator(chunk_size=500)
        )  # fmt: skip
        return csv_response(f"webhook-{pk}.csv", DELIVERY_COLUMNS, lines)
    return _page(request, person, webhook)


def _page(
    request: HttpRequest, person: User, webhook: Webhook, *, secret: str = "", form: SinceForm | None = None
) -> HttpResponse:
    page = page_of(
        request, sorted_by(request, selectors.deliveries_for(person, webhook), DELIVERY_SORTS, "-at")
    )
    context = {
        "webhook": webhook,
        "page": page,
        "rows": [(row, selectors.attempts_of(row)) for row in page],
        "is_mine": kernel.can(person, "webhook.edit", webhook),
        "may_stop": kernel.can(person, "webhook.stop", webhook),
        "secret": secret,
        "form": form or SinceForm(),
    }
    return render(request, f"{FOLDER}/detail.html", context, status=400 if form and form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change its name, address and what it sends."""
    person = caller(request)
    webhook = selectors.webhook_or_404(person, pk)
    kernel.require(person, "webhook.edit", webhook, "Only its creator changes it.")
    form = WebhookForm(person, request.POST if request.method == "POST" else None, initial=as_typed(webhook))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.edit_webhook(
                actor=person, webhook=webhook, name=data["name"], url=data["url"], types=form.types(webhook.types),
                team=data["team"], product=data["product"], domain=data["domain"],
            )  # fmt: skip
        except PortalError as error:
            show_on_form(form, error)
        else:
            messages.success(request, "It is saved. What waits goes to the address it has now.")
            return redirect(webhook.get_absolute_url())
    context = {"webhook": webhook, "form": form}
    return render(request, f"{FOLDER}/edit.html", context, status=400 if form.errors else 200)


@never_cache
@require_POST
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Another secret, shown in this one answer only; the one before counts for a day."""
    person = caller(request)
    webhook = selectors.webhook_or_404(person, pk)
    secret = services.rotate_secret(actor=person, webhook=webhook)
    return _page(request, person, selectors.webhook_or_404(person, pk), secret=secret)


@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch it on (`wanted=on`) or off; what waits is kept."""
    webhook = selectors.webhook_or_404(caller(request), pk)
    is_on = request.POST.get("wanted") == "on"
    services.switch(actor=caller(request), webhook=webhook, is_active=is_on)
    messages.success(request, f"{webhook} is switched {'on' if is_on else 'off: what happens now waits'}.")
    return redirect(webhook.get_absolute_url())


@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a message that says it is a test."""
    webhook = selectors.webhook_or_404(caller(request), pk)
    services.send_test(actor=caller(request), webhook=webhook)
    messages.success(request, "A test is on its way: the log shows what the receiver answers.")
    return redirect(webhook.get_absolute_url())


@require_POST
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one delivery (`delivery`) again, or everything `since` a moment."""
    person = caller(request)
    webhook = selectors.webhook_or_404(person, pk)
    raw = request.POST.get("delivery", "")
    if raw.isascii() and raw.isdigit() and len(raw) < 19:
        count = services.replay(actor=person, webhook=webhook, delivery_ids=[int(raw)])
    else:
        form = SinceForm(request.POST)
        if not form.is_valid():
            return _page(request, person, webhook, form=form)
        count = services.replay_since(actor=person, webhook=webhook, since=form.cleaned_data["since"])
    words = (
        f"{count} event{'s are' if count != 1 else ' is'} sent again."
        if count
        else "There is nothing to send again."
    )
    messages.success(request, words)
    return redirect(webhook.get_absolute_url())


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete it with its log."""
    webhook = selectors.webhook_or_404(caller(request), pk)
    services.delete_webhook(actor=caller(request), webhook=webhook)
    messages.success(request, f"The webhook {webhook.name} is gone, with its log.")
    return redirect("notifications:webhooks")
