"""What makes a notice: what people do with products, ports and contracts, objectives that turn, stores gone dark."""

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.audit import services as audit
from catalog.audit.models import AuditEvent
from catalog.connections.models import Connection
from catalog.contracts.models import PortContract
from catalog.contracts.services import import_document
from catalog.contracts.services.publishing import (
    acknowledge_change,
    propose_change,
    publish_change,
    withdraw_change,
)
from catalog.incidents.models import Incident
from catalog.incidents.services import (
    Report,
    acknowledge_incident,
    assign_incident,
    comment_on_incident,
    report_incident,
    resolve_incident,
)
from catalog.notifications import objectives
from catalog.notifications.defaults import DEFAULTS, HELP
from catalog.notifications.models import Channel, Kind, Notice, Notification, Preference
from catalog.notifications.sources import look_after_sources
from catalog.notifications.telling import fan_out_waiting, tell
from catalog.products import services as products
from catalog.products.models import OutputPort
from catalog.slos.evaluate import Alert, Status
from catalog.slos.evaluating import Turn, evaluate_due
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.services import Given, create_slo, record_measurements
from tests import factories as make
from tests.catalog.contracts.documents import as_yaml, contract
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def plays(cast: Cast) -> OutputPort:
    """A port of Play events that Playback quality reads from."""
    port = make.make_port(cast.play_events, "plays")
    make.make_input_port(cast.playback_quality, port)
    return port


def told() -> dict[str, list[str]]:
    """Title -> the people told, after the worker has been there."""
    fan_out_waiting()
    found: dict[str, list[str]] = {}
    for row in Notification.objects.select_related("notice", "recipient").order_by(
        "notice", "recipient__username"
    ):
        found.setdefault(row.notice.title, []).append(row.recipient.username)
    return found


def test_deprecation_is_told_to_consumers_with_its_date_but_never_names_the_successor(
    cast: Cast, plays: OutputPort
) -> None:
    successor = make.make_product("Hidden successor", domain=cast.listening)
    products.change_lifecycle(
        actor=cast.owner, product=cast.play_events, step="deprecated", successor=successor,
        sunset_at=dt.date(2100, 1, 31), reason="A better one is there.",
    )  # fmt: skip
    assert told() == {"Play events is deprecated": ["steward"]}
    sentence = Notice.objects.get().sentence
    assert "2100-01-31" in sentence
    assert "A better one is there." in sentence
    assert "Hidden successor" not in sentence


def test_other_hands_are_told_to_those_in_charge(cast: Cast) -> None:
    people = {"technical_owner": [cast.steward]}
    products.set_people(actor=cast.admin, product=cast.play_events, people=people)
    assert told() == {"Play events is in other hands": ["owner", "steward"]}
    assert Notice.objects.get().sentence == "Technical owner: nobody → Steward."


def test_team_is_told_of_in_an_edit_of_many_products_at_once(cast: Cast) -> None:
    found = products.bulk_edit(
        actor=cast.admin,
        revisions={cast.play_events.pk: None},
        edit=products.BulkEdit(team=cast.playback_team),
    )
    assert found[0].changes
    assert "Play events is in other hands" in told()


def test_edit_of_words_tells_nobody(cast: Cast) -> None:
    products.edit_product(actor=cast.admin, product=cast.play_events, description="New words.")
    assert not Notice.objects.exists()


def test_new_version_of_a_port_is_told_to_readers_of_the_old_one(cast: Cast, plays: OutputPort) -> None:
    products.new_port_version(actor=cast.owner, port=plays, version="9.0.0")
    products.create_port(actor=cast.owner, product=cast.play_events, name="totals")
    products.edit_port(actor=cast.owner, port=plays, sunset_at=dt.date(2100, 1, 1))
    assert told() == {
        "Play events: plays is offered in version 9.0.0": ["steward"],
        f"Play events: {plays} ends on 2100-01-01": ["steward"],
    }


def test_schema_that_breaks_is_told_to_readers_and_a_harmless_one_to_owners(
    cast: Cast, plays: OutputPort
) -> None:
    for severity in ("breaking", "harmless"):
        detail = {"summary": "1 field removed", "severity": severity, "run": 1}
        audit.record(
            actor=None, verb="port.schema_changed", obj=plays, product_id=plays.product_id, detail=detail
        )
    assert told() == {
        f"Play events: the schema of {plays} breaks readers": ["owner", "steward"],
        f"Play events: the schema of {plays} has changed": ["owner"],
    }


def test_contract_is_told_of_from_proposal_to_force(cast: Cast, plays: OutputPort) -> None:
    PortContract.objects.create(port=plays, contract_key="urn:example:sessions-contract")
    import_document(actor=None, raw=as_yaml(contract()))
    told()
    Notice.objects.all().delete()
    broken = contract()
    broken["schema"][0]["properties"].pop(1)
    raw = as_yaml(contract(version="2.0.0", schema=broken["schema"]))
    withdraw_change(actor=cast.owner, proposal=propose_change(actor=cast.owner, raw=raw))
    proposal = propose_change(actor=cast.owner, raw=raw)
    acknowledge_change(actor=cast.steward, proposal=proposal, product=cast.playback_quality)
    publish_change(actor=cast.owner, proposal=proposal)
    found = {title: people for title, people in told().items() if "contract" in title}
    assert found == {
        "Play events: a breaking contract 2.0.0 is proposed": ["steward", "steward"],
        "Play events: the proposed contract 2.0.0 is withdrawn": ["steward"],
        "Play events: a consumer acknowledged contract 2.0.0": ["owner"],
        "Play events: contract 2.0.0 is in force": ["steward"],
    }


def test_a_change_that_is_undone_leaves_no_notice(cast: Cast) -> None:
    with transaction.atomic():
        products.change_lifecycle(
            actor=cast.owner, product=cast.play_events, step="deprecated", reason="Oops",
            sunset_at=dt.date(2100, 1, 1),
        )  # fmt: skip
        assert Notice.objects.exists()
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


# --- objectives


@pytest.fixture
def slo(cast: Cast, plays: OutputPort) -> ServiceLevelObjective:
    made = create_slo(actor=cast.owner, port=plays, name="Delivered", kind="custom", target=0.9)
    old = timezone.now() - dt.timedelta(days=2)
    ServiceLevelObjective.objects.filter(pk=made.pk).update(created_at=old)
    return made


def measure(slo: ServiceLevelObjective, **counts: int) -> None:
    now = timezone.now()
    at = now - dt.timedelta(minutes=2, seconds=sum(counts.values()) % 60)
    record_measurements(actor=None, slo=slo, measurements=[Given(at, **counts)])
    evaluate_due(now=timezone.now() + dt.timedelta(seconds=1))


def test_missed_objective_is_told_to_owner_and_consumer_when_it_is_evaluated(
    cast: Cast, slo: ServiceLevelObjective
) -> None:
    measure(slo, good=100)
    assert told() == {}
    measure(slo, bad=90)
    assert told() == {f"Play events: Delivered of {slo.port} is missed": ["owner", "steward"]}
    assert Notice.objects.get().link == slo.get_absolute_url()


def test_objective_that_flaps_is_told_once_in_a_while(cast: Cast, slo: ServiceLevelObjective) -> None:
    at = timezone.now()
    missed = [Turn(slo.pk, "good", "bad", "", "page")]
    assert objectives.drafts_of(missed, at)
    tell(objectives.drafts_of(missed, at), now=at)
    assert objectives.drafts_of(missed, at + HOUR) == []
    assert objectives.drafts_of([Turn(slo.pk, "bad", "good", "page", "")], at + HOUR)
    assert objectives.drafts_of(missed, at + 7 * HOUR)


def test_objective_promised_a_moment_ago_surprises_nobody(cast: Cast, slo: ServiceLevelObjective) -> None:
    now = timezone.now()
    ServiceLevelObjective.objects.filter(pk=slo.pk).update(created_at=now)
    assert objectives.drafts_of([Turn(slo.pk, "unknown", "bad", "", "")], now) == []


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ((Status.GOOD, Alert.NONE), (Status.BAD, Alert.PAGE), "missed"),
        ((Status.UNKNOWN, Alert.NONE), (Status.BAD, Alert.NONE), "missed"),
        ((Status.GOOD, Alert.NONE), (Status.WARNING, Alert.PAGE), "page"),
        ((Status.GOOD, Alert.TICKET), (Status.GOOD, Alert.PAGE), "page"),
        ((Status.BAD, Alert.NONE), (Status.BAD, Alert.PAGE), "page"),
        ((Status.GOOD, Alert.NONE), (Status.GOOD, Alert.TICKET), "ticket"),
        ((Status.GOOD, Alert.PAGE), (Status.GOOD, Alert.TICKET), ""),
        ((Status.BAD, Alert.PAGE), (Status.GOOD, Alert.NONE), "kept"),
        ((Status.BAD, Alert.NONE), (Status.UNKNOWN, Alert.NONE), ""),
        ((Status.GOOD, Alert.NONE), (Status.WARNING, Alert.NONE), ""),
    ],
)
def test_worst_of_a_turn_is_told(before: Any, after: Any, what: str) -> None:
    assert objectives.what_happened(Turn(1, before[0], after[0], before[1], after[1])) == what


# --- stores


def failed(connection: Connection, hours_ago: float, verb: str = "connection.crawl_failed") -> None:
    event = audit.record(actor=None, verb=verb, obj=connection)
    at = timezone.now() - hours_ago * HOUR
    QuerySet(AuditEvent).filter(pk=event.pk).update(at=at)  # a plain one: the trail's own refuses


def dark(connection: Connection, failures: int) -> None:
    Connection.objects.filter(pk=connection.pk).update(
        failures_in_row=failures, check_error="The store did not answer."
    )


def test_store_gone_dark_is_told_once_to_its_team_and_to_owners_of_what_lies_in_it(cast: Cast) -> None:
    store = make.make_connection("Lake", team=cast.playback_team)
    make.make_port(cast.play_events, "plays", connection=store)
    failed(store, 30, "connection.crawled")
    for hours_ago in (3, 2, 1.5):
        failed(store, hours_ago)
    dark(store, 3)
    assert look_after_sources() == 1
    assert look_after_sources() == 0
    assert told() == {
        "Lake cannot be read for a while": ["steward"],
        "Play events cannot be read for a while": ["owner"],
    }
    assert "Lake" not in Notice.objects.get(product=cast.play_events).sentence
    failed(store, 1, "connection.crawled")
    dark(store, 0)
    assert look_after_sources() == 0
    for hours_ago in (0.9, 0.8, 0.7):
        failed(store, hours_ago)
    dark(store, 3)
    assert look_after_sources() == 0, "not for a while yet"
    assert look_after_sources(now=timezone.now() + HOUR) == 1


def test_store_that_is_paused_or_failed_once_is_not_told_of(cast: Cast) -> None:
    store = make.make_connection("Lake", team=cast.playback_team)
    for hours_ago in (5, 4, 3):
        failed(store, hours_ago)
    dark(store, 2)
    assert look_after_sources() == 0
    dark(store, 9)
    Connection.objects.filter(pk=store.pk).update(is_paused=True)
    assert look_after_sources() == 0


def test_kinds_of_notices_are_those_people_choose_for(cast: Cast) -> None:
    assert set(DEFAULTS) == set(HELP) == set(Kind.values)


# --- incidents


def test_incident_is_told_from_its_beginning_to_its_end(cast: Cast, plays: OutputPort) -> None:
    incident = report_incident(
        actor=cast.admin,
        product=cast.play_events,
        report=Report("Rows are missing", "Since noon.", port=plays),
    )
    acknowledge_incident(actor=cast.admin, incident=incident)
    assign_incident(actor=cast.admin, incident=fresh(incident), assignee=cast.owner)
    comment_on_incident(actor=cast.admin, incident=fresh(incident), text="Looking.")
    resolve_incident(actor=cast.admin, incident=fresh(incident))
    assert told() == {
        "Play events: Rows are missing": ["owner", "steward"],
        "Play events: Admin looks after “Rows are missing”": ["owner"],
        "Play events: “Rows are missing” is yours to look after": ["owner"],
        "Play events: over: Rows are missing": ["owner", "steward"],
    }
    first = Notice.objects.filter(kind=Kind.INCIDENT).order_by("pk")[0]
    assert "Since noon." in first.sentence
    assert first.link == incident.get_absolute_url()


def fresh(incident: Incident) -> Incident:
    return Incident.objects.get(pk=incident.pk)


def test_incident_of_a_missed_objective_is_not_told_a_second_time(
    cast: Cast, slo: ServiceLevelObjective, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        measure(slo, good=10)
        measure(slo, bad=90)
    assert Incident.objects.get().slo == slo
    assert told() == {f"Play events: Delivered of {slo.port} is missed": ["owner", "steward"]}
    with django_capture_on_commit_callbacks(execute=True):
        measure(slo, good=2000)
    assert Incident.objects.get().status == "resolved"
    assert set(told()) == {
        f"Play events: Delivered of {slo.port} is missed",
        f"Play events: Delivered of {slo.port} is kept again",
    }


def test_who_wants_to_hear_of_incidents_alone_hears_of_a_missed_objective(
    cast: Cast, slo: ServiceLevelObjective, django_capture_on_commit_callbacks: Any
) -> None:
    Preference.objects.create(user=cast.owner, kind=Kind.SLO, channel=Channel.OFF)
    for bad in (0, 90):
        with django_capture_on_commit_callbacks(execute=True):
            measure(slo, good=10, bad=bad)
    with django_capture_on_commit_callbacks(execute=True):
        measure(slo, good=2000)
    told()
    heard = Notification.objects.values_list("notice__kind", "recipient__username").order_by("pk")
    assert list(heard) == [(Kind.SLO, "steward"), (Kind.INCIDENT, "owner")] * 2  # missed, and over


def test_incident_of_an_objective_nobody_was_told_of_is_told(
    cast: Cast, slo: ServiceLevelObjective, django_capture_on_commit_callbacks: Any
) -> None:
    ServiceLevelObjective.objects.filter(pk=slo.pk).update(created_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        measure(slo, bad=90)
    assert list(told().values()) == [["owner", "steward"]]
    assert Notice.objects.get().kind == Kind.INCIDENT


def test_only_who_is_concerned_hears_of_an_incident(cast: Cast) -> None:
    cast.play_events.visibility = "private"
    cast.play_events.save()
    report_incident(actor=cast.admin, product=cast.play_events, report=Report("Rows are missing"))
    assert told() == {"Play events: Rows are missing": ["owner"]}
