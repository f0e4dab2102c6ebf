"""What the stores say that nobody agreed, and what was agreed and is not there, on real servers."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.access.differing import differences
from catalog.access.drift import OutsideReader, StoreLook
from catalog.access.models import Agreement
from catalog.access.services.agreeing import mark_provisioning
from catalog.access.services.looking import look_around, tell_late
from catalog.access.services.rules import set_terms
from catalog.access.states import Event
from catalog.audit.models import AuditEvent, OutboxEvent
from catalog.notifications.models import Notification
from catalog.notifications.telling import fan_out_waiting
from catalog.products.models import OutputPort
from tests.catalog.access.asking import agreed
from tests.catalog.access.granting_stores import Store, granted, offered, opened
from tests.conftest import Cast

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with opened(request.param, tmp_path_factory.mktemp("store")) as found:
        yield found


@pytest.fixture
def granting(cast: Cast, store: Store, settings: Any) -> OutputPort:
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.ALLOWED_PORTS = [store.config["port"]]
    store.reset()
    found = offered(cast, store)
    set_terms(actor=cast.owner, port=found, known_readers=[f"{store.weak}@%", store.weak])
    return found


def titles(person: Any) -> list[str]:
    fan_out_waiting()
    rows = Notification.objects.visible_to(person).filter(notice__kind="access")
    return list(rows.order_by("pk").values_list("notice__title", flat=True))


def outside() -> dict[str, str]:
    return dict(OutsideReader.objects.values_list("name", "words"))


@pytest.mark.postgres
def test_whoever_reads_without_an_agreement_is_listed_and_stays(
    cast: Cast, granting: OutputPort, store: Store
) -> None:
    now = timezone.now()
    granted(cast, granting, store.reader)
    assert look_around(now=now) == 1
    assert outside() == {}  # the consumer has an agreement
    store.run(f"GRANT SELECT ON {store.table} TO {store.name_of(store.odd)}")
    if store.kind == "postgresql":
        store.run(f"GRANT USAGE ON SCHEMA play TO {store.name_of(store.odd)}")
    assert look_around(now=now) == 0  # it was just asked
    look_around(now=now + 2 * HOUR)
    assert list(outside()) == [store.odd]
    assert "by a grant of its own" in outside()[store.odd]
    assert [title for title in titles(cast.owner) if "outside" in title] == [
        "Play events, plays 1.0.0: granted outside the portal"
    ]
    look_around(now=now + 4 * HOUR)
    assert AuditEvent.objects.filter(verb="store.readers_found").count() == 1
    assert store.reads(f"* FROM {store.table}", store.odd)  # nothing is taken away
    seen = [(row.kind, row.who) for row in differences(cast.owner, now)]
    assert seen == [("outside", store.odd)]
    assert differences(cast.consumer, now) == []
    store.reset()
    look_around(now=now + 6 * HOUR)
    assert outside() == {}


@pytest.mark.postgres
def test_roles_columns_and_everybody_count(cast: Cast, granting: OutputPort, store: Store) -> None:
    group = store.name_of(store.group)
    store.run(
        f"GRANT SELECT (id) ON {store.table} TO {group}",
        f"GRANT {group} TO {store.name_of(store.reader)}",
    )
    if store.kind == "postgresql":
        store.run("GRANT USAGE ON SCHEMA play TO group_role")
    now = timezone.now()
    look_around(now=now)
    found = outside()
    assert set(found) == {store.reader, store.group}
    assert "single columns" in found[store.reader]
    assert f"through the role {store.group}" in found[store.reader]
    if store.kind == "postgresql":
        store.run(f"GRANT SELECT ON {store.table} TO PUBLIC", "GRANT USAGE ON SCHEMA play TO PUBLIC")
        look_around(now=now + 2 * HOUR)
        assert outside()["PUBLIC"].startswith("Everybody can read the table")
        store.run("REVOKE USAGE ON SCHEMA play FROM PUBLIC, group_role")
    known = [store.group, "PUBLIC", store.weak + "@%", store.weak]
    set_terms(actor=cast.owner, port=granting, known_readers=known)
    look_around(now=now + 4 * HOUR)
    assert outside() == {}  # who reads by a known role is known


@pytest.mark.postgres
def test_a_store_that_cannot_be_asked_says_why(cast: Cast, granting: OutputPort, store: Store) -> None:
    place = granting.connection
    assert place is not None
    place.config = {**store.config, "database": "nowhere"}
    place.save()
    look_around(now=timezone.now())
    look = StoreLook.objects.get()
    assert "no such database" in look.note
    assert look.looked_at is None


def test_what_was_approved_and_is_not_granted_for_two_hours_is_told_once(
    cast: Cast, port: OutputPort
) -> None:
    now = timezone.now()
    agreement = agreed(cast.consumer, port, cast.owner)
    words = "Access of Consumer to Play events, plays 1.0.0 is approved, and not granted for two hours"

    def fail(at: dt.datetime, note: str = "No disk.") -> None:
        mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.FAIL, note=note, now=at)

    fail(now + HOUR)
    assert tell_late(now=now + HOUR) == 0
    later = now + 3 * HOUR
    fail(later)  # an attempt in between does not begin the time anew
    assert [tell_late(now=later), tell_late(now=later + HOUR)] == [1, 0]
    assert words in titles(cast.owner)
    assert words in titles(cast.consumer)
    assert words not in titles(cast.steward)
    assert OutboxEvent.objects.get(type="access.granting_late").data["note"] == "No disk."
    seen = [(row.kind, row.words) for row in differences(cast.owner, later)]
    assert seen == [("late", "Failed. No disk.")]
    assert [row.kind for row in differences(cast.consumer, later)] == ["late"]
    assert differences(cast.steward, later) == []
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED, now=later)
    assert differences(cast.owner, later) == []
    gone = later + HOUR
    fail(gone, "Dropped.")
    assert tell_late(now=gone + HOUR) == 0
    assert tell_late(now=gone + 2 * HOUR) == 1  # it is lacking another time


def test_what_begins_later_is_late_two_hours_after_it_began(cast: Cast, port: OutputPort) -> None:
    start = (timezone.now() + dt.timedelta(days=10)).date()
    agreement = agreed(cast.consumer, port, cast.owner, starts_on=start)
    begins = Agreement.objects.get(pk=agreement.pk).starts_at
    assert begins is not None
    assert tell_late(now=begins + HOUR) == 0
    assert tell_late(now=begins + 2 * HOUR) == 1


def test_the_page_the_file_and_the_api_say_the_same(cast: Cast, port: OutputPort, client: Client) -> None:
    words = "nightly can read the table."
    OutsideReader.objects.create(port=port, name="nightly", words=words, found_at=timezone.now())
    client.force_login(cast.owner)
    assert words in client.get("/access/drift/").content.decode()
    body = b"".join(client.get("/access/drift/?format=csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert "outside,listening/play-events,plays,1.0.0,nightly" in body
    found = client.get("/api/v1/access/drift/").json()["results"]
    assert [(row["kind"], row["who"], row["agreement"]) for row in found] == [("outside", "nightly", None)]
    client.force_login(cast.consumer)
    assert "nightly" not in client.get("/access/drift/").content.decode()
