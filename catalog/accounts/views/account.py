"""My account: who I am here, my password, my sessions, my tokens."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from catalog.accounts import holdings, selectors, services
from catalog.accounts.forms import PasswordForm, ProfileForm, TokenForm
from catalog.accounts.models import ApiToken, User
from catalog.accounts.parts import parts
from catalog.accounts.selectors import OpenSession
from catalog.accounts.views.requests import PersonRequest, show_conflict
from catalog.common.csv import csv_response
from catalog.common.errors import PortalError
from catalog.common.lists import page_of, sorted_rows
from catalog.common.validation import show_on_form

LONG_AGO = datetime.min.replace(tzinfo=UTC)
SESSION_SORTS: dict[str, Callable[[OpenSession], Any]] = {
    "browser": lambda item: item.agent.casefold(),
    "signed_in": lambda item: item.row.signed_in_at or LONG_AGO,
    "used": lambda item: item.row.last_seen_at or LONG_AGO,
}
SESSION_COLUMNS = ("browser", "signed_in_at", "last_used_at", "is_this")
TOKEN_SORTS: dict[str, Callable[[ApiToken], Any]] = {
    "name": lambda token: token.name.casefold(),
    "used": lambda token: token.last_used_at or LONG_AGO,
    "until": lambda token: token.revoked_at or token.expires_at,
}
TOKEN_COLUMNS = ("name", "begins_with", "scopes", "last_used_at", "expires_at", "revoked_at")


def _page(request: PersonRequest, part: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    context = {"parts": parts(), "part": part, **context}
    return render(request, f"catalog/accounts/account/{part}.html", context, status=status)


def profile(request: PersonRequest) -> HttpResponse:
    """Name, e-mail address, time zone; roles and what is in one's charge beside it."""
    person = request.user
    if request.method == "POST":
        form = ProfileForm(request.POST)
        if form.is_valid() and _save(request, form):
            messages.success(request, "Your profile is saved.")
            return redirect("accounts:account")
    else:
        form = ProfileForm(
            initial={field: getattr(person, field) for field in ("revision", "name", "email", "time_zone")}
        )
    context = {
        "form": form,
        "roles": selectors.roles_of(person),
        "holdings": holdings.held_by(person, person),
    }
    return _page(request, "account", context, 400 if form.errors else 200)


def _save(request: PersonRequest, form: ProfileForm) -> bool:
    fields = dict(form.cleaned_data)
    expected = fields.pop("revision")
    person = User.objects.get(pk=request.user.pk)  # a refused change must not show in the page's frame
    try:
        services.edit_person(actor=request.user, person=person, expected_revision=expected, **fields)
    except PortalError as error:
        person.refresh_from_db()
        show_conflict(form, error, person.revision)
        return False
    return True


@sensitive_post_parameters()
def password(request: PersonRequest) -> HttpResponse:
    """Change the password; this session goes on, every other one ends."""
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = services.change_password(
                actor=request.user, current=form.cleaned_data["current"], new=form.cleaned_data["new"]
            )
        except PortalError as error:
            show_on_form(form, error)
        else:
            update_session_auth_hash(request, person)
            messages.success(request, "Your password is changed; your other sessions have ended.")
            return redirect("accounts:password")
    return _page(request, "password", {"form": form}, 400 if form.errors else 200)


def sessions(request: PersonRequest) -> HttpResponseBase:
    """Where one is signed in, sorted, as CSV; POST ends the session of `handle`, or with `others` all but this one."""
    person, current = request.user, request.session.session_key
    if request.method == "POST":
        if "others" in request.POST:
            ended = services.end_sessions(actor=person, person=person, but=current)
        else:
            wanted = request.POST.get("handle", "")
            keys = [item.row.pk for item in selectors.open_sessions(person, current) if item.handle == wanted]
            ended = services.end_sessions(actor=person, person=person, keys=keys)
        messages.success(request, "Ended." if ended else "There was nothing left to end.")
        return redirect("accounts:sessions")
    shown = sorted_rows(request, selectors.open_sessions(person, current), SESSION_SORTS, "")
    if request.GET.get("format") == "csv":
        lines = ([item.agent, item.row.signed_in_at, item.row.last_seen_at, item.is_this] for item in shown)
        return csv_response("sessions.csv", SESSION_COLUMNS, lines)
    return _page(request, "sessions", {"page": page_of(request, shown)})


def tokens(request: PersonRequest) -> HttpResponseBase:
    """One's tokens, sorted, paged, as CSV; POST makes one and shows its secret in this one answer only."""
    shown = _tokens(request)  # first: a wrong order must not hide the secret of a token just made
    if request.method != "POST" and request.GET.get("format") == "csv":
        lines = ([t.name, t.prefix, t.scopes, t.last_used_at, t.expires_at, t.revoked_at] for t in shown)
        return csv_response("tokens.csv", TOKEN_COLUMNS, lines)
    form = TokenForm(request.POST or None)
    secret = made = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made, secret = services.create_token(
                actor=request.user,
                person=request.user,
                name=data["name"],
                days=data["days"],
                scopes=[data["scope"]],
            )
        except PortalError as error:
            show_on_form(form, error)
        else:
            form, shown = TokenForm(), _tokens(request)
    context = {"form": form, "secret": secret, "made": made, "page": page_of(request, shown)}
    return _page(request, "tokens", context, 400 if form.errors else 200)


def _tokens(request: PersonRequest) -> list[ApiToken]:
    return sorted_rows(request, selectors.tokens_of(request.user), TOKEN_SORTS, "")


@require_POST
def revoke_token(request: PersonRequest, pk: int) -> HttpResponse:
    """End one of one's own tokens."""
    token = get_object_or_404(ApiToken.objects.select_related("user"), pk=pk, user=request.user)
    services.revoke_token(actor=request.user, token=token)
    messages.success(request, f"The token “{token.name}” is revoked.")
    return redirect("accounts:tokens")
