"""Granting and revoking: who may, what fits, what follows at once."""

import pytest

from catalog.accounts import kernel, services
from catalog.accounts.models import PLATFORM_ROLES, Membership, Role, User
from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, Invalid, NotAllowed, NotFound
from catalog.products.models import DataProduct
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", Role.values)
def test_the_whole_cast_grants_only_what_is_theirs(cast: Cast, role: str) -> None:
    team = None if role in PLATFORM_ROLES else cast.listening_team
    lead = make.make_user("lead")
    make.make_membership(lead, Role.DOMAIN_ADMIN, cast.listening_team)
    governor = make.make_user("governor")
    make.make_membership(governor, Role.GOVERNANCE)
    allowed = {"admin", "lead"} if team else {"admin"}
    for person in (*cast.everybody().values(), lead, governor):
        if person.username in allowed:
            services.grant_role(actor=person, person=cast.guest, role=role, team=team)
            services.revoke_role(actor=person, membership=Membership.objects.get(user=cast.guest))
        else:
            with pytest.raises(NotAllowed):
                services.grant_role(actor=person, person=cast.guest, role=role, team=team)
    assert not Membership.objects.filter(user=cast.guest).exists()


def test_a_domain_admin_reaches_below_and_not_beside(cast: Cast) -> None:
    lead = make.make_user("lead")
    make.make_membership(lead, Role.DOMAIN_ADMIN, cast.listening_team)
    below = make.make_team("Below", cast.listening_team)
    services.grant_role(actor=lead, person=cast.guest, role=Role.STEWARD, team=below)
    for team in (cast.playback_team, make.make_team("Elsewhere")):
        with pytest.raises(NotAllowed):
            services.grant_role(actor=lead, person=lead, role=Role.DOMAIN_ADMIN, team=team)


@pytest.mark.parametrize(
    ("role", "with_team"), [("governance", True), ("viewer", False), ("king", True), ("", False)]
)
def test_roles_that_do_not_fit_are_refused(cast: Cast, role: str, with_team: bool) -> None:
    with pytest.raises(Invalid):
        services.grant_role(
            actor=cast.admin, person=cast.guest, role=role, team=cast.listening_team if with_team else None
        )


def test_a_grant_counts_at_once_and_a_second_one_is_the_first(cast: Cast) -> None:
    assert not DataProduct.objects.visible_to(cast.guest).exists()
    one = services.grant_role(actor=cast.admin, person=cast.guest, role="viewer", team=cast.playback_team)
    assert DataProduct.objects.visible_to(cast.guest).exists()
    two = services.grant_role(actor=cast.admin, person=cast.guest, role="viewer", team=cast.playback_team)
    assert one.pk == two.pk
    assert AuditEvent.objects.filter(verb="person.role_granted").count() == 1
    services.revoke_role(actor=cast.admin, membership=one)
    assert not DataProduct.objects.visible_to(User.objects.get(pk=cast.guest.pk)).exists()
    with pytest.raises(NotFound):
        services.revoke_role(actor=cast.admin, membership=two)
    told = AuditEvent.objects.filter(verb="person.role_revoked").get()
    assert told.detail == {"role": "viewer", "team": "playback-team"}


def test_a_deactivated_person_gets_no_role_and_may_lose_the_last_one(cast: Cast) -> None:
    services.grant_role(actor=cast.admin, person=cast.owner, role=Role.PLATFORM_ADMIN)
    services.deactivate_person(actor=cast.admin, person=cast.owner)
    with pytest.raises(Invalid, match="not granted"):
        services.grant_role(actor=cast.admin, person=cast.owner, role="viewer", team=cast.listening_team)
    role = Membership.objects.get(user=cast.owner, role=Role.PLATFORM_ADMIN)
    services.revoke_role(actor=cast.admin, membership=role)
    assert not kernel.standing(cast.owner).is_platform_admin
    with pytest.raises(Conflict):
        services.revoke_role(actor=cast.admin, membership=Membership.objects.get(role=Role.PLATFORM_ADMIN))
