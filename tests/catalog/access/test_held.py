"""Who had access on a day: as it was then, whatever became of it since, and why."""

import csv
import datetime as dt
from typing import Any

import pytest
from django.db import models
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from catalog.access import held
from catalog.access.held import best_of, held_on, states_within
from catalog.access.models import Agreement
from catalog.access.services.agreeing import mark_provisioning, revoke_agreement
from catalog.access.services.ending import expire_due
from catalog.access.states import Event
from catalog.accounts.models import Role, Team, User
from catalog.audit.models import AuditEvent
from catalog.products.models import OutputPort
from catalog.vocabulary.models import Purpose
from tests import factories as make
from tests.catalog.access.asking import agreed, ask, stage_of
from tests.conftest import Cast

NOW = timezone.now()
DAY = dt.timedelta(days=1)


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    return make.make_port(cast.play_events, "plays")


def at(moment: dt.datetime, since: int) -> None:
    """As if what was recorded after event `since` had happened then."""
    models.QuerySet(AuditEvent).filter(pk__gt=since).update(at=moment)


def last() -> int:
    return AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def states(user: User, moment: dt.datetime) -> list[str]:
    return [row.words for row in held_on(user, moment.astimezone(dt.UTC).date())]


@pytest.fixture
def story(cast: Cast, port: OutputPort) -> Agreement:
    """Agreed 40 days ago for 90 days, granted 38 days ago, revoked and removed 10 days ago."""
    mark = last()
    agreement = agreed(cast.consumer, port, cast.owner, now=NOW - 40 * DAY)
    at(NOW - 40 * DAY, mark)
    mark = last()
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED, now=NOW - 38 * DAY)
    at(NOW - 38 * DAY, mark)
    mark = last()
    revoke_agreement(
        actor=cast.owner, agreement=agreement, reason="It moves.", at_once=True, now=NOW - 10 * DAY
    )
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.REMOVED, now=NOW - 10 * DAY)
    at(NOW - 10 * DAY, mark)
    return agreement


@pytest.mark.django_db
def test_every_day_is_shown_as_it_was(cast: Cast, story: Agreement) -> None:
    told = {days: states(cast.consumer, NOW - days * DAY) for days in (41, 40, 39, 38, 37, 11, 10, 9, 0)}
    assert told == {
        41: [], 40: ["agreed, waiting"], 39: ["agreed, waiting"], 38: ["agreed, granted"], 37: ["agreed, granted"],
        11: ["agreed, granted"], 10: ["agreed, granted"], 9: [], 0: [],
    }  # fmt: skip
    assert states(cast.consumer, NOW + DAY) == []


@pytest.mark.django_db
def test_why_is_told(cast: Cast, story: Agreement) -> None:
    (row,) = held_on(cast.admin, (NOW - 20 * DAY).astimezone(dt.UTC).date())
    assert (row.purpose, row.deciders) == ("Counting plays.", ("Owner",))
    assert row.rule
    assert row.ends_at is not None
    assert row.ends_at > NOW, "as it was agreed then, not as it was cut short later"


@pytest.mark.django_db
def test_deleting_older_events_changes_nothing(cast: Cast, story: Agreement) -> None:
    before = states(cast.consumer, NOW - 20 * DAY)
    models.QuerySet(AuditEvent).filter(at__lt=NOW - 25 * DAY).delete()
    assert states(cast.consumer, NOW - 20 * DAY) == before == ["agreed, granted"]


@pytest.mark.django_db
def test_what_was_still_in_the_store_after_its_end_is_told(cast: Cast, port: OutputPort) -> None:
    agreement = agreed(cast.consumer, port, cast.owner, days=5, now=NOW - 20 * DAY)
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED, now=NOW - 19 * DAY)
    at(NOW - 19 * DAY, 0)
    mark = last()
    expire_due(now=NOW - 14 * DAY)
    at(NOW - 14 * DAY, mark)
    assert states(cast.owner, NOW - 16 * DAY) == ["agreed, granted"]
    assert states(cast.owner, NOW - 5 * DAY) == ["not agreed, but removing"]


@pytest.mark.django_db
def test_each_sees_their_part_and_nobody_more(cast: Cast, story: Agreement) -> None:
    day = NOW - 20 * DAY
    governor = make.make_user("governor")
    make.make_membership(governor, Role.GOVERNANCE)
    insights = Team.objects.get(name="Insights")
    mark = last()
    agreed(cast.consumer, make.make_port(cast.play_events, "totals"), cast.owner, insights, now=day - DAY)
    at(day - DAY, mark)
    colleague = make.make_user("colleague")
    make.make_membership(colleague, Role.VIEWER, insights)
    counts = {person.username: len(states(person, day)) for person in (
        cast.owner, cast.consumer, cast.admin, governor, colleague, cast.steward, cast.guest,
    )}  # fmt: skip
    assert counts == {
        "owner": 2, "consumer": 2, "admin": 2, "governor": 2, "colleague": 1, "steward": 0, "guest": 0,
    }  # fmt: skip


@pytest.mark.django_db
def test_what_was_only_asked_for_is_no_access(cast: Cast, port: OutputPort) -> None:
    request = ask(cast.consumer, port)
    assert stage_of(request)
    assert states(cast.owner, NOW) == []


@pytest.mark.django_db
def test_page_file_and_api_say_the_same(cast: Cast, story: Agreement, client: Client) -> None:
    day = (NOW - 20 * DAY).astimezone(dt.UTC).date().isoformat()
    client.force_login(cast.owner)
    shown = client.get(f"/access/audit/?on={day}").content.decode()
    assert "agreed, granted" in shown
    assert "Counting plays." in shown
    file = client.get(f"/access/audit/?on={day}&format=csv")
    (row,) = csv.DictReader(b"".join(file.streaming_content).decode().splitlines())  # type: ignore[attr-defined]
    assert (row["consumer"], row["agreed"], row["in_the_store"]) == ("Consumer", "true", "granted")
    (item,) = client.get(f"/api/v1/access/audit/?on={day}").json()["results"]
    assert (item["consumer"], item["is_agreed"], item["decided_by"]) == ("Consumer", True, ["Owner"])
    assert client.get(f"/api/v1/access/audit/?on={day}&consumer=nobody").json()["results"] == []
    assert client.get(f"/api/v1/access/audit/?on={day}&product=listening/play-events").json()["results"]
    assert client.get("/access/audit/?on=yesterday").status_code == 400
    assert client.get("/api/v1/access/audit/?on=2026-02-31").status_code == 400


@pytest.mark.django_db
def test_many_take_as_many_queries_as_few(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        agreed(cast.consumer, make.make_port(cast.play_events, f"p{number}"), cast.owner)
    reader = User.objects.get(pk=cast.owner.pk)
    with django_assert_max_num_queries(12):
        assert len(list(held_on(reader, timezone.now().date()))) == 12


@pytest.mark.django_db
def test_a_page_explains_what_it_shows_however_many_there_are(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    ports = [make.make_port(cast.play_events, f"p{number:02}") for number in range(60)]
    Agreement.objects.bulk_create(
        Agreement(port=port, user=cast.consumer, asked_at=now, starts_at=now - DAY, provisioning="granted")
        for port in ports
    )
    client.force_login(cast.owner)
    explained: list[int] = []
    really = held.explained

    def counted(found: Any, end: Any) -> Any:
        explained.append(len(found))
        return really(found, end)

    monkeypatch.setattr(held, "explained", counted)
    for query, port in (
        ("", "p00"),
        ("?page=2", "p50"),
        ("?sort=product", "p00"),
        ("?sort=consumer&page=2", "p50"),
    ):
        text = client.get(f"/access/audit/{query}").content.decode()
        assert f">{port} 1.0.0<" in text
    answer = client.get("/api/v1/access/audit/?page_size=5&page=3").json()
    assert (answer["count"], answer["results"][0]["port"]) == (60, "p10")
    assert explained == [50, 10, 50, 10, 5]
    file = b"".join(client.get("/access/audit/?format=csv").streaming_content)  # type: ignore[attr-defined]
    assert len(file.splitlines()) == 61


changes = st.lists(
    st.tuples(st.integers(0, 100), st.sampled_from(["", "waiting", "granted", "removed"])), max_size=8
)


@given(changes, st.integers(0, 100))
def test_undoing_events_gives_what_doing_them_gave(steps: list[tuple[int, str]], asked: int) -> None:
    """Forwards and backwards through any history agree about every moment."""
    zero = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    moments = sorted(steps, key=lambda step: step[0])
    state, events, then = "", [], ""
    for hour, value in moments:
        events.append(
            AuditEvent(at=zero + dt.timedelta(hours=hour), changes={"provisioning": [state, value]})
        )
        state = value
        if hour <= asked:
            then = value
    begin = zero + dt.timedelta(hours=asked, minutes=1)
    since = [event for event in reversed(events) if event.at >= begin]
    found = list(states_within({"provisioning": state}, since, begin, begin + dt.timedelta(minutes=1)))
    assert [item["provisioning"] for item, _ in found] == [then]
    assert (best_of(found) is not None) == (then == "granted")


@pytest.mark.django_db
def test_purposes_and_their_legal_basis_are_the_why(cast: Cast, port: OutputPort, client: Client) -> None:
    purpose = Purpose.objects.create(name="Royalties", slug="royalties", legal_basis="contract")
    agreed(cast.consumer, port, cast.owner, purposes=[purpose])
    client.force_login(cast.owner)
    assert "Royalties · Performance of a contract" in client.get("/access/audit/").content.decode()
    answer = b"".join(client.get("/access/audit/?format=csv").streaming_content).decode()  # type: ignore[attr-defined]
    (row,) = csv.DictReader(answer.splitlines())
    assert (row["purposes"], row["legal_basis"]) == ("Royalties", "Performance of a contract")
    (told,) = client.get("/api/v1/access/audit/").json()["results"]
    assert told["purposes"] == [{"slug": "royalties", "name": "Royalties", "legal_basis": "contract"}]
