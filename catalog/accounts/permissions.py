"""Who may see and administer people, teams, roles and tokens."""

from django.apps import apps

from catalog.accounts import kernel
from catalog.accounts.models import Role, Team, User


def can_list_people(user: User, _: object = None) -> bool:
    """Platform admins see everybody, with e-mail addresses, also people without a role."""
    return kernel.standing(user).is_platform_admin


def can_administer_people(user: User, _: object = None) -> bool:
    """Platform admins invite, reset, deactivate and reactivate people and hand over what they held."""
    return kernel.standing(user).is_platform_admin


def can_view_person(user: User, person: User) -> bool:
    """Everybody sees themselves; members of the mesh the name and roles of everybody active who has a part in it."""
    who = kernel.standing(user)
    if who.is_platform_admin or user.pk == person.pk:
        return True
    return who.is_member and person.is_active and _has_part(person)


def _has_part(person: User) -> bool:
    if kernel.standing(person).is_member:
        return True
    return bool(apps.get_model("catalog", "Stewardship").objects.filter(user=person).exists())


def can_edit_person(user: User, person: User) -> bool:
    """Everybody edits their own name, e-mail address and time zone; platform admins everybody's."""
    return user.pk == person.pk or kernel.standing(user).is_platform_admin


def can_view_team(user: User, _: Team | None = None) -> bool:
    """Every member of the mesh sees every team, its members and how to reach it."""
    return kernel.standing(user).is_member


def can_create_team(user: User, parent: Team | None) -> bool:
    """Domain admins of the team above; a team at the top: platform admins."""
    return kernel.standing(user).has_role(parent.pk if parent else None, Role.DOMAIN_ADMIN)


def can_edit_team(user: User, team: Team) -> bool:
    """Domain admins of the team or of one above it, platform admins."""
    return kernel.standing(user).has_role(team.pk, Role.DOMAIN_ADMIN)


def can_grant_team_role(user: User, team: Team) -> bool:
    """Domain admins grant and revoke the roles of their teams and the teams below; platform admins of all."""
    return kernel.standing(user).has_role(team.pk, Role.DOMAIN_ADMIN)


def can_grant_platform_role(user: User, _: object = None) -> bool:
    """Platform admins alone grant and revoke governance and platform administration."""
    return kernel.standing(user).is_platform_admin


def can_administer_service_accounts(user: User, team: Team) -> bool:
    """Domain admins of the team or of one above it make and end its service accounts; platform admins all."""
    return kernel.standing(user).has_role(team.pk, Role.DOMAIN_ADMIN)


def _answers_for(user: User, person: User) -> bool:
    return person.team_id is not None and kernel.standing(user).has_role(person.team_id, Role.DOMAIN_ADMIN)


def can_create_token(user: User, person: User) -> bool:
    """Everybody makes tokens for themselves alone: a token acts as its person. Those of a service account are made by
    the admins of its team."""
    return user.pk == person.pk or _answers_for(user, person)


def can_revoke_token(user: User, person: User) -> bool:
    """Everybody revokes their own tokens, admins of a team those of its service accounts; platform admins anybody's."""
    return user.pk == person.pk or _answers_for(user, person) or kernel.standing(user).is_platform_admin


def can_view_audit(user: User, _: object = None) -> bool:
    """Platform admins and the governance group: they may see everything it tells of."""
    return kernel.standing(user).sees_everything


kernel.register("audit.view", can_view_audit, on="")
kernel.register("person.list", can_list_people, on="")
kernel.register("person.administer", can_administer_people, on="")
kernel.register("person.view", can_view_person)
kernel.register("person.edit", can_edit_person)
kernel.register("team.view", can_view_team)
kernel.register("team.create", can_create_team)
kernel.register("team.edit", can_edit_team)
kernel.register("service_account.administer", can_administer_service_accounts, on="team")
kernel.register("role.grant", can_grant_team_role, on="team")
kernel.register("role.grant_platform", can_grant_platform_role, on="")
kernel.register("token.create", can_create_token, on="person")
kernel.register("token.revoke", can_revoke_token, on="person")
