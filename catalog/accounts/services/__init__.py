"""All writes to people, teams, roles, tokens and one-time links."""

from catalog.accounts.services.handover import hand_over
from catalog.accounts.services.invitations import accept_invitation, invite_person, reset_password_link
from catalog.accounts.services.machines import create_service_account
from catalog.accounts.services.people import (
    change_password,
    create_first_admin,
    deactivate_person,
    edit_person,
    end_sessions,
    reactivate_person,
)
from catalog.accounts.services.roles import grant_role, revoke_role
from catalog.accounts.services.teams import change_team, create_team, edit_team, move_team
from catalog.accounts.services.tidying import forget_expired
from catalog.accounts.services.tokens import create_token, revoke_token

__all__ = [
    "accept_invitation",
    "change_password",
    "change_team",
    "create_first_admin",
    "create_service_account",
    "create_team",
    "create_token",
    "deactivate_person",
    "edit_person",
    "edit_team",
    "end_sessions",
    "forget_expired",
    "grant_role",
    "hand_over",
    "invite_person",
    "move_team",
    "reactivate_person",
    "reset_password_link",
    "revoke_role",
    "revoke_token",
]
