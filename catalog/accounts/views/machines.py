"""Service accounts of a team: listed with their tokens, made, ended."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from catalog.accounts import kernel, selectors, services
from catalog.accounts.forms import ServiceAccountForm, TokenForm
from catalog.accounts.models import ApiToken, Team, User
from catalog.accounts.views.requests import PersonRequest
from catalog.common.csv import csv_response
from catalog.common.errors import NotAllowed, PortalError
from catalog.common.lists import page_of, sorted_by
from catalog.common.validation import show_on_form

SORTS = {"name": "name", "username": "username", "tokens": "usable_tokens", "used": "last_used_at"}
COLUMNS = ("username", "name", "is_active", "usable_tokens", "last_used_at")


def _team(request: PersonRequest, slug: str) -> Team:
    team = selectors.team_or_404(request.user, slug)
    if not kernel.can(request.user, "service_account.administer", team):
        raise NotAllowed(
            f"Only the admins of {team} see and change its service accounts.", remedy="Ask one of them."
        )
    return team


def _machine(team: Team, username: str) -> User:
    return get_object_or_404(User, team=team, username=username)


def service_accounts(request: PersonRequest, slug: str) -> HttpResponseBase:
    """The machines a team answers for, with the last use of their tokens, sorted, paged, as CSV; POST makes one."""
    team = _team(request, slug)
    machines = sorted_by(request, selectors.service_accounts_of(team), SORTS, "")
    if request.method != "POST" and request.GET.get("format") == "csv":
        lines = machines.values_list(*COLUMNS).iterator(chunk_size=500)
        return csv_response(f"{team.slug}-service-accounts.csv", COLUMNS, lines)
    form = ServiceAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_service_account(actor=request.user, team=team, **form.cleaned_data)
        except PortalError as error:
            show_on_form(form, error)
        else:
            messages.success(request, f"{made} is made. Make a token for it now.")
            return redirect("accounts:service_account", team.slug, made.username)
    context = {"team": team, "form": form, "page": page_of(request, machines)}
    return render(
        request, "catalog/accounts/service_accounts.html", context, status=400 if form.errors else 200
    )


def service_account(request: PersonRequest, slug: str, username: str) -> HttpResponse:
    """One machine and its tokens; POST makes a token and shows its secret in this one answer only."""
    team = _team(request, slug)
    machine = _machine(team, username)
    form = TokenForm(request.POST or None)
    secret = made = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made, secret = services.create_token(
                actor=request.user,
                person=machine,
                name=data["name"],
                days=data["days"],
                scopes=[data["scope"]],
            )
        except PortalError as error:
            show_on_form(form, error)
        else:
            form = TokenForm()
    context = {
        "team": team,
        "machine": machine,
        "form": form,
        "secret": secret,
        "made": made,
        "page": page_of(request, selectors.tokens_of(machine)),
        "roles": selectors.roles_of(machine),
    }
    return render(
        request, "catalog/accounts/service_account.html", context, status=400 if form.errors else 200
    )


@require_POST
def revoke_service_token(request: PersonRequest, slug: str, username: str, pk: int) -> HttpResponse:
    """End one token of a machine."""
    machine = _machine(_team(request, slug), username)
    token = get_object_or_404(ApiToken.objects.select_related("user"), pk=pk, user=machine)
    services.revoke_token(actor=request.user, token=token)
    messages.success(request, f"The token “{token.name}” is revoked.")
    return redirect("accounts:service_account", slug, machine.username)


@require_POST
def end_service_account(request: PersonRequest, slug: str, username: str) -> HttpResponse:
    """Close a machine's account: tokens and access to data end at once; with `again` open it anew, without them."""
    machine = _machine(_team(request, slug), username)
    if "again" in request.POST:
        services.reactivate_person(actor=request.user, person=machine)
        messages.success(request, f"{machine} is open again; make it a new token.")
    else:
        services.deactivate_person(actor=request.user, person=machine)
        messages.success(request, f"{machine} is closed: its tokens and its access to data have ended.")
    return redirect("accounts:service_account", slug, machine.username)
