"""Teams: the tree, a team's page, making, editing and moving."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.accounts import kernel, selectors, services
from catalog.accounts.forms import MemberForm, PlaceForm, TeamForm, parents_for
from catalog.accounts.models import Team, User
from catalog.accounts.views.requests import PersonRequest, show_conflict
from catalog.common.csv import csv_response
from catalog.common.errors import NotAllowed, PortalError
from catalog.common.lists import page_of, sorted_by
from catalog.common.models import OldAddress
from catalog.common.validation import show_on_form

PRODUCTS_SHOWN = 25
MEMBERS_SHOWN = 20
TEAM_COLUMNS = ("key", "name", "below", "people", "email", "channel", "description")
CLOSED = "Teams are shown to members of the mesh."


def teams(request: PersonRequest) -> HttpResponseBase:
    """The tree of teams; `?format=csv` as a file. People without any role see none and are told what to do."""
    tree = selectors.team_tree(request.user)
    if request.GET.get("format") == "csv":
        return csv_response("teams.csv", TEAM_COLUMNS, _team_lines(tree, ""))
    context = {
        "teams": tree,
        "is_member": kernel.can(request.user, "team.view"),
        "may_create": kernel.can(request.user, "team.create", None) or parents_for(request.user).exists(),
    }
    return render(request, "catalog/accounts/teams.html", context)


def _team_lines(tree: Iterable[selectors.Branch], above: str) -> Iterator[list[Any]]:
    for branch in tree:
        found = branch.team
        yield [found.slug, found.name, above, branch.people, found.email, found.channel, found.description]
        yield from _team_lines(branch.below, f"{above} / {found.name}" if above else found.name)


def team(request: PersonRequest, slug: str, form: MemberForm | None = None) -> HttpResponse:
    """A team: how to reach it, its people, its domains, its products as far as the reader may see them."""
    viewer = request.user
    shown = Team.objects.visible_to(viewer).filter(slug=slug).first()
    if shown is None:
        return _from_old_address(viewer, slug)
    products = shown.products.visible_to(viewer).select_related("domain").order_by("name", "pk")
    may_grant = kernel.can(viewer, "role.grant", shown)
    context: dict[str, Any] = {
        "team": shown,
        "path": list(Team.objects.get_ancestors(shown)),
        "below": list(Team.objects.get_children(shown).order_by("name")),
        "members": selectors.members_of(shown, viewer, selectors.team_people(shown)[:MEMBERS_SHOWN]),
        "member_count": selectors.team_people(shown).count(),
        "domains": list(shown.domains.order_by("name")),
        "products": page_of(request, products, PRODUCTS_SHOWN),
        "may_edit": kernel.can(viewer, "team.edit", shown),
        "may_add": kernel.can(viewer, "team.create", shown),
        "may_grant": may_grant,
    }
    if may_grant:
        context["member_form"] = form or MemberForm(viewer)
        context["colleagues"] = User.objects.visible_to(viewer).active()[:200]
    return render(request, "catalog/accounts/team.html", context, status=400 if form else 200)


def people(request: PersonRequest, slug: str) -> HttpResponseBase:
    """Everybody with a role in the team, sorted, in pages, as CSV (`?format=csv`)."""
    viewer = request.user
    shown = selectors.team_or_404(viewer, slug)
    found = sorted_by(request, selectors.team_people(shown), selectors.MEMBER_SORTS, "")
    if request.GET.get("format") == "csv":
        rows = (
            (member.person.username, member.person.name, [item.role for item in member.memberships])
            for member in selectors.members_of(shown, viewer, found)
        )
        return csv_response(f"{shown.slug}-people.csv", ("username", "name", "roles"), rows)
    page = page_of(request, found)
    context = {"team": shown, "page": page, "members": selectors.members_of(shown, viewer, page)}
    return render(request, "catalog/accounts/team_people.html", context)


def _from_old_address(viewer: User, slug: str) -> HttpResponse:
    old = OldAddress.objects.filter(kind=OldAddress.Kind.TEAM, address=slug).first()
    target = Team.objects.visible_to(viewer).filter(pk=old.target_id).first() if old else None
    if target is None:
        raise Http404
    return HttpResponsePermanentRedirect(reverse("accounts:team", args=[target.slug]))


@require_POST
def add_member(request: PersonRequest, slug: str) -> HttpResponse:
    """Give somebody a role in this team."""
    shown = selectors.team_or_404(request.user, slug)
    if not kernel.can(request.user, "role.grant", shown):
        raise NotAllowed(f"You may not decide on the roles of {shown}.")
    form = MemberForm(request.user, request.POST)
    if form.is_valid():
        try:
            made = services.grant_role(actor=request.user, team=shown, **form.cleaned_data)
        except PortalError as error:
            show_on_form(form, error)
        else:
            messages.success(request, f"{made}.")
            return redirect("accounts:team", shown.slug)
    return team(request, slug, form)


def create(request: PersonRequest) -> HttpResponse:
    """A new team below one of those the person may add to, or at the top."""
    viewer = request.user
    if not (kernel.can(viewer, "team.create", None) or parents_for(viewer).exists()):
        raise NotAllowed("You may not make teams.", remedy="Ask a domain admin of the team above.")
    posted = request.POST if request.method == "POST" else None
    form = TeamForm(posted)
    place = PlaceForm(viewer, posted, initial={"parent": request.GET.get("parent")})
    if posted is not None and form.is_valid() and place.is_valid():
        data = dict(form.cleaned_data)
        data.pop("revision")
        try:
            made = services.create_team(actor=viewer, parent=place.cleaned_data["parent"], **data)
        except PortalError as error:
            show_on_form(form, error)
        else:
            messages.success(request, f"{made} is made. Add its people here.")
            return redirect("accounts:team", made.slug)
    status = 400 if form.errors or place.errors else 200
    return render(request, "catalog/accounts/team_new.html", {"form": form, "place": place}, status=status)


def edit(request: PersonRequest, slug: str) -> HttpResponse:
    """Name, address, words and ways to reach the team."""
    shown = selectors.team_or_404(request.user, slug)
    if not kernel.can(request.user, "team.edit", shown):
        raise NotAllowed(f"You may not edit {shown}.", remedy="Ask a domain admin of the team.")
    fields = ("revision", "name", "slug", "description", "email", "channel")
    form = TeamForm(request.POST or None, initial={field: getattr(shown, field) for field in fields})
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        expected = data.pop("revision")
        data["slug"] = data["slug"] or shown.slug
        try:
            shown = services.edit_team(actor=request.user, team=shown, expected_revision=expected, **data)
        except PortalError as error:
            shown = Team.objects.get(pk=shown.pk)
            show_conflict(form, error, shown.revision)
        else:
            messages.success(request, f"{shown} is saved.")
            return redirect("accounts:team", shown.slug)
    context = {"form": form, "team": shown, "place": PlaceForm(request.user, initial=_place_of(shown))}
    return render(request, "catalog/accounts/team_edit.html", context, status=400 if form.errors else 200)


@require_POST
def move(request: PersonRequest, slug: str) -> HttpResponse:
    """Put the team elsewhere in the tree."""
    shown = selectors.team_or_404(request.user, slug)
    if not kernel.can(request.user, "team.edit", shown):
        raise NotAllowed(f"You may not move {shown}.", remedy="Ask a domain admin of the team.")
    place = PlaceForm(request.user, request.POST)
    if place.is_valid():
        try:
            shown = services.move_team(actor=request.user, team=shown, parent=place.cleaned_data["parent"])
        except PortalError as error:
            show_on_form(place, error)
        else:
            messages.success(request, f"{shown} is moved.")
            return redirect("accounts:team", shown.slug)
    fields = ("revision", "name", "slug", "description", "email", "channel")
    form = TeamForm(initial={field: getattr(shown, field) for field in fields})
    context = {"form": form, "team": shown, "place": place}
    return render(request, "catalog/accounts/team_edit.html", context, status=400)


def _place_of(team: Team) -> dict[str, str | None]:
    parent = Team.objects.get_parent(team)
    return {"parent": parent.slug if parent else None}
