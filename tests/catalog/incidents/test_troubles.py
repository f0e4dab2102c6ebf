"""One trouble is one incident: opened once, counted, ended by itself, opened again when it comes back soon."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from catalog.incidents.models import Incident, IncidentEvent, IncidentReach
from catalog.incidents.services import resolve_incident
from catalog.incidents.signals import incident_changed, incident_opened
from catalog.incidents.troubles import count_reach, take_note
from catalog.products.models import OutputPort
from tests import factories as make
from tests.catalog.incidents.conftest import See, trouble_of
from tests.conftest import Cast


def kinds(incident: Incident) -> list[str]:
    return list(incident.events.values_list("kind", flat=True))


@pytest.mark.django_db
def test_trouble_seen_again_is_counted_and_told_only_when_it_says_something_new(see: See) -> None:
    first = see()
    see()
    again = see(summary="The door is closed.")
    assert first.pk == again.pk
    assert again.occurrences == 3
    assert again.summary == "The door is closed."
    assert kinds(again) == ["opened", "recurred"]


@pytest.mark.django_db
def test_severity_follows_the_criticality_and_the_consumers_hit(
    cast: Cast, plays: OutputPort, see: See
) -> None:
    below = make.make_port(cast.playback_quality, "quality")
    for number in range(9):
        make.make_input_port(make.make_product(f"Reader {number}", domain=cast.playback), below)
    incident = see()
    assert incident.consumers == 10
    assert incident.severity == "high"
    lonely = make.make_port(cast.playback_quality, "lonely")
    assert see(port=lonely).severity == "low"


@pytest.mark.django_db
def test_the_end_of_the_cause_resolves_the_incident_and_says_so(plays: OutputPort, see: See) -> None:
    incident = see()
    take_note(troubles=[], ended={incident.key: "It is reachable again."}, now=timezone.now())
    incident.refresh_from_db()
    assert incident.status == "resolved"
    assert incident.is_resolved_by_portal
    last = incident.events.last()
    assert last is not None
    assert (last.kind, last.actor_name, last.text) == ("resolved", "portal", "It is reachable again.")


@pytest.mark.django_db
def test_trouble_that_comes_back_soon_is_the_same_incident_and_later_a_new_one(
    plays: OutputPort, see: See, settings: Settings
) -> None:
    settings.INCIDENT_REOPEN_HOURS = 2
    start = timezone.now()
    incident = see(start)
    take_note(troubles=[], ended={incident.key: "Over."}, now=start + timedelta(hours=1))
    soon = see(start + timedelta(hours=2))
    assert soon.pk == incident.pk
    assert soon.status == "open"
    assert kinds(soon) == ["opened", "resolved", "reopened"]
    take_note(troubles=[], ended={incident.key: "Over."}, now=start + timedelta(hours=3))
    assert see(start + timedelta(hours=6)).pk != incident.pk


@pytest.mark.django_db
def test_what_a_person_resolved_stays_so_until_the_cause_ended_and_came_back(
    cast: Cast, plays: OutputPort, see: See, settings: Settings
) -> None:
    settings.INCIDENT_REOPEN_HOURS = 0
    incident = see()
    resolve_incident(actor=cast.owner, incident=incident, text="The store is moved, this is expected.")
    assert see().status == "resolved"
    assert Incident.objects.count() == 1
    now = timezone.now()
    take_note(troubles=[], ended={incident.key: "Over."}, now=now)
    assert kinds(incident) == ["opened", "resolved", "ended"]
    assert see(now + timedelta(minutes=1)).pk != incident.pk


@pytest.mark.django_db
def test_openings_and_changes_are_announced_once_the_transaction_is_kept(
    plays: OutputPort, see: See, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard: list[tuple[str, str]] = []

    def opened(incident: Incident, **_: object) -> None:
        heard.append(("opened", incident.title))

    def changed(incident: Incident, event: IncidentEvent, **_: object) -> None:
        heard.append((event.kind, incident.status))

    incident_opened.connect(opened)
    incident_changed.connect(changed)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            incident = see()
            assert heard == []
        with django_capture_on_commit_callbacks(execute=True):
            see()  # counted, not told
            take_note(troubles=[], ended={incident.key: "Over."}, now=timezone.now())
    finally:
        incident_opened.disconnect(opened)
        incident_changed.disconnect(changed)
    assert heard == [("opened", "plays cannot be reached"), ("resolved", "resolved")]


@pytest.mark.django_db
def test_reach_is_counted_anew_while_trouble_goes_on(cast: Cast, plays: OutputPort, see: See) -> None:
    incident = see()
    newcomer = make.make_product("Newcomer", domain=cast.playback)
    make.make_input_port(newcomer, plays)
    cast.playback_quality.input_ports.all().delete()
    count_reach()
    reached = IncidentReach.objects.filter(incident=incident).values_list("product__name", "steps")
    assert sorted(reached) == [("Newcomer", 1), ("Play events", 0)]


@pytest.mark.django_db
def test_timelines_are_append_only(see: See) -> None:
    events = see().events.all()
    with pytest.raises(TypeError):
        events.update(text="It never happened.")
    with pytest.raises(TypeError):
        events.delete()


@pytest.mark.django_db
@pytest.mark.parametrize("many", [5, 50])
def test_a_store_that_is_away_costs_few_queries_for_what_is_known(
    cast: Cast, many: int, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    ports = [make.make_port(cast.play_events, f"port-{number}") for number in range(many)]
    troubles = [trouble_of(port) for port in ports]
    take_note(troubles=troubles, ended={}, now=timezone.now())
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        take_note(troubles=troubles, ended={}, now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_two_who_see_the_same_trouble_at_once_open_one_incident(cast: Cast) -> None:
    port = make.make_port(cast.play_events, "plays")
    gate, failed = threading.Barrier(4), list[BaseException]()

    def look() -> None:
        try:
            gate.wait(timeout=60)
            take_note(troubles=[trouble_of(port)], ended={}, now=timezone.now())
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not failed
    incident = Incident.objects.get()
    assert incident.occurrences == 4
    assert kinds(incident) == ["opened"]
    assert connection.vendor in ("sqlite", "postgresql")
