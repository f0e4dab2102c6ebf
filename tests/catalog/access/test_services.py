"""Asking, deciding, granting, ending: who may, what is refused, what is kept."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from catalog.access.models import AccessRequest, Agreement, RequestStage
from catalog.access.services.agreeing import mark_provisioning, revoke_agreement
from catalog.access.services.deciding import decide_many, decide_stage
from catalog.access.services.requests import (
    discard_draft,
    draft_request,
    edit_draft,
    submit_request,
    withdraw_request,
)
from catalog.access.services.rules import set_terms
from catalog.access.states import Event
from catalog.accounts.models import Role
from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.products.models import OutputPort
from catalog.vocabulary.models import Classification, Purpose
from tests import factories as make
from tests.catalog.access.asking import agreed, ask, stage_of
from tests.conftest import Cast

DAY = dt.timedelta(days=1)


def verdict(agreement: Agreement, now: dt.datetime | None = None) -> tuple[str, str]:
    found = Agreement.objects.get(pk=agreement.pk).verdict(now or timezone.now())
    return found.meaning, found.word


def test_from_asking_to_the_end(cast: Cast, port: OutputPort) -> None:
    request = ask(cast.consumer, port)
    agreement = request.agreement
    assert (request.decision, verdict(agreement)) == ("submitted", ("unknown", "no access"))
    decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=True)
    assert verdict(agreement) == ("warning", "agreed, not granted yet")  # approval alone is never green
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    assert verdict(agreement) == ("good", "granted")
    agreement.refresh_from_db()
    assert agreement.verified_at is not None
    later = timezone.now() + 91 * DAY
    assert verdict(agreement, later) == ("bad", "expired, not removed yet")
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.REMOVED, now=later)
    assert verdict(agreement, later) == ("unknown", "expired")
    told = AuditEvent.objects.about("agreement", agreement.pk).values_list("verb", flat=True)
    assert list(reversed(told)) == [
        "agreement.requested", "agreement.stage_approved", "agreement.approved", "agreement.granted",
        "agreement.removed",
    ]  # fmt: skip
    assert not AuditEvent.objects.of_product(cast.play_events.pk).exists()  # its activity names no consumer


def test_a_port_that_asks_nobody_is_open_as_soon_as_it_is_agreed(cast: Cast, port: OutputPort) -> None:
    set_terms(actor=cast.owner, port=port, provisioner="none")
    assert verdict(agreed(cast.consumer, port, cast.owner)) == ("good", "open to you")


def test_nobody_decides_their_own_request(cast: Cast, port: OutputPort) -> None:
    """Neither by themselves, nor as member of the consuming team, nor in charge of the consuming product."""
    deputy = make.make_user("deputy")
    make.make_membership(deputy, Role.TECHNICAL_OWNER, cast.listening_team)
    own = ask(cast.owner, port)
    with pytest.raises(NotAllowed):
        decide_stage(actor=cast.owner, stage=stage_of(own), is_approval=True)
    decide_stage(actor=deputy, stage=stage_of(own), is_approval=False, note="Ask for the team.")

    for_team = ask(cast.owner, port, cast.listening_team)
    for person in (cast.owner, deputy):
        with pytest.raises(NotAllowed):
            decide_stage(actor=person, stage=stage_of(for_team), is_approval=True)
    assert stage_of(for_team).falls_to == "platform"  # nobody else is left, and that is said
    decide_stage(actor=cast.admin, stage=stage_of(for_team), is_approval=True)

    make.make_stewardship(cast.playback_quality, deputy, "steward")
    for_product = ask(cast.steward, port, cast.playback_quality)
    with pytest.raises(NotAllowed):
        decide_stage(actor=deputy, stage=stage_of(for_product), is_approval=True)
    decide_stage(actor=cast.owner, stage=stage_of(for_product), is_approval=True)


def test_where_nobody_may_decide_nothing_is_approved(cast: Cast, port: OutputPort) -> None:
    cast.owner.is_active = False
    cast.owner.save()
    request = ask(cast.admin, port)
    assert stage_of(request).falls_to == "platform"
    for person in cast.everybody().values():
        with pytest.raises(NotAllowed):
            decide_stage(actor=person, stage=stage_of(request), is_approval=True)
    assert AccessRequest.objects.get().decision == "submitted"


def test_who_may_decide_is_named_and_nobody_else_decides(cast: Cast, port: OutputPort) -> None:
    request = ask(cast.consumer, port)
    for name, person in cast.everybody().items():
        if name != "owner":
            with pytest.raises(NotAllowed):
                decide_stage(actor=person, stage=stage_of(request), is_approval=True)
    assert not request.agreement.starts_at


def test_a_denial_needs_a_note_and_asking_again_is_possible(cast: Cast, port: OutputPort) -> None:
    first = ask(cast.consumer, port)
    with pytest.raises(Invalid) as error:
        decide_stage(actor=cast.owner, stage=stage_of(first), is_approval=False, note="  ")
    assert error.value.problems[0].path == "note"
    decide_stage(actor=cast.owner, stage=stage_of(first), is_approval=False, note="Too broad.")
    second = ask(cast.consumer, port)
    assert second.agreement == first.agreement
    decide_stage(actor=cast.owner, stage=stage_of(second), is_approval=True)
    assert [item.decision for item in second.agreement.requests.order_by("pk")] == ["denied", "approved"]


def test_a_double_click_decides_once_and_submits_once(cast: Cast, port: OutputPort) -> None:
    request = ask(cast.consumer, port)
    stage = stage_of(request)
    decide_stage(actor=cast.owner, stage=stage, is_approval=True)
    for again in (True, False):
        with pytest.raises(Conflict):
            decide_stage(actor=cast.owner, stage=stage, is_approval=again, note="x")
    with pytest.raises(Conflict):
        submit_request(actor=cast.consumer, request=request)
    with pytest.raises(Conflict):
        edit_draft(actor=cast.consumer, request=request, purpose="Something else.")
    with pytest.raises(Conflict):
        withdraw_request(actor=cast.consumer, request=request)
    assert RequestStage.objects.count() == 1


def test_only_one_request_of_a_consumer_waits_at_a_time(cast: Cast, port: OutputPort) -> None:
    first = ask(cast.consumer, port)
    with pytest.raises(Conflict):
        ask(cast.consumer, port)
    withdraw_request(actor=cast.consumer, request=first)
    ask(cast.consumer, port)


def test_a_draft_is_its_writers_alone(cast: Cast, port: OutputPort) -> None:
    drafted = draft_request(actor=cast.consumer, port=port, consumer=cast.consumer)
    for name, person in cast.everybody().items():
        seen = AccessRequest.objects.visible_to(person).exists()
        assert seen == (name == "consumer")
        assert not Agreement.objects.visible_to(person).exists()
    with pytest.raises(NotAllowed):
        submit_request(actor=cast.owner, request=drafted)
    discard_draft(actor=cast.consumer, request=drafted)
    assert not Agreement.objects.exists()


def test_one_asks_for_oneself_ones_team_and_ones_product_only(cast: Cast, port: OutputPort) -> None:
    for consumer in (cast.owner, cast.playback_team, cast.playback_quality):
        with pytest.raises(NotAllowed):
            draft_request(actor=cast.consumer, port=port, consumer=consumer)
    with pytest.raises(NotAllowed):
        draft_request(actor=cast.guest, port=port, consumer=cast.guest)
    with pytest.raises(Invalid):
        draft_request(actor=cast.owner, port=port, consumer=cast.play_events)


TODAY = timezone.now().date()


@pytest.mark.parametrize(
    ("wishes", "path"),
    [
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"days": 10**9}, "days"),
        ({"days": 10, "ends_on": TODAY + DAY}, "days"),
        ({"days": None}, "ends_on"),
        ({"ends_on": TODAY - DAY}, "ends_on"),
        ({"ends_on": dt.date(9999, 12, 31)}, "ends_on"),
        ({"ends_on": TODAY + 366 * DAY}, "ends_on"),
        ({"starts_on": dt.date(9999, 12, 31), "days": 3}, "starts_on"),
        ({"starts_on": TODAY - DAY, "days": 3}, "starts_on"),
        ({"starts_on": TODAY + 9 * DAY, "ends_on": TODAY + 3 * DAY}, "ends_on"),
        ({"purpose": " "}, "purpose"),
        ({"mode": "writer"}, "mode"),
        ({"columns": ["customer"]}, "columns"),
        ({"kind": "renew"}, "kind"),
        ({"kind": "change"}, "kind"),
        ({"kind": "release"}, "kind"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_field(
    cast: Cast, port: OutputPort, wishes: dict[str, Any], path: str
) -> None:
    with pytest.raises(Invalid) as error:
        ask(cast.consumer, port, **wishes)
    assert path in {problem.path for problem in error.value.problems}
    assert not AccessRequest.objects.exclude(decision="draft").exists()


def test_data_about_people_needs_a_purpose_of_the_mesh(cast: Cast, port: OutputPort) -> None:
    cast.play_events.classification = Classification.objects.create(
        name="Personal", slug="personal", is_personal=True
    )
    cast.play_events.save()
    with pytest.raises(Invalid) as error:
        ask(cast.consumer, port)
    assert error.value.problems[0].path == "purposes"
    ask(cast.consumer, port, purposes=[Purpose.objects.create(name="Reporting", slug="reporting")])


def test_columns_are_chosen_among_those_there_are(cast: Cast) -> None:
    asset = make.make_asset(name="plays")
    make.make_schema(asset, {"play_id": "string", "email": "string"})
    port = make.make_port(cast.play_events, "plays", asset=asset)
    set_terms(actor=cast.owner, port=port, may_choose_columns=True, modes=["masked", "plain"])
    with pytest.raises(Invalid):
        ask(cast.consumer, port, columns=["salary"], mode="masked")
    agreement = agreed(cast.consumer, port, cast.owner, columns=["play_id"], mode="masked")
    assert (agreement.columns, agreement.mode) == (["play_id"], "masked")


def test_a_revocation_gives_notice_and_says_why(cast: Cast, port: OutputPort) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    with pytest.raises(Invalid):
        revoke_agreement(actor=cast.owner, agreement=agreement, reason=" ")
    with pytest.raises(NotAllowed):
        revoke_agreement(actor=cast.steward, agreement=agreement, reason="Because.")
    revoked = revoke_agreement(actor=cast.owner, agreement=agreement, reason="The source is closed.")
    assert verdict(revoked) == ("warning", "granted, ends soon")
    assert verdict(revoked, timezone.now() + 15 * DAY) == ("bad", "revoked, not removed yet")
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="A breach.", at_once=True)
    agreement.refresh_from_db()
    assert (agreement.provisioning, agreement.cut_short_reason) == ("removing", "A breach.")
    with pytest.raises(Conflict):
        revoke_agreement(actor=cast.owner, agreement=agreement, reason="Again.")
    with pytest.raises(Conflict):
        mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)


def test_a_consumer_gives_back_without_asking_anybody(cast: Cast, port: OutputPort) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    request = ask(cast.consumer, port, kind="release", purpose="The report is done.")
    assert (request.decision, request.stages.count()) == ("approved", 0)
    agreement.refresh_from_db()
    assert (agreement.cut_short, agreement.provisioning) == ("released", "removed")
    assert verdict(agreement) == ("unknown", "revoked")


def test_a_renewal_asks_for_the_reason_anew_and_keeps_what_is_granted(cast: Cast, port: OutputPort) -> None:
    start = timezone.now() - 80 * DAY
    agreement = agreed(cast.consumer, port, cast.owner, now=start)
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED, now=start)
    assert verdict(agreement) == ("warning", "granted, ends soon")
    with pytest.raises(Invalid):
        ask(cast.consumer, port, kind="renew", purpose="")
    AccessRequest.objects.filter(decision="draft").delete()
    agreed(cast.consumer, port, cast.owner, kind="renew", purpose="The report goes on.", days=300)
    assert verdict(agreement) == ("good", "granted")


def test_a_change_must_be_granted_anew(cast: Cast, port: OutputPort) -> None:
    set_terms(actor=cast.owner, port=port, modes=["masked", "plain"])
    agreement = agreed(cast.consumer, port, cast.owner, mode="masked")
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    ends_at = Agreement.objects.get().ends_at
    agreed(cast.consumer, port, cast.owner, kind="change", mode="plain")
    assert verdict(agreement) == ("warning", "being granted")
    assert Agreement.objects.get().ends_at == ends_at


def test_what_time_has_overtaken_cannot_be_approved(cast: Cast, port: OutputPort) -> None:
    request = ask(cast.consumer, port, ends_on=TODAY)
    late = timezone.now() + 3 * DAY
    with pytest.raises(Conflict):
        decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=True, now=late)
    assert AccessRequest.objects.get().decision == "submitted"
    decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=False, note="Too late.", now=late)


def test_nothing_is_granted_before_it_begins(cast: Cast, port: OutputPort) -> None:
    agreement = agreed(cast.consumer, port, cast.owner, starts_on=TODAY + 5 * DAY)
    assert verdict(agreement) == ("unknown", "scheduled")
    with pytest.raises(Conflict):
        mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)


def test_many_are_decided_each_by_itself(cast: Cast, port: OutputPort) -> None:
    other = make.make_port(cast.playback_quality, "quality")
    stages = [stage_of(ask(cast.consumer, port)), stage_of(ask(cast.consumer, other))]
    done, refused = decide_many(actor=cast.owner, stages=stages, is_approval=True)
    assert done == 1
    assert [item.words for item in refused] == ["You may not decide this request."]


def test_agreements_are_seen_by_both_sides_and_nobody_else(cast: Cast, port: OutputPort) -> None:
    agreed(cast.consumer, port, cast.owner)
    seen = {
        name for name, person in cast.everybody().items() if Agreement.objects.visible_to(person).exists()
    }
    assert seen == {"owner", "consumer", "admin"}
    asked = {
        name for name, person in cast.everybody().items() if AccessRequest.objects.visible_to(person).exists()
    }
    assert asked == seen
