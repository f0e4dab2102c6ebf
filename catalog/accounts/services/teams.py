"""Teams: made, edited, moved in the tree; old addresses go on leading to them."""

from typing import Any

from django.db import IntegrityError, models, transaction
from treebeard.exceptions import InvalidMoveToDescendant

from catalog.accounts import kernel
from catalog.accounts.kernel import require
from catalog.accounts.models import Team, User
from catalog.audit import services as audit
from catalog.audit.changes import difference, snapshot
from catalog.common.concurrency import bump_revision
from catalog.common.errors import Conflict, Invalid, Problem
from catalog.common.models import OldAddress
from catalog.common.slugs import make_slug
from catalog.common.validation import clean

FIELDS = ("name", "slug", "description", "email", "channel")
RESERVED = frozenset({"new"})  # pages of the portal below /teams/
_NOT_FORMS = ("path", "depth", "numchild")  # the tree's own columns


@transaction.atomic
def create_team(*, actor: User | None, name: str, parent: Team | None = None, **fields: str) -> Team:
    """A new team below `parent`, or at the top; the slug is made of the name when none is given.

    `fields`: slug, description, email, channel. Raises NotAllowed, Invalid (a slug that is taken) or Conflict when
    another team was put in the same place at the same moment.
    """
    require(actor, "team.create", parent, "You may not make a team here.")
    name = name.strip()
    slug = fields.pop("slug", "").strip() or make_slug(name, fallback="team", is_taken=_is_taken)
    team = Team(name=name, slug=slug, **_known(fields))
    clean(team, exclude=_NOT_FORMS)
    _refuse_foreign_address(team)
    values = {field: getattr(team, field) for field in FIELDS}
    try:
        with transaction.atomic():
            team = _plant(parent, values)
    except IntegrityError as error:
        raise Conflict(
            "Another team was made here at the same moment.", "What you typed is still there.", "Save again."
        ) from error
    if actor is not None:
        kernel.forget_standing(actor)  # roles in the parent hold in the new team
    audit.record(
        actor=actor, verb="team.created", obj=team, detail={"parent": parent.slug if parent else None}
    )
    return team


@transaction.atomic
def edit_team(*, actor: User | None, team: Team, expected_revision: int | None = None, **fields: str) -> Team:
    """Change name, slug, description, email or channel; the old address redirects for good.

    Raises NotAllowed, Invalid, or Conflict when somebody else edited since `expected_revision`.
    """
    require(actor, "team.edit", team, f"You may not edit {team}.")
    before = snapshot(team, FIELDS)
    bump_revision(team, expected_revision)
    for name, value in _known(fields).items():
        setattr(team, name, value)
    clean(team, exclude=_NOT_FORMS)
    changes = difference(before, snapshot(team, FIELDS))
    if "slug" in changes:
        _refuse_foreign_address(team)
        _keep_address(team, before["slug"])
    team.save(update_fields=[*changes, "updated_at"])
    if changes:
        audit.record(actor=actor, verb="team.edited", obj=team, changes=changes)
    return team


@transaction.atomic
def move_team(*, actor: User | None, team: Team, parent: Team | None) -> Team:
    """Put a team with everything below it under `parent`, or at the top.

    Roles held above hold below, so moving changes rights: allowed to those who may make teams in both places.
    Raises NotAllowed, or Invalid for a place below the team itself.
    """
    team = Team.objects.get(pk=team.pk)
    old = Team.objects.get_parent(team)
    require(actor, "team.create", old, f"You may not move {team} away from where it is.")
    require(actor, "team.create", parent, "You may not put a team there.")
    if (old.pk if old else None) == (parent.pk if parent else None):
        return team
    try:
        if parent is None:
            Team.objects.move(team, Team.objects.get_root_nodes().last(), "last-sibling")
        else:
            Team.objects.move(team, Team.objects.get(pk=parent.pk), "last-child")
    except InvalidMoveToDescendant as error:
        problem = Problem("parent", "descendant", "Choose a team that is not below this one.")
        raise Invalid("A team cannot stand below itself.", "Nothing was changed.", "", [problem]) from error
    Team.objects.filter(pk=team.pk).update(revision=models.F("revision") + 1)
    team = Team.objects.get(pk=team.pk)
    if actor is not None:
        kernel.forget_standing(actor)
    places: dict[str, list[Any]] = {"parent": [old.slug if old else None, parent.slug if parent else None]}
    audit.record(actor=actor, verb="team.moved", obj=team, changes=places)
    return team


@transaction.atomic
def change_team(
    *,
    actor: User | None,
    team: Team,
    expected_revision: int | None = None,
    moves: bool = False,
    parent: Team | None = None,
    **fields: str,
) -> Team:
    """`edit_team` and, when `moves`, `move_team`, both or neither; raises what they raise."""
    if fields or not moves:
        team = edit_team(actor=actor, team=team, expected_revision=expected_revision, **fields)
    else:
        bump_revision(team, expected_revision)
    return move_team(actor=actor, team=team, parent=parent) if moves else team


def _plant(parent: Team | None, values: dict[str, str]) -> Team:
    made: Team  # treebeard is untyped
    if parent is None:
        made = Team.objects.add_root(create_kwargs=values)
    else:
        made = Team.objects.add_child(Team.objects.get(pk=parent.pk), create_kwargs=values)
    return made


def _known(fields: dict[str, str]) -> dict[str, str]:
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise Invalid(
            "Unknown fields.", problems=[Problem(name, "unknown", "No such field.") for name in unknown]
        )
    return {name: value.strip() for name, value in fields.items()}


def _is_taken(slug: str) -> bool:
    return (
        slug in RESERVED
        or Team.objects.filter(slug=slug).exists()
        or OldAddress.objects.filter(kind=OldAddress.Kind.TEAM, address=slug).exists()
    )


def _refuse_foreign_address(team: Team) -> None:
    """An address another team once had still leads there: it is not given away. One's own may be taken back."""
    if team.slug in RESERVED:
        problem = Problem("slug", "reserved", "The portal itself has a page at this address.")
        raise Invalid("The address is taken.", "Nothing was changed.", "", [problem])
    old = OldAddress.objects.filter(kind=OldAddress.Kind.TEAM, address=team.slug)
    if old.exclude(target_id=team.pk or 0).exists():
        message = "This address leads to another team that had it before."
        raise Invalid(
            "The address is taken.", "Nothing was changed.", "", [Problem("slug", "taken", message)]
        )
    old.delete()


def _keep_address(team: Team, slug: str) -> None:
    OldAddress.objects.update_or_create(
        kind=OldAddress.Kind.TEAM, address=slug, defaults={"target_id": team.pk}
    )
