"""Reads for the pages of people and teams."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Count, Exists, Max, Min, OuterRef, Prefetch, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone

from catalog.accounts import holdings, kernel
from catalog.accounts.models import ApiToken, Invitation, Membership, Role, Session, Team, User

PEOPLE_SORTS = {
    "username": "username",
    "name": "name",
    "email": "email",
    "last_login": "last_login",
    "created": "created_at",
}
STATES = {"active": "Active", "invited": "Invited, not yet in", "deactivated": "Deactivated"}


def people(viewer: User, *, q: str = "", state: str = "", role: str = "") -> QuerySet[User]:
    """People `viewer` may know, searched by any part of name, username or e-mail, with their roles loaded.

    `state` is one of STATES, `role` a Role; other values count as not given.
    """
    memberships = Membership.objects.select_related("team").order_by("role")
    found = User.objects.visible_to(viewer).prefetch_related(Prefetch("memberships", memberships))
    if q:
        found = found.filter(Q(username__icontains=q) | Q(name__icontains=q) | Q(email__icontains=q))
    not_yet_in = Q(last_login=None, password__startswith=UNUSABLE_PASSWORD_PREFIX)
    if state == "active":
        found = found.filter(~not_yet_in, is_active=True)
    elif state == "invited":
        found = found.filter(not_yet_in, is_active=True)
    elif state == "deactivated":
        found = found.filter(is_active=False)
    if role in Role.values:
        found = found.filter(Exists(Membership.objects.filter(user=OuterRef("pk"), role=role)))
    ordered: QuerySet[User] = found.order_by("username")
    return ordered


def person_or_404(viewer: User, username: str) -> User:
    """The person of that name, in any capitals, when `viewer` may know of them."""
    person: User = get_object_or_404(User.objects.visible_to(viewer), username=username)
    return person


def may_reach(viewer: User, person: User) -> bool:
    """Whether `viewer` may see the person's e-mail address: it is their own, they are platform admin, or the person
    is named as in charge of a product visible to them."""
    if viewer.pk == person.pk or kernel.standing(viewer).is_platform_admin:
        return True
    return person.pk in holdings.named_before(viewer, [person.pk])


def team_or_404(viewer: User, slug: str) -> Team:
    """The team at that address, when `viewer` may see teams."""
    team: Team = get_object_or_404(Team.objects.visible_to(viewer), slug=slug)
    return team


@dataclass(slots=True)
class Branch:
    """A team with the teams below it, for the tree."""

    team: Team
    people: int  # active people with a role in this very team
    below: "list[Branch]"


def team_tree(viewer: User) -> list[Branch]:
    """All visible teams as a tree, siblings by name (the stored order is only the order of making)."""
    counted = Count("memberships__user", filter=Q(memberships__user__is_active=True), distinct=True)
    roots: list[Branch] = []
    by_path: dict[str, Branch] = {}
    for team in Team.objects.visible_to(viewer).annotate(people=counted).order_by("path"):
        branch = by_path[team.path] = Branch(team, team.people, [])
        above = by_path.get(team.path[: -Team.steplen])
        (above.below if above else roots).append(branch)
    for siblings in (roots, *(branch.below for branch in by_path.values())):
        siblings.sort(key=lambda branch: branch.team.name.casefold())
    return roots


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a team with all their roles there."""

    person: User
    memberships: list[Membership]
    reachable: bool  # whether the viewer may see the e-mail address


MEMBER_SORTS = {"name": "name", "username": "username", "since": "joined_at"}


def team_people(team: Team) -> QuerySet[User]:
    """Active people with a role in the team itself; roles held through a team above are not repeated here.

    By name; each person has `joined_at`, the time of the first role.
    """
    joined = Min("memberships__created_at", filter=Q(memberships__team=team))
    people: QuerySet[User] = User.objects.filter(is_active=True, memberships__team=team).annotate(
        joined_at=joined
    )
    return people.order_by("name", "username", "pk")


def members_of(team: Team, viewer: User, people: Iterable[User]) -> list[Member]:
    """`people` (a page of `team_people`) with their roles in the team and whether `viewer` may write to them."""
    found: dict[int, list[Membership]] = {person.pk: [] for person in people}
    rows = Membership.objects.filter(team=team, user__in=found).select_related("user", "team")
    for membership in rows.order_by("role"):
        found[membership.user_id].append(membership)
    if kernel.standing(viewer).is_platform_admin:
        reachable = set(found)
    else:
        reachable = holdings.named_before(viewer, list(found)) | {viewer.pk}
    return [Member(rows[0].user, rows, pk in reachable) for pk, rows in found.items() if rows]


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser in which a person is signed in; `handle` names it without giving its key away."""

    handle: str
    agent: str
    row: Session
    is_this: bool


def handle_of(key: str) -> str:
    """A name for a session that cannot be turned back into the key in its cookie."""
    return hashlib.sha256(f"session-handle:{key}".encode()).hexdigest()[:20]


def open_sessions(person: User, current: str | None) -> list[OpenSession]:
    """The person's sessions that have not ended, the one in use first, then by last use."""
    rows = Session.objects.filter(user=person, expire_date__gt=timezone.now())
    found = [
        OpenSession(handle_of(row.pk), browser_of(row.user_agent), row, row.pk == current) for row in rows
    ]
    return sorted(found, key=lambda item: not item.is_this)


def browser_of(agent: str) -> str:
    """`Firefox on Linux`: what a User-Agent header says in words; the header itself when nothing is known in it."""
    browsers = (  # the order matters: every browser also claims to be those after it
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    )
    browser = next((word for mark, word in browsers if mark in agent), "")
    system = next((word for mark, word in systems if mark in agent), "")
    return " on ".join(filter(None, (browser, system))) or agent[:60] or "unknown browser"


def tokens_of(person: User) -> list[ApiToken]:
    """The person's tokens: usable ones first, then revoked and expired ones of the last 90 days."""
    recent = timezone.now() - timedelta(days=90)
    rows = ApiToken.objects.filter(user=person).exclude(revoked_at__lt=recent).exclude(expires_at__lt=recent)
    return sorted(rows, key=lambda token: not token.is_usable)


def service_accounts_of(team: Team) -> QuerySet[User]:
    """The machines a team itself answers for, open ones first, with `usable_tokens` and `last_used_at`."""
    usable = Q(api_tokens__revoked_at=None, api_tokens__expires_at__gt=timezone.now())
    machines: QuerySet[User] = User.objects.filter(team=team).annotate(
        usable_tokens=Count("api_tokens", filter=usable), last_used_at=Max("api_tokens__last_used_at")
    )
    return machines.order_by("-is_active", "username")


def open_link_of(person: User) -> Invitation | None:
    """The one-time link the person could still use, if any."""
    return Invitation.objects.usable().filter(user=person).select_related("created_by").first()


def roles_of(person: User) -> list[Membership]:
    """Every role of the person, platform roles first, then by team."""
    rows = Membership.objects.filter(user=person).select_related("team", "user")
    return sorted(rows, key=lambda item: (item.team.path if item.team else "", item.role))
