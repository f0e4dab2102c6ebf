"""Rules of approval: the nearest place, what is added, several stages, quorum, stand-ins, escalation."""

import datetime as dt
from collections.abc import Sequence

import pytest
from django.utils import timezone

from catalog.access.models import AccessRequest, ApprovalRule, RequestStage
from catalog.access.selectors import open_stages
from catalog.access.services.deciding import decide_stage
from catalog.access.services.ending import escalate_due
from catalog.access.services.rules import StageSpec, create_rule, delegate, delete_rule, edit_rule
from catalog.accounts import kernel
from catalog.accounts.models import Role, User
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.products.models import OutputPort
from catalog.schemas.models import FieldAnnotation
from catalog.vocabulary.models import Classification, Purpose
from tests import factories as make
from tests.catalog.access.asking import ask, stage_of
from tests.conftest import Cast

DAY = dt.timedelta(days=1)
OWNERS = StageSpec(1, "Owners", "owners")


def privacy(step: int = 1) -> StageSpec:
    return StageSpec(step, "Data protection", "governance")


@pytest.fixture
def guardian(cast: Cast) -> User:
    person = make.make_user("guardian")
    make.make_membership(person, Role.GOVERNANCE)
    return person


def stages(request: AccessRequest) -> list[tuple[int, str]]:
    return [(stage.step, stage.name) for stage in request.stages.order_by("step", "pk")]


def test_the_nearest_place_decides_and_an_empty_rule_approves_by_itself(cast: Cast, port: OutputPort) -> None:
    create_rule(
        actor=cast.admin, name="Mesh", place=None, stages=[StageSpec(1, "Platform", "platform_admins")]
    )
    assert stages(ask(cast.consumer, port)) == [(1, "Platform")]
    AccessRequest.objects.all().delete()
    create_rule(actor=cast.admin, name="Listening", place=cast.listening, stages=[OWNERS, privacy(2)])
    assert stages(ask(cast.consumer, port)) == [(1, "Owners"), (2, "Data protection")]
    AccessRequest.objects.all().delete()
    create_rule(actor=cast.owner, name="Open data", place=port, stages=[])
    request = ask(cast.consumer, port)
    assert (request.decision, request.route) == ("approved", "the rule Open data")
    assert request.agreement.starts_at is not None


def test_a_place_cannot_take_away_what_a_classification_or_a_purpose_adds(
    cast: Cast, port: OutputPort, guardian: User
) -> None:
    personal = Classification.objects.create(name="Personal", slug="personal", is_personal=True)
    marketing = Purpose.objects.create(name="Marketing", slug="marketing")
    create_rule(actor=cast.owner, name="Open", place=port, stages=[])
    create_rule(actor=guardian, name="People", place=personal, stages=[privacy()])
    create_rule(
        actor=guardian, name="Adverts", place=marketing, stages=[StageSpec(1, "Ethics", "platform_admins")]
    )
    port.asset = make.make_asset(name="plays")
    port.save()
    FieldAnnotation.objects.create(
        asset=port.asset, path="email", classification=personal
    )  # of a column alone
    request = ask(cast.consumer, port, purposes=[marketing])
    assert stages(request) == [(1, "Data protection"), (2, "Ethics")]
    with pytest.raises(NotAllowed):
        decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=True)
    decide_stage(actor=guardian, stage=stage_of(request), is_approval=True)
    decide_stage(actor=cast.admin, stage=stage_of(request), is_approval=True)
    assert AccessRequest.objects.get().decision == "approved"


def test_steps_follow_each_other_and_stages_of_a_step_stand_side_by_side(
    cast: Cast, port: OutputPort, guardian: User
) -> None:
    last = StageSpec(2, "Platform", "platform_admins")
    create_rule(actor=cast.owner, name="Three", place=port, stages=[OWNERS, privacy(), last])
    request = ask(cast.consumer, port)
    with pytest.raises(Conflict):
        decide_stage(actor=cast.admin, stage=stage_of(request, "Platform"), is_approval=True)
    decide_stage(actor=guardian, stage=stage_of(request, "Data protection"), is_approval=True)
    assert not open_stages(cast.admin).exists()
    decide_stage(actor=cast.owner, stage=stage_of(request, "Owners"), is_approval=True)
    assert open_stages(cast.admin).get().name == "Platform"
    decide_stage(actor=cast.admin, stage=stage_of(request, "Platform"), is_approval=False, note="Not now.")
    assert AccessRequest.objects.get().decision == "denied"
    assert not RequestStage.objects.filter(closed_at=None).exists()


def test_a_quorum_needs_that_many_people_and_a_stand_in_is_not_a_second_one(
    cast: Cast, port: OutputPort
) -> None:
    deputy, stand_in = make.make_user("deputy"), make.make_user("standin")
    make.make_membership(deputy, Role.STEWARD, cast.listening_team)
    today = timezone.now().date()
    delegate(actor=cast.owner, delegate=stand_in, starts_on=today, ends_on=today + 5 * DAY)
    create_rule(actor=cast.owner, name="Two", place=port, stages=[StageSpec(1, "Owners", "owners", quorum=2)])
    request = ask(cast.consumer, port)
    decide_stage(actor=stand_in, stage=stage_of(request), is_approval=True)
    assert stage_of(request).decisions.get().decided_for == cast.owner
    for person in (cast.owner, stand_in):
        with pytest.raises(Conflict):
            decide_stage(actor=person, stage=stage_of(request), is_approval=True)
    assert AccessRequest.objects.get().decision == "submitted"
    decide_stage(actor=deputy, stage=stage_of(request), is_approval=True)
    assert AccessRequest.objects.get().decision == "approved"


def test_a_quorum_nobody_can_reach_falls_to_those_above(cast: Cast, port: OutputPort) -> None:
    create_rule(actor=cast.owner, name="Two", place=port, stages=[StageSpec(1, "Owners", "owners", quorum=2)])
    request = ask(cast.consumer, port)
    assert stage_of(request).falls_to == "platform"
    decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=True)
    decide_stage(actor=cast.admin, stage=stage_of(request), is_approval=True)
    assert AccessRequest.objects.get().decision == "approved"


def test_a_stand_in_decides_for_somebody_else_but_not_what_either_of_them_gets(
    cast: Cast, port: OutputPort
) -> None:
    today = timezone.now().date()
    delegate(actor=cast.owner, delegate=cast.consumer, starts_on=today, ends_on=today)
    own = ask(cast.consumer, port)
    with pytest.raises(NotAllowed):
        decide_stage(actor=cast.consumer, stage=stage_of(own), is_approval=True)
    owners = ask(cast.owner, port)
    with pytest.raises(NotAllowed):
        decide_stage(actor=cast.consumer, stage=stage_of(owners), is_approval=True)
    assert not open_stages(cast.consumer).exists()
    other = ask(cast.steward, port)
    assert open_stages(cast.consumer).get().request == other
    decide_stage(actor=cast.consumer, stage=stage_of(other), is_approval=True)


def test_what_waits_too_long_goes_to_those_above_once(cast: Cast, port: OutputPort) -> None:
    request = ask(cast.consumer, port)
    assert escalate_due(now=timezone.now()) == 0
    late = timezone.now() + 6 * DAY
    assert (escalate_due(now=late), escalate_due(now=late)) == (1, 0)
    assert open_stages(cast.admin).get().request == request
    decide_stage(actor=cast.admin, stage=stage_of(request), is_approval=True)


def test_when_the_last_decider_leaves_the_request_falls_to_those_above(cast: Cast, port: OutputPort) -> None:
    ask(cast.consumer, port)
    assert not open_stages(cast.admin).exists()
    cast.owner.is_active = False
    cast.owner.save()
    escalate_due(now=timezone.now())
    assert open_stages(cast.admin).exists()


def test_the_inbox_holds_exactly_what_one_may_decide(cast: Cast, port: OutputPort, guardian: User) -> None:
    """The condition in SQL and the judgement of one stage say the same for everybody and every kind of request."""
    admin = make.make_user("domainadmin")
    make.make_membership(admin, Role.DOMAIN_ADMIN, cast.listening_team)
    approver = make.make_user("approver")
    make.make_membership(approver, Role.APPROVER, cast.playback_team)
    specs: Sequence[StageSpec] = [
        OWNERS,
        privacy(),
        StageSpec(1, "Admins", "domain_admins", quorum=2),
        StageSpec(1, "Team", "team", team=cast.playback_team),
        StageSpec(1, "Person", "person", person=cast.steward),
        StageSpec(1, "Platform", "platform_admins"),
    ]
    create_rule(actor=cast.owner, name="All", place=port, stages=specs)
    today = timezone.now().date()
    delegate(actor=cast.owner, delegate=approver, starts_on=today, ends_on=today)
    ask(cast.consumer, port)
    ask(cast.owner, port)
    ask(cast.steward, port, cast.playback_quality)
    ask(cast.steward, port, cast.playback_team)
    ask(cast.admin, port)
    RequestStage.objects.filter(pk=RequestStage.objects.first().pk).update(escalated_at=timezone.now())  # type: ignore[union-attr]
    for person in (*cast.everybody().values(), admin, approver, guardian):
        person = User.objects.get(pk=person.pk)  # with nothing remembered of its standing
        listed = {stage.pk for stage in open_stages(person)}
        judged = {
            stage.pk for stage in RequestStage.objects.all() if kernel.can(person, "stage.decide", stage)
        }
        assert listed == judged, person


def test_rules_are_kept_by_those_in_charge_of_the_place(cast: Cast, port: OutputPort) -> None:
    personal = Classification.objects.create(name="Personal", slug="personal")
    for place in (port, cast.listening, personal, None):
        for name, person in cast.everybody().items():
            if name == "admin" or (name == "owner" and place is port):
                continue
            with pytest.raises(NotAllowed):
                create_rule(actor=person, name="Mine", place=place, stages=[])
    rule = create_rule(actor=cast.owner, name="Ours", place=port, stages=[OWNERS])
    with pytest.raises(Conflict):
        create_rule(actor=cast.admin, name="Another", place=port, stages=[])
    with pytest.raises(NotAllowed):
        edit_rule(actor=cast.consumer, rule=rule, name="Mine", stages=[])
    with pytest.raises(Invalid):
        edit_rule(actor=cast.owner, rule=rule, name="Ours", stages=[StageSpec(1, "", "team")])
    with pytest.raises(Invalid):
        edit_rule(actor=cast.owner, rule=rule, name="Ours", stages=[StageSpec(1, "", "owners", quorum=0)])
    assert rule.stages.get().name == "Owners"


def test_open_requests_keep_the_stages_they_were_sent_with(cast: Cast, port: OutputPort) -> None:
    rule = create_rule(actor=cast.owner, name="Ours", place=port, stages=[OWNERS])
    request = ask(cast.consumer, port)
    edit_rule(actor=cast.owner, rule=rule, name="Ours", stages=[])
    delete_rule(actor=cast.owner, rule=rule)
    assert stages(request) == [(1, "Owners")]
    assert not ApprovalRule.objects.exists()
