"""Service accounts: machines that a team answers for. No password, no page, no link; known by tokens alone."""

from django.db import transaction

from catalog.accounts.kernel import require
from catalog.accounts.models import Role, Team, User
from catalog.accounts.services.roles import grant_role
from catalog.audit import services as audit
from catalog.common.validation import clean


@transaction.atomic
def create_service_account(
    *, actor: User | None, team: Team, username: str, name: str = "", role: str = Role.VIEWER
) -> User:
    """An account for a machine of `team`, with `role` there. It does nothing until a token is made for it.

    Raises NotAllowed, or Invalid for a username that is taken or malformed, or a role that is not a team's.
    """
    require(
        actor, "service_account.administer", team, "Only the admins of the team make its service accounts."
    )
    machine = User(username=username.strip(), name=name.strip(), team=team)
    machine.set_unusable_password()
    clean(machine, exclude=["password"])
    machine.save()
    audit.record(
        actor=actor,
        verb="person.service_account_made",
        obj=machine,
        detail={"username": machine.username, "team": team.slug},
    )
    grant_role(actor=actor, person=machine, role=role, team=team)
    return machine
