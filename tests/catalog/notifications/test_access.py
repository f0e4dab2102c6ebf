"""Access is told to those it concerns: who decides, then the consumer; and to nobody besides."""

import datetime as dt

import pytest
from django.utils import timezone

from catalog.access.models import Agreement, ApprovalRule
from catalog.access.services.agreeing import mark_provisioning, revoke_agreement
from catalog.access.services.deciding import decide_stage
from catalog.access.services.ending import escalate_due, expire_due, remind_deciders, remind_due
from catalog.access.services.leaving import end_access_of
from catalog.access.services.releasing import release_agreement
from catalog.access.services.requests import comment
from catalog.access.services.rules import set_terms
from catalog.access.states import Event
from catalog.accounts.models import Membership, Role, Team, User
from catalog.audit.models import AuditEvent, OutboxEvent
from catalog.common.errors import Conflict
from catalog.incidents import services as incidents
from catalog.notifications.models import Notification
from catalog.notifications.telling import fan_out_waiting
from catalog.products import services as products
from catalog.products.models import OutputPort, Visibility
from tests import factories as make
from tests.catalog.access.asking import agreed, ask, stage_of
from tests.conftest import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    return make.make_port(cast.play_events, "plays")


def titles(person: User, kind: str = "access") -> list[str]:
    fan_out_waiting()
    rows = Notification.objects.visible_to(person).filter(notice__kind=kind)
    return list(rows.order_by("pk").values_list("notice__title", flat=True))


def test_those_who_decide_hear_of_the_request_and_the_consumer_of_the_decision(
    cast: Cast, port: OutputPort
) -> None:
    request = ask(cast.consumer, port)
    assert titles(cast.owner) == ["Consumer asks for access to Play events, plays 1.0.0"]
    assert titles(cast.consumer) == titles(cast.steward) == []
    decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=False, note="Ask for the totals.")
    assert titles(cast.consumer) == ["Access of Consumer to Play events, plays 1.0.0 is denied"]
    told = Notification.objects.get(recipient=cast.consumer)
    assert told.notice.sentence == "Ask for the totals. You can ask again."
    assert titles(cast.steward) == []


def test_granted_revoked_and_ended_reach_the_consumer(cast: Cast, port: OutputPort) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="It moves.")
    expire_due(now=timezone.now() + dt.timedelta(days=30))
    words = [title.rpartition(" 1.0.0 ")[2] for title in titles(cast.consumer)]
    assert words == ["is approved", "is there", "is revoked", "has ended"]


def test_ends_are_told_at_thirty_fourteen_and_three_days(cast: Cast, port: OutputPort) -> None:
    now = timezone.now()
    agreed(cast.consumer, port, cast.owner)
    for days in (50, 62, 63, 77, 88):
        remind_due(now=now + dt.timedelta(days=days))
    ends = [title.rpartition("ends ")[2] for title in titles(cast.consumer) if "ends within" in title]
    assert ends == ["within 30 days", "within 14 days", "within 3 days"]


def test_a_teams_access_is_told_to_its_members(cast: Cast, port: OutputPort) -> None:
    insights = Team.objects.get(name="Insights")
    colleague = make.make_user("colleague")
    make.make_membership(colleague, Role.VIEWER, insights)
    agreed(cast.consumer, port, cast.owner, insights)
    expected = ["Access of Insights to Play events, plays 1.0.0 is approved"]
    assert titles(colleague) == titles(cast.consumer) == expected
    Membership.objects.filter(user=colleague).delete()
    assert titles(User.objects.get(pk=colleague.pk)) == []


def test_a_request_for_what_was_hidden_since_is_told_no_longer_to_who_decided(
    cast: Cast, port: OutputPort
) -> None:
    ApprovalRule.objects.create(name="Mesh").stages.create(approvers="person", person=cast.steward, name="S")
    ask(cast.consumer, port)
    assert len(titles(cast.steward)) == 1
    cast.play_events.visibility = Visibility.PRIVATE
    cast.play_events.save()
    assert titles(cast.steward) == []


def test_an_agreement_that_is_gone_takes_its_notices_along(cast: Cast, port: OutputPort) -> None:
    agreed(cast.consumer, port, cast.owner)
    assert titles(cast.consumer)
    Agreement.objects.all().delete()
    assert titles(cast.consumer) == []


def test_somebody_who_is_no_longer_in_charge_is_told(cast: Cast) -> None:
    people = {"steward": [cast.steward]}
    products.set_people(actor=cast.owner, product=cast.play_events, people=people)
    products.set_people(actor=cast.owner, product=cast.play_events, people={"steward": []})
    assert "You are no longer steward of Play events" in titles(cast.steward, "people")
    assert "You are no longer" not in str(titles(cast.owner, "people"))


def test_incidents_reach_two_steps_downstream_and_whoever_has_access(cast: Cast, port: OutputPort) -> None:
    agreed(cast.consumer, port, cast.owner)
    far_owner = make.make_user("far")
    far = make.make_product("Far", domain=cast.playback)
    make.make_stewardship(far, far_owner, "steward")
    make.make_membership(far_owner, Role.VIEWER, cast.playback_team)
    make.make_input_port(cast.playback_quality, port)
    make.make_input_port(far, make.make_port(cast.playback_quality, "quality"))
    report = incidents.Report(title="Late", port=port)
    incidents.report_incident(actor=cast.owner, product=cast.play_events, report=report)
    for person in (cast.steward, far_owner, cast.consumer):
        assert len(titles(person, "incident")) == 1, person
    row = Notification.objects.get(recipient=far_owner)
    assert row.reason == Notification.Reason.DOWNSTREAM


def test_deciders_are_reminded_once_before_it_escalates_and_not_who_has_spoken(
    cast: Cast, port: OutputPort
) -> None:
    colleague = make.make_user("colleague")
    make.make_membership(colleague, Role.BUSINESS_OWNER, cast.listening_team)
    rule = ApprovalRule.objects.create(name="Two of them", port=port)
    rule.stages.create(step=1, name="Owners", approvers="owners", quorum=2, remind_days=2, escalate_days=5)
    rule.stages.create(step=2, name="Privacy", approvers="governance", escalate_days=5)
    request, now = ask(cast.consumer, port), timezone.now()
    asked = "Consumer asks for access to Play events, plays 1.0.0"
    assert titles(cast.owner) == titles(colleague) == [asked]
    decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=True)
    assert titles(cast.owner) == titles(colleague) == [asked]  # nobody hears again of what they know
    assert titles(cast.admin) == []
    day = dt.timedelta(days=1)
    assert [remind_deciders(now=now + days * day) for days in (1, 3, 4)] == [0, 1, 0]
    assert titles(colleague) == [asked, f"Still waits: {asked}"]
    assert titles(cast.owner) == [asked]
    escalate_due(now=now + 6 * day)
    assert titles(colleague)[-1] == f"Waiting too long: {asked}"
    governor = make.make_user("governor")
    make.make_membership(governor, Role.GOVERNANCE, None)
    decide_stage(actor=colleague, stage=stage_of(request), is_approval=True)
    assert titles(governor) == [asked]  # now it is their turn
    assert len(titles(colleague)) == 3


def test_a_stage_that_is_never_reminded_of_or_too_late_is_not(cast: Cast, port: OutputPort) -> None:
    rule = ApprovalRule.objects.create(name="Fast", port=port)
    rule.stages.create(step=1, name="Owners", approvers="owners", remind_days=0, escalate_days=5)
    rule.stages.create(step=1, name="Late", approvers="domain_admins", remind_days=5, escalate_days=5)
    ask(cast.consumer, port)
    assert remind_deciders(now=timezone.now() + dt.timedelta(days=30)) == 0


def test_a_release_is_told_to_those_who_answer_for_the_port(cast: Cast, port: OutputPort) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    release_agreement(actor=cast.consumer, agreement=agreement, reason="We are done.")
    words = "Consumer gives back the access to Play events, plays 1.0.0"
    assert titles(cast.owner)[-1] == words
    assert words not in titles(cast.consumer)
    assert words not in titles(cast.steward)


def test_an_end_is_noted_as_told_only_where_it_is_told(
    cast: Cast, port: OutputPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    near = timezone.now() + dt.timedelta(days=80)

    def die(*_: object) -> None:
        raise RuntimeError("The worker ends here.")

    with monkeypatch.context() as patched:
        patched.setattr("catalog.notifications.receivers.tell", die)
        assert remind_due(now=near) == 0
    assert not OutboxEvent.objects.filter(type="access.ending").exists()
    assert Agreement.objects.get(pk=agreement.pk).reminded_days is None
    assert remind_due(now=near) == 1
    assert OutboxEvent.objects.filter(type="access.ending").count() == 1


@pytest.mark.parametrize(
    "listener", ["catalog.notifications.receivers.tell", "catalog.events.receivers.publish_all"]
)
def test_an_approval_nobody_can_be_told_of_is_undone(
    cast: Cast, port: OutputPort, monkeypatch: pytest.MonkeyPatch, listener: str
) -> None:
    request = ask(cast.consumer, port)

    def die(*_: object) -> None:
        raise RuntimeError("It cannot be told.")

    with monkeypatch.context() as patched:
        patched.setattr(listener, die)
        with pytest.raises(RuntimeError):
            decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=True)
    request.refresh_from_db()
    assert (request.decision, request.agreement.provisioning) == ("submitted", "")
    assert not AuditEvent.objects.filter(verb="agreement.approved").exists()
    decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=True)
    assert OutboxEvent.objects.filter(type="access.decided").exists()
    assert titles(cast.consumer)


def test_the_other_side_hears_of_a_comment(
    cast: Cast, port: OutputPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ask(cast.consumer, port)
    titles(cast.owner)
    comment(actor=cast.consumer, request=request, text="It is urgent.")
    said = "Consumer said something about access of Consumer to Play events, plays 1.0.0"
    assert (titles(cast.owner)[1:], titles(cast.consumer)) == ([said], [])
    comment(actor=cast.owner, request=request, text="Why?")
    answered = said.replace("Consumer said", "Owner said")
    assert (titles(cast.owner)[1:], titles(cast.consumer)) == ([said], [answered])
    told = Notification.objects.get(recipient=cast.consumer)
    assert told.notice.link == request.get_absolute_url()
    decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=True)
    request.refresh_from_db()
    comment(actor=cast.consumer, request=request, text="Thank you.")
    assert titles(cast.owner)[-1] == said
    assert AuditEvent.objects.filter(verb="agreement.commented").count() == 3
    monkeypatch.setattr("catalog.access.services.requests.MOST_COMMENTS", 3)
    with pytest.raises(Conflict, match="at most 3 comments"):
        comment(actor=cast.consumer, request=request, text="And another thing.")
    assert titles(cast.steward) == []


def by_hand(person: User) -> list[str]:
    return [title for title in titles(person) if "by hand" in title]


def test_owners_are_told_once_what_is_to_be_granted_and_removed_by_hand(cast: Cast, port: OutputPort) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    whose = "access of Consumer to Play events, plays 1.0.0"
    assert by_hand(cast.owner) == [f"To grant by hand: {whose}"]
    told = Notification.objects.get(recipient=cast.owner, notice__title__contains="by hand")
    assert told.notice.link == agreement.get_absolute_url()
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="It moves.")  # after its notice
    assert len(by_hand(cast.owner)) == 1
    for _ in range(2):
        expire_due(now=timezone.now() + dt.timedelta(days=30))
    assert by_hand(cast.owner)[1:] == [f"To remove by hand: {whose}"]
    assert by_hand(cast.consumer) == []


@pytest.mark.parametrize("how", ["revoked", "released", "person"])
def test_every_way_to_end_tells_of_what_is_to_be_removed_by_hand(
    cast: Cast, port: OutputPort, how: str
) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    if how == "revoked":
        revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    elif how == "released":
        release_agreement(actor=cast.consumer, agreement=agreement)
    else:
        end_access_of(person_id=cast.consumer.pk, now=timezone.now())
    assert by_hand(cast.owner)[1:] == ["To remove by hand: access of Consumer to Play events, plays 1.0.0"]


def test_nobody_is_told_to_do_by_hand_what_is_done_otherwise(cast: Cast, port: OutputPort) -> None:
    set_terms(actor=cast.owner, port=port, provisioner="none")
    agreement = agreed(cast.consumer, port, cast.owner)
    assert by_hand(cast.owner) == []
    set_terms(actor=cast.owner, port=port, provisioner="manual")
    assert by_hand(cast.owner) == ["To grant by hand: access of Consumer to Play events, plays 1.0.0"]
    assert titles(cast.consumer)[-1].endswith("has to be granted in the store now")
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    assert len(by_hand(cast.owner)) == 1  # nothing was there to be removed
