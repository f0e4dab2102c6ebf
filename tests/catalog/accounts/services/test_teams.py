"""Teams: rights move with the tree, addresses stay good."""

import pytest

from catalog.accounts import kernel, services
from catalog.accounts.models import Role, Team, User
from catalog.audit.models import AuditEvent
from catalog.common.errors import Invalid, NotAllowed, StaleRevision
from catalog.common.models import OldAddress
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def lead_of(*teams: Team) -> User:
    lead = make.make_user()
    for team in teams:
        make.make_membership(lead, Role.DOMAIN_ADMIN, team)
    return lead


def test_the_whole_cast_makes_no_team_but_the_admin(cast: Cast) -> None:
    for name, person in cast.everybody().items():
        if name == "admin":
            assert services.create_team(actor=person, name="Top").depth == 1
            continue
        for parent in (None, cast.listening_team):
            with pytest.raises(NotAllowed):
                services.create_team(actor=person, name="Mine", parent=parent)


def test_a_domain_admin_makes_teams_below_and_rules_them_at_once(cast: Cast) -> None:
    lead = lead_of(cast.listening_team)
    made = services.create_team(actor=lead, name="Podcasts", parent=cast.listening_team)
    assert kernel.can(lead, "team.edit", made)
    with pytest.raises(NotAllowed):
        services.create_team(actor=lead, name="Top")


def test_moving_needs_both_places_and_moves_the_rights(cast: Cast) -> None:
    sub = make.make_team("Sub", cast.listening_team)
    owner_of_one, owner_of_both = (
        lead_of(cast.listening_team),
        lead_of(cast.listening_team, cast.playback_team),
    )
    other = lead_of(cast.playback_team)
    for actor in (owner_of_one, other):
        with pytest.raises(NotAllowed):
            services.move_team(actor=actor, team=sub, parent=cast.playback_team)
    assert not kernel.can(other, "team.edit", sub)
    services.move_team(actor=owner_of_both, team=sub, parent=cast.playback_team)
    assert kernel.can(User.objects.get(pk=other.pk), "team.edit", sub)
    assert not kernel.can(User.objects.get(pk=owner_of_one.pk), "team.edit", sub)
    with pytest.raises(NotAllowed):
        services.move_team(actor=owner_of_both, team=sub, parent=None)
    event = AuditEvent.objects.get(verb="team.moved")
    assert event.changes == {"parent": ["listening-team", "playback-team"]}


def test_the_tree_is_whole_after_moves(cast: Cast) -> None:
    daff = Team.objects.get(slug="daff")
    services.move_team(actor=cast.admin, team=cast.listening_team, parent=cast.playback_team)
    services.move_team(actor=cast.admin, team=cast.playback_team, parent=None)
    services.move_team(actor=cast.admin, team=cast.playback_team, parent=None)
    services.move_team(actor=cast.admin, team=daff, parent=cast.listening_team)
    assert Team.objects.find_problems() == ([], [], [], [], [])
    with pytest.raises(Invalid, match="below itself"):
        services.move_team(actor=cast.admin, team=cast.playback_team, parent=daff)
    with pytest.raises(Invalid, match="below itself"):
        services.move_team(actor=cast.admin, team=daff, parent=daff)
    assert Team.objects.find_problems() == ([], [], [], [], [])


def test_every_former_address_stays_the_teams_own(cast: Cast) -> None:
    team = cast.listening_team
    for number, slug in enumerate(("ears", "sound", "ears", "listening-team", "hearing"), 1):
        team = services.edit_team(actor=cast.admin, team=team, slug=slug, expected_revision=number)
    kept = set(OldAddress.objects.filter(kind="team", target_id=team.pk).values_list("address", flat=True))
    assert kept == {"ears", "sound", "listening-team"}
    assert services.create_team(actor=cast.admin, name="Ears").slug == "ears-2"
    with pytest.raises(Invalid, match="taken"):
        services.edit_team(actor=cast.admin, team=cast.playback_team, slug="sound")
    with pytest.raises(StaleRevision, match="Admin changed slug"):
        services.edit_team(actor=cast.admin, team=team, expected_revision=1, name="Late")
