"""The administration of people, and the page of a person."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.accounts import holdings, kernel, selectors, services
from catalog.accounts.forms import InvitationForm, ProfileForm, RoleForm
from catalog.accounts.history import history_of
from catalog.accounts.models import ApiToken, Membership, Role, User
from catalog.accounts.views.requests import PersonRequest, requires, show_conflict
from catalog.common.csv import csv_response
from catalog.common.errors import PortalError
from catalog.common.lists import page_of, sorted_by
from catalog.common.validation import show_on_form

ADMINISTER = requires("person.administer", "Only platform administrators look after people's accounts.")


@requires("person.list", "Only platform administrators see the list of people.")
def people(request: PersonRequest) -> HttpResponseBase:
    """Everybody: searched, filtered, sorted, in pages, as CSV (`?format=csv`)."""
    q, state, role = (request.GET.get(name, "").strip() for name in ("q", "state", "role"))
    people = selectors.people(request.user, q=q, state=state, role=role)
    found = sorted_by(request, people, selectors.PEOPLE_SORTS, "username")
    if request.GET.get("format") == "csv":
        header = ("username", "name", "email", "active", "roles", "last_login", "created_at")
        return csv_response("people.csv", header, _csv_rows(found.iterator(chunk_size=500)))
    context = {
        "page": page_of(request, found),
        "q": q,
        "state": state,
        "role": role,
        "states": selectors.STATES.items(),
        "roles": Role.choices,
        "is_filtered": bool(q or state or role),
    }
    return render(request, "catalog/accounts/people.html", context)


def _csv_rows(found: Iterator[User]) -> Iterator[tuple[Any, ...]]:
    for person in found:
        roles = [
            f"{item.role}@{item.team.slug}" if item.team else item.role for item in person.memberships.all()
        ]
        yield (
            person.username,
            person.name,
            person.email,
            person.is_active,
            " ".join(roles),
            person.last_login,
            person.created_at,
        )


@ADMINISTER
def invite(request: PersonRequest) -> HttpResponse:
    """A new account; the answer shows the one-time link, once."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person, secret = services.invite_person(actor=request.user, **form.cleaned_data)
        except PortalError as error:
            show_on_form(form, error)
        else:
            return _show_link(request, person, secret)
    status = 400 if form.errors else 200
    return render(request, "catalog/accounts/invite.html", {"form": form}, status=status)


@ADMINISTER
@require_POST
def make_link(request: PersonRequest, username: str) -> HttpResponse:
    """A new one-time link for somebody who cannot sign in."""
    person = selectors.person_or_404(request.user, username)
    return _show_link(request, person, services.reset_password_link(actor=request.user, person=person))


def _show_link(request: PersonRequest, person: User, secret: str) -> HttpResponse:
    context = {
        "person": person,
        "link": request.build_absolute_uri(reverse("accounts:link", args=[secret])),
        "invitation": selectors.open_link_of(person),
    }
    return render(request, "catalog/accounts/link_made.html", context)


def person(request: PersonRequest, username: str, form: RoleForm | None = None) -> HttpResponse:
    """A person: roles and what is in their charge; for administrators also state, sign-ins and what can be done."""
    viewer = request.user
    shown = selectors.person_or_404(viewer, username)
    administers = kernel.can(viewer, "person.administer")
    context: dict[str, Any] = {
        "person": shown,
        "reachable": selectors.may_reach(viewer, shown),
        "roles": [(item, _may_revoke(viewer, item)) for item in selectors.roles_of(shown)],
        "holdings": {
            title: held for title, held in holdings.held_by(shown, viewer).items() if title != "Roles"
        },
        "administers": administers,
    }
    if administers:
        context |= {
            "role_form": form or RoleForm(viewer),
            "history": history_of(shown),
            "open_link": selectors.open_link_of(shown),
            "sessions": len(selectors.open_sessions(shown, None)),
            "tokens": [token for token in selectors.tokens_of(shown) if token.is_usable],
        }
    return render(request, "catalog/accounts/person.html", context, status=400 if form else 200)


def _may_revoke(viewer: User, membership: Membership) -> bool:
    if membership.team is None:
        return kernel.can(viewer, "role.grant_platform")
    return kernel.can(viewer, "role.grant", membership.team)


@ADMINISTER
def edit(request: PersonRequest, username: str) -> HttpResponse:
    """Name, e-mail address and time zone of somebody else."""
    shown = selectors.person_or_404(request.user, username)
    fields = ("revision", "name", "email", "time_zone")
    form = ProfileForm(request.POST or None, initial={field: getattr(shown, field) for field in fields})
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        expected = data.pop("revision")
        try:
            services.edit_person(actor=request.user, person=shown, expected_revision=expected, **data)
        except PortalError as error:
            shown.refresh_from_db()
            show_conflict(form, error, shown.revision)
        else:
            messages.success(request, f"{shown} is saved.")
            return redirect("accounts:person", shown.username)
    context = {"form": form, "person": shown}
    return render(request, "catalog/accounts/person_edit.html", context, status=400 if form.errors else 200)


@ADMINISTER
@require_POST
def grant(request: PersonRequest, username: str) -> HttpResponse:
    """Give the person a role."""
    shown = selectors.person_or_404(request.user, username)
    form = RoleForm(request.user, request.POST)
    if form.is_valid():
        try:
            made = services.grant_role(actor=request.user, person=shown, **form.cleaned_data)
        except PortalError as error:
            show_on_form(form, error)
        else:
            messages.success(request, f"{made}.")
            return redirect("accounts:person", shown.username)
    return person(request, username, form)


@require_POST
def revoke(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a role away; back to the page one came from, of the person or of the team."""
    visible = User.objects.visible_to(request.user)
    membership = get_object_or_404(
        Membership.objects.select_related("user", "team"), pk=pk, user__in=visible.order_by()
    )
    services.revoke_role(actor=request.user, membership=membership)
    messages.success(request, f"{membership.user} is no longer {membership.get_role_display()}.")
    if request.POST.get("back") == "team" and membership.team:
        return redirect("accounts:team", membership.team.slug)
    return redirect("accounts:person", membership.user.username)


@ADMINISTER
@require_POST
def revoke_token(request: PersonRequest, username: str, pk: int) -> HttpResponse:
    """End somebody's token."""
    shown = selectors.person_or_404(request.user, username)
    token = get_object_or_404(ApiToken.objects.select_related("user"), pk=pk, user=shown)
    services.revoke_token(actor=request.user, token=token)
    messages.success(request, f"The token “{token.name}” of {shown} is revoked.")
    return redirect("accounts:person", shown.username)


@ADMINISTER
def deactivate(request: PersonRequest, username: str) -> HttpResponse:
    """Says what deactivating does and what the person holds; POST does it and goes on to the handover."""
    shown = selectors.person_or_404(request.user, username)
    if request.method == "POST":
        services.deactivate_person(actor=request.user, person=shown)
        messages.success(request, f"{shown} is deactivated: sessions, tokens and access to data have ended.")
        held = holdings.held_by(shown, request.user)
        return redirect("accounts:handover" if held else "accounts:person", shown.username)
    context = {
        "person": shown,
        "holdings": holdings.held_by(shown, request.user),
        "sessions": len(selectors.open_sessions(shown, None)),
        "tokens": sum(token.is_usable for token in selectors.tokens_of(shown)),
    }
    return render(request, "catalog/accounts/deactivate.html", context)


@ADMINISTER
@require_POST
def reactivate(request: PersonRequest, username: str) -> HttpResponse:
    """Let the person in again."""
    shown = services.reactivate_person(
        actor=request.user, person=selectors.person_or_404(request.user, username)
    )
    messages.success(request, f"{shown} may sign in again. Old tokens stay revoked.")
    return redirect("accounts:person", shown.username)
