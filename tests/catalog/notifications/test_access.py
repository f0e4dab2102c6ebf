"""Access is told to those it concerns: who decides, then the consumer; and to nobody besides."""

import datetime as dt

import pytest
from django.utils import timezone

from catalog.access.models import Agreement, ApprovalRule
from catalog.access.services.agreeing import mark_provisioning, revoke_agreement
from catalog.access.services.deciding import decide_stage
from catalog.access.services.ending import expire_due, remind_due
from catalog.access.states import Event
from catalog.accounts.models import Membership, Role, Team, User
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
