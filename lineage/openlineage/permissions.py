"""Who may send lineage, and who may look at the events that came."""

from catalog.accounts import kernel
from catalog.accounts.models import Role, User

SENDING_ROLES = (Role.STEWARD, Role.TECHNICAL_OWNER, Role.BUSINESS_OWNER, Role.DOMAIN_ADMIN)


def can_send_lineage(user: User, nothing: object = None) -> bool:
    """Stewards, owners and domain admins of any team, governance and platform admins."""
    who = kernel.standing(user)
    return who.sees_everything or any(who.teams_by_role.get(role) for role in SENDING_ROLES)


def can_view_all_events(user: User, nothing: object = None) -> bool:
    """Governance and platform admins. Owners see the events about datasets of their own ports."""
    return kernel.standing(user).sees_everything


def can_project_again(user: User, nothing: object = None) -> bool:
    """Governance and platform admins."""
    return kernel.standing(user).sees_everything


kernel.register("lineage.send", can_send_lineage, on="")
kernel.register("lineage.view_events", can_view_all_events, on="")
kernel.register("lineage.project_again", can_project_again, on="")
