"""Who saw what was changed: to those who answer for a product and to auditors; reading is recorded once a day."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.audit import chain
from catalog.audit.models import AuditEvent, ReadMark
from catalog.audit.reading import record_read
from catalog.contracts.models import Acknowledgement, ChangeProposal, ContractVersion, DataContract
from catalog.notifications import told
from catalog.notifications.models import Notice, Notification, Subscription
from catalog.notifications.services import mark_read
from catalog.notifications.telling import fan_out_waiting
from catalog.products import services as products
from tests import factories as make
from tests.catalog.access.asking import agreed
from tests.conftest import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deprecated(cast: Cast) -> Notice:
    """Play events is deprecated; the consumer watches it."""
    Subscription.objects.create(user=cast.consumer, target="product", product=cast.play_events)
    products.change_lifecycle(
        actor=cast.owner,
        product=cast.play_events,
        step="deprecated",
        sunset_at=dt.date(2100, 1, 31),
        reason="Old.",
    )
    fan_out_waiting()
    return Notice.objects.get(kind="lifecycle")


def test_owners_see_who_was_told_and_who_opened_it(cast: Cast, deprecated: Notice) -> None:
    assert [row.pk for row in told.changes_for(cast.owner)] == [deprecated.pk]
    assert list(told.changes_for(cast.consumer)) == []
    assert list(told.changes_for(cast.steward)) == []
    assert [row.pk for row in told.changes_for(cast.admin)] == [deprecated.pk]
    (seen,) = told.seen_of(deprecated, told.people_of(deprecated))
    assert (seen.person, seen.reason, seen.opened_at) == (cast.consumer, "you watch it", None)
    mark_read(actor=cast.consumer)
    (seen,) = told.seen_of(deprecated, told.people_of(deprecated))
    assert seen.opened_at is not None
    assert told.counts_of([deprecated])[deprecated.pk] == told.Counts(1, 1, 0)


def test_the_page_the_file_and_the_api_agree(cast: Cast, deprecated: Notice, client: Client) -> None:
    client.force_login(cast.owner)
    assert deprecated.title in client.get("/notifications/told/").content.decode()
    assert "not opened" in client.get(f"/notifications/told/{deprecated.pk}/").content.decode()
    for address in (f"/notifications/told/{deprecated.pk}/?format=csv", "/notifications/told/?format=csv"):
        body = b"".join(client.get(address).streaming_content).decode()  # type: ignore[attr-defined]
        assert "listening/play-events" in body
        assert "Consumer,you watch it" in body
    (change,) = client.get("/api/v1/notifications/told/").json()["results"]
    assert (change["told"], change["opened"], change["changed_by"]) == (1, 0, "Owner")
    (person,) = client.get(f"/api/v1/notifications/told/{deprecated.pk}/").json()["results"]
    assert (person["person"], person["opened_at"]) == ("Consumer", None)
    assert client.get("/notifications/told/?from=2100-01-01").content.decode().count(deprecated.title) == 0
    client.force_login(cast.consumer)
    assert client.get(f"/notifications/told/{deprecated.pk}/").status_code == 404
    assert client.get(f"/api/v1/notifications/told/{deprecated.pk}/").status_code == 404


def test_acknowledgements_of_a_breaking_version_stand_beside_the_person(cast: Cast) -> None:
    contract = DataContract.objects.create(key="urn:plays", name="Plays", product=cast.play_events)
    version = ContractVersion.objects.create(
        contract=contract, number=1, version="1.0.0", original=b"{}", imported_at=timezone.now()
    )
    proposal = ChangeProposal.objects.create(
        contract=contract, base=version, original=b"{}", version="2.0.0", proposed_by=cast.owner
    )
    event = AuditEvent(
        actor_name="Owner", verb="contract.proposed", object_kind="contract", object_id=contract.pk,
        object_name="Plays", detail={"proposal": proposal.pk},
    )  # fmt: skip
    event.save()
    now = timezone.now()
    notice = Notice.objects.create(
        key=f"event:{event.pk}:{cast.play_events.pk}", kind="contract", audience="everybody", title="A version",
        link="/", product=cast.play_events, created_at=now, fanned_out_at=now,
    )  # fmt: skip
    for person in (cast.steward, cast.consumer):
        Notification.objects.create(notice=notice, recipient=person, reason="consumer", created_at=now)
    Acknowledgement.objects.create(proposal=proposal, product=cast.playback_quality, user=cast.steward)
    noted = {
        seen.person: seen.acknowledged_at is not None for seen in told.all_seen(told.changes_for(cast.admin))
    }
    assert noted == {cast.steward: True, cast.consumer: False}


def test_reading_is_recorded_once_a_person_thing_and_day_and_sealed(cast: Cast) -> None:
    def read(person: Any, object_id: int = 1) -> bool:
        return record_read(actor=person, what="values", object_id=object_id, name="values of plays")

    assert [read(cast.owner), read(cast.owner), read(cast.consumer), read(cast.owner, 2)] == [
        True,
        False,
        True,
        True,
    ]
    ReadMark.objects.update(day=timezone.now().date() - dt.timedelta(days=1))
    assert read(cast.owner)
    assert AuditEvent.objects.filter(verb="values.read").count() == 4
    chain.seal_waiting()
    assert chain.verify().broken == ""
    assert not AuditEvent.objects.exclude(product_id=None).filter(verb="values.read").exists()


def test_reports_and_values_that_are_read_leave_their_event(cast: Cast, client: Client) -> None:
    port = make.make_port(cast.play_events, "plays")
    agreed(cast.consumer, port, cast.owner)
    client.force_login(cast.owner)
    for address in ("/access/audit/", "/access/audit/?format=csv", "/api/v1/access/audit/"):
        assert client.get(address).status_code == 200
    (event,) = AuditEvent.objects.filter(verb="access_report.read")
    assert event.detail == {"on": timezone.now().date().isoformat()}
    assert event.actor == cast.owner
    assert port.pk


def test_seeing_who_opened_what_leaves_one_event_a_day_by_every_way(cast: Cast, client: Client) -> None:
    now = timezone.now()
    notice = Notice.objects.create(
        key="a", kind="lifecycle", audience="everybody", title="It is deprecated", link="/",
        product=cast.play_events, created_at=now, fanned_out_at=now,
    )  # fmt: skip
    client.force_login(cast.owner)
    read = AuditEvent.objects.filter(verb="told.read")
    one, api = f"/notifications/told/{notice.pk}/", "/api/v1/notifications/told/"
    addresses = (one, f"{one}?format=csv", "/notifications/told/?format=csv", api, f"{api}{notice.pk}/")
    for number, address in enumerate(addresses, 1):
        ReadMark.objects.all().delete()  # as on another day
        for _ in range(2):
            assert client.get(address).status_code == 200
        assert read.count() == number, address
    page = client.get("/notifications/told/").content.decode()
    assert f"{cast.play_events.name}, about its lifecycle" in page


def test_asking_for_every_day_does_not_fill_the_trail(cast: Cast, client: Client) -> None:
    read = AuditEvent.objects.filter(verb="access_report.read")
    client.force_login(cast.consumer)
    for address in ("/access/audit/", "/access/audit/?on=9000-01-01", "/api/v1/access/audit/?on=2001-01-01"):
        assert client.get(address).status_code == 200
    assert not read.exists()
    agreed(cast.consumer, make.make_port(cast.play_events, "plays"), cast.owner)
    today = timezone.now().date()
    for address in ("/access/audit/", f"/access/audit/?on={today}&format=csv", "/api/v1/access/audit/"):
        assert client.get(address).status_code == 200
    (event,) = read
    assert (event.actor, event.detail) == (cast.consumer, {"on": today.isoformat()})
