"""Roles granted and revoked."""

from django.db import transaction
from django.db.models import F

from catalog.accounts import kernel
from catalog.accounts.kernel import require
from catalog.accounts.models import PLATFORM_ROLES, Membership, Role, Team, User
from catalog.accounts.services.checks import keep_one_admin
from catalog.audit import services as audit
from catalog.common.errors import Invalid, NotFound, Problem
from catalog.common.validation import clean


def _require(actor: User | None, team: Team | None) -> None:
    if team is None:
        require(actor, "role.grant_platform", None, "Only platform administrators decide on platform roles.")
    else:
        require(actor, "role.grant", team, f"You may not decide on the roles of {team}.")


@transaction.atomic
def grant_role(*, actor: User | None, person: User, role: str, team: Team | None = None) -> Membership:
    """Give `person` a role in `team` and below, or (governance, platform admin) in the whole mesh.

    Granting what is held already changes nothing. Raises NotAllowed, or Invalid where role and team do not fit.
    """
    _require(actor, team)
    if role not in Role.values:
        raise Invalid("The role was not granted.", problems=[Problem("role", "choice", "No such role.")])
    if (role in PLATFORM_ROLES) != (team is None):
        message = (
            "This role needs a team."
            if team is None
            else "This role holds in the whole mesh, without a team."
        )
        raise Invalid("The role was not granted.", problems=[Problem("team", "fit", message)])
    if not person.is_active:
        problem = Problem("person", "inactive", f"{person} is deactivated.")
        raise Invalid("The role was not granted.", problems=[problem])
    held = Membership.objects.filter(user=person, role=role, team=team).first()
    if held:
        if held.is_from_provider:  # said by hand as well: it stays when the provider's group goes
            Membership.objects.filter(pk=held.pk).update(is_from_provider=False)
            held.is_from_provider = False
        return held
    membership = Membership(user=person, role=role, team=team)
    clean(membership)
    membership.save()
    _note(actor, "person.role_granted", membership)
    return membership


@transaction.atomic
def revoke_role(*, actor: User | None, membership: Membership) -> None:
    """Take a role away at once. Raises Conflict for the last active platform administrator, NotFound when gone."""
    _require(actor, membership.team)
    if membership.role == Role.PLATFORM_ADMIN and membership.user.is_active:
        keep_one_admin(membership.user)
    if not Membership.objects.filter(pk=membership.pk).delete()[0]:
        raise NotFound("This role was revoked already.")
    _note(actor, "person.role_revoked", membership)


def _note(actor: User | None, verb: str, membership: Membership) -> None:
    person = membership.user
    User.objects.filter(pk=person.pk).update(
        revision=F("revision") + 1
    )  # roles are part of what its ETag vouches for
    person.refresh_from_db(fields=["revision"])
    kernel.forget_standing(membership.user)
    if actor is not None and actor.pk == membership.user_id:
        kernel.forget_standing(actor)
    audit.record(
        actor=actor,
        verb=verb,
        obj=membership.user,
        detail={"role": membership.role, "team": membership.team.slug if membership.team else None},
    )
