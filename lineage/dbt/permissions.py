"""Who may import projects of dbt, and see what came of it."""

from catalog.accounts import kernel
from catalog.accounts.models import Role, Team, User

IMPORTING_ROLES = (Role.STEWARD, Role.TECHNICAL_OWNER, Role.BUSINESS_OWNER, Role.DOMAIN_ADMIN)


def can_import_dbt(user: User, team: Team | None) -> bool:
    """Owners, stewards and domain admins of the team that runs the project, platform admins."""
    who = kernel.standing(user)
    if team is None:
        return who.is_platform_admin or any(who.teams_by_role.get(role) for role in IMPORTING_ROLES)
    return who.has_role(team.pk, *IMPORTING_ROLES)


kernel.register("dbt.import", can_import_dbt, on="team")
