"""Who may see, enter and change connections."""

from catalog.accounts import kernel
from catalog.accounts.models import Role, Team, User
from catalog.connections.models import Connection

MANAGING_ROLES = (Role.TECHNICAL_OWNER, Role.DOMAIN_ADMIN)


def can_view_connection(user: User, connection: Connection) -> bool:
    """Everybody in the team that runs the store, in any role; governance and platform admins."""
    who = kernel.standing(user)
    return who.sees_everything or connection.team_id in who.team_ids


def can_create_connection(user: User, team: Team | None) -> bool:
    """Technical owners and domain admins of the team that will run it, platform admins."""
    who = kernel.standing(user)
    if team is None:
        return who.is_platform_admin or any(who.teams_by_role.get(role) for role in MANAGING_ROLES)
    return who.has_role(team.pk, *MANAGING_ROLES)


def can_edit_connection(user: User, connection: Connection) -> bool:
    """Technical owners and domain admins of the team that runs it, platform admins."""
    return kernel.standing(user).has_role(connection.team_id, *MANAGING_ROLES)


kernel.register("connection.view", can_view_connection)
kernel.register("connection.create", can_create_connection, on="team")
kernel.register("connection.edit", can_edit_connection)
