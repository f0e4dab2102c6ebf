"""What people do with an incident, and may not do."""

import pytest
from django.utils import timezone

from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.incidents import services
from catalog.incidents.models import Incident, IncidentReach, PublicStatus
from catalog.incidents.services import Report, report_incident
from catalog.incidents.troubles import take_note
from catalog.products.models import DataProduct, Lifecycle, OutputPort
from tests import factories as make
from tests.catalog.incidents.conftest import See
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def late(cast: Cast, plays: OutputPort) -> Incident:
    report = Report("Late since yesterday", "Nothing after 10 o'clock.", port=plays)
    return report_incident(actor=cast.consumer, product=cast.play_events, report=report)


def last(incident: Incident) -> tuple[str, str, str]:
    event = incident.events.last()
    assert event is not None
    return event.kind, event.actor_name, event.text


def test_a_consumer_reports_what_they_see(cast: Cast, late: Incident) -> None:
    assert (late.cause, late.status, late.opened_by) == ("reported", "open", cast.consumer)
    assert (late.severity, late.consumers) == ("medium", 1)
    assert last(late) == ("opened", "Consumer", "Nothing after 10 o'clock.")
    reached = IncidentReach.objects.filter(incident=late).values_list("product__name", "steps")
    assert sorted(reached) == [("Play events", 0), ("Playback quality", 1)]


def test_the_same_report_twice_is_one_incident(cast: Cast, late: Incident, plays: OutputPort) -> None:
    again = Report("late  since YESTERDAY", port=plays)
    with pytest.raises(Conflict, match=f"incident {late.pk}"):
        report_incident(actor=cast.owner, product=cast.play_events, report=again)
    assert Incident.objects.count() == 1
    services.resolve_incident(actor=cast.owner, incident=late)
    report_incident(actor=cast.owner, product=cast.play_events, report=again)
    assert Incident.objects.count() == 2


def test_trouble_of_a_whole_product_reaches_the_readers_of_every_port(cast: Cast, plays: OutputPort) -> None:
    other = make.make_port(cast.play_events, "sessions")
    make.make_input_port(make.make_product("Sessions daily", domain=cast.playback), other)
    made = report_incident(actor=cast.owner, product=cast.play_events, report=Report("All is late"))
    assert (made.port, made.consumers) == (None, 2)


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_a_report_needs_a_title_that_fits(cast: Cast, title: str) -> None:
    with pytest.raises(Invalid):
        report_incident(actor=cast.owner, product=cast.play_events, report=Report(title))
    assert not Incident.objects.exists()


def test_nothing_is_reported_of_a_retired_product_or_of_anothers_port(cast: Cast, plays: OutputPort) -> None:
    with pytest.raises(Invalid):
        report_incident(actor=cast.admin, product=cast.playback_quality, report=Report("x", port=plays))
    DataProduct.objects.update(lifecycle=Lifecycle.RETIRED)
    cast.play_events.refresh_from_db()
    with pytest.raises(Conflict):
        report_incident(actor=cast.owner, product=cast.play_events, report=Report("x"))
    with pytest.raises(NotAllowed):
        report_incident(actor=cast.guest, product=cast.play_events, report=Report("x"))


def test_from_the_first_look_to_the_note(cast: Cast, late: Incident) -> None:
    services.acknowledge_incident(actor=cast.owner, incident=late)
    late.refresh_from_db()
    assert (late.status, late.assignee) == ("acknowledged", cast.owner)
    services.assign_incident(actor=cast.owner, incident=late, assignee=cast.steward)
    assert last(late) == ("assigned", "Owner", "To Steward.")
    services.comment_on_incident(actor=cast.consumer, incident=late, text="Still late.")
    services.rate_incident(actor=cast.steward, incident=late, severity="critical")  # it is theirs now
    assert last(late)[2] == "Medium before, critical now."
    services.resolve_incident(actor=cast.steward, incident=late, text="The loader had stopped.")
    late.refresh_from_db()
    assert (late.status, late.is_resolved_by_portal) == ("resolved", False)
    assert late.cause_ended_at == late.resolved_at
    services.note_incident(actor=cast.owner, incident=late, text="We watch the loader now.")
    services.reopen_incident(actor=cast.owner, incident=late, text="Late again.")
    late.refresh_from_db()
    assert (late.status, late.resolved_at, late.note) == ("open", None, "We watch the loader now.")
    kinds = list(late.events.values_list("kind", flat=True))
    assert kinds == [
        "opened", "acknowledged", "assigned", "commented", "rated", "resolved", "noted", "reopened",
    ]  # fmt: skip


def test_what_the_status_forbids_changes_nothing(cast: Cast, late: Incident) -> None:
    with pytest.raises(Conflict):
        services.reopen_incident(actor=cast.owner, incident=late)
    with pytest.raises(Conflict):
        services.note_incident(actor=cast.owner, incident=late, text="Too early.")
    services.resolve_incident(actor=cast.owner, incident=late)
    with pytest.raises(Conflict):
        services.acknowledge_incident(actor=cast.owner, incident=late)
    assert late.events.count() == 2


def test_who_only_sees_the_product_may_comment_and_no_more(cast: Cast, late: Incident) -> None:
    services.comment_on_incident(actor=cast.consumer, incident=late, text="We see it too.")
    for act in (
        lambda: services.acknowledge_incident(actor=cast.consumer, incident=late),
        lambda: services.resolve_incident(actor=cast.consumer, incident=late),
        lambda: services.rate_incident(actor=cast.consumer, incident=late, severity="low"),
        lambda: services.assign_incident(actor=cast.consumer, incident=late, assignee=cast.consumer),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(NotAllowed):
        services.comment_on_incident(actor=cast.guest, incident=late, text="Hello.")
    assert late.events.count() == 2


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 5_001])
def test_a_comment_has_words_and_an_end(cast: Cast, late: Incident, text: str) -> None:
    with pytest.raises(Invalid):
        services.comment_on_incident(actor=cast.owner, incident=late, text=text)


def test_nobody_gets_it_who_may_not_see_the_product(cast: Cast, late: Incident) -> None:
    with pytest.raises(Invalid):
        services.assign_incident(actor=cast.owner, incident=late, assignee=cast.guest)
    with pytest.raises(Invalid):
        services.rate_incident(actor=cast.owner, incident=late, severity="terrible")


def test_what_ended_by_itself_opens_again_only_by_itself(cast: Cast, see: See) -> None:
    incident = see()
    take_note(troubles=[], ended={incident.key: "Over."}, now=timezone.now())
    with pytest.raises(Conflict, match="Its cause ended"):
        services.reopen_incident(actor=cast.owner, incident=incident)


def test_a_severity_somebody_set_is_left_alone(cast: Cast, see: See) -> None:
    incident = see()
    services.rate_incident(actor=cast.owner, incident=incident, severity="low")
    see(summary="Worse.", criticality="critical")
    incident.refresh_from_db()
    assert incident.severity == "low"


def test_publishers_let_anybody_read_the_status_page(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        services.publish_status(actor=cast.consumer, product=cast.play_events, is_public=True)
    for _ in range(2):
        services.publish_status(actor=cast.owner, product=cast.play_events, is_public=True)
    assert PublicStatus.objects.count() == 1
    services.publish_status(actor=cast.owner, product=cast.play_events, is_public=False)
    assert not PublicStatus.objects.exists()
