"""E-mail through a real server: what arrives, once, and what happens when the server or the worker fails."""

import datetime as dt
import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.utils import timezone

from catalog.accounts.models import User
from catalog.notifications import hours, letters, mailing, services, unsubscribing
from catalog.notifications.models import Channel, Kind, Notification, Preference, Subscription
from catalog.products.models import DataProduct, Visibility
from tests.catalog.notifications.conftest import Told, parsed
from tests.conftest import Cast
from tests.smtp_server import Mailbox

pytestmark = [
    pytest.mark.django_db,
    # Python's own SMTP client leaves its socket to the garbage where a conversation breaks.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]
Start = Callable[..., Mailbox]
Mail = Notification.Mail
LATER = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """The garbage of each test is its own."""
    yield
    gc.collect()


def only() -> Notification:
    return Notification.objects.get()


def test_message_tells_what_happened_where_it_leads_and_the_way_out(
    mailbox: Start, cast: Cast, told: Told
) -> None:
    box = mailbox()
    told(cast.play_events, "Play events burns its budget", kind=Kind.SLO, sentence="At 14 times the pace.")
    assert mailing.send_due() == 1
    (text,) = box.messages
    message = parsed(text)
    assert message["Subject"] == "Play events burns its budget"
    assert message["To"] == "owner@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    said = message.get_content()
    assert "At 14 times the pace." in said
    assert f"https://mesh.example.org/notifications/{only().pk}/" in said
    assert "because it is in your charge" in said
    assert only().mail == Mail.SENT
    assert only().mailed_at is not None
    assert mailing.send_due() == 0
    assert len(box.messages) == 1


def test_one_click_ends_this_kind_of_mail_without_signing_in(
    mailbox: Start, cast: Cast, told: Told, client: Client
) -> None:
    box = mailbox()
    told(cast.play_events, kind=Kind.SLO)
    mailing.send_due()
    message = parsed(box.messages[0])
    address = message["List-Unsubscribe"].strip(" <>").removeprefix("https://mesh.example.org")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "End this e-mail?" in client.get(address).content.decode()
    assert not Preference.objects.exists()
    strict = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = strict.post(address, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert list(Preference.objects.values_list("user__username", "kind", "channel")) == [
        ("owner", "slo", "portal")
    ]
    told(cast.play_events, kind=Kind.SLO)
    assert mailing.send_due() == 0
    assert Notification.objects.count() == 2


def test_way_out_never_makes_more_mail_and_a_forged_one_does_nothing(cast: Cast, client: Client) -> None:
    services.choose_channels(actor=cast.owner, channels={Kind.SLO: Channel.OFF})
    assert client.post(unsubscribing.path(cast.owner, ["slo"])).status_code == 200
    assert Preference.objects.get().channel == Channel.OFF
    path = unsubscribing.path(cast.consumer, ["slo"])
    forged = path.replace(path.split("/")[-2][:6], "abcdef")
    assert client.post(forged).status_code == 404
    assert Preference.objects.count() == 1


def test_what_happened_together_is_told_in_one_message(mailbox: Start, cast: Cast, told: Told) -> None:
    box = mailbox()
    for number in range(3):
        told(cast.play_events, f"Objective {number} is missed", kind=Kind.SLO)
    assert mailing.send_due() == 1
    message = parsed(box.messages[0])
    assert message["Subject"].startswith("3 notifications: Objective 0 is missed")
    assert all(f"Objective {number} is missed" in message.get_content() for number in range(3))


def test_daily_mail_leaves_in_the_morning_of_its_reader_without_what_was_read(
    mailbox: Start, cast: Cast, told: Told
) -> None:
    box = mailbox()
    User.objects.filter(pk=cast.owner.pk).update(time_zone="Asia/Tokyo")
    (read,) = told(cast.play_events, "Read already", kind=Kind.VERSION)
    told(cast.play_events, "Not read yet", kind=Kind.VERSION)
    due = hours.next_digest("Asia/Tokyo", timezone.now())
    assert abs(only_due(read) - due) < dt.timedelta(minutes=5)
    services.mark_read(actor=cast.owner, ids=[read.pk])
    assert mailing.send_due(now=due - dt.timedelta(hours=1)) == 0
    assert mailing.send_due(now=due + LATER) == 1
    said = parsed(box.messages[0]).get_content()
    assert "Not read yet" in said
    assert "Read already" not in said


def only_due(row: Notification) -> dt.datetime:
    assert row.mail_due_at is not None
    return row.mail_due_at


@pytest.mark.parametrize(
    ("zone", "now", "due"),
    [
        ("UTC", "2026-11-21T06:59:00+00:00", "2026-11-21T07:00:00+00:00"),
        ("UTC", "2026-11-21T07:00:00+00:00", "2026-11-22T07:00:00+00:00"),
        ("America/New_York", "2026-11-21T06:59:00+00:00", "2026-11-21T12:00:00+00:00"),
        ("Asia/Tokyo", "2026-11-21T21:59:00+00:00", "2026-11-21T22:00:00+00:00"),
        ("Europe/Berlin", "2026-10-25T00:30:00+00:00", "2026-10-25T06:00:00+00:00"),  # the clock goes back
        ("No/Where", "2026-11-21T06:00:00+00:00", "2026-11-21T07:00:00+00:00"),
    ],
)
def test_hour_of_the_daily_mail_is_that_of_each_zone(zone: str, now: str, due: str) -> None:
    assert hours.next_digest(zone, dt.datetime.fromisoformat(now)) == dt.datetime.fromisoformat(due)


def test_what_its_reader_may_no_longer_see_is_not_sent(mailbox: Start, cast: Cast, told: Told) -> None:
    box = mailbox()
    Subscription.objects.create(user=cast.consumer, target="product", product=cast.play_events)
    told(cast.play_events, kind=Kind.SLO)
    DataProduct.objects.filter(pk=cast.play_events.pk).update(visibility=Visibility.PRIVATE)
    mailing.send_due()
    assert [parsed(text)["To"] for text in box.messages] == ["owner@example.org"]
    assert Notification.objects.get(recipient=cast.consumer).mail == Mail.NONE


def test_nobody_gets_mail_without_server_address_or_wish(
    mailbox: Start, cast: Cast, told: Told, settings: Any
) -> None:
    told(cast.play_events, kind=Kind.SLO)  # no server is named yet
    box = mailbox()
    services.choose_channels(actor=cast.owner, channels={Kind.CONTRACT: Channel.PORTAL})
    told(cast.play_events, kind=Kind.CONTRACT)
    User.objects.filter(pk=cast.owner.pk).update(email="")
    told(cast.play_events, kind=Kind.SLO)
    assert not Notification.objects.exclude(mail=Mail.NONE).exists()
    assert mailing.send_due() == 0
    assert box.messages == []


def test_choosing_no_mail_takes_back_what_waits(mailbox: Start, cast: Cast, told: Told) -> None:
    mailbox()
    told(cast.play_events, kind=Kind.SLO)
    services.choose_channels(actor=cast.owner, channels={Kind.SLO: Channel.PORTAL})
    assert only().mail == Mail.NONE
    assert mailing.send_due() == 0


def test_server_that_is_away_costs_no_attempt_and_nothing_is_lost(
    mailbox: Start, cast: Cast, told: Told, settings: Any
) -> None:
    box = mailbox()
    told(cast.play_events, kind=Kind.SLO)
    with mock.patch("smtplib.SMTP.connect", side_effect=ConnectionRefusedError):
        assert mailing.send_due() == 0
    assert (only().mail, only().mail_attempts) == (Mail.DUE, 0)
    assert mailing.send_due() == 1
    assert len(box.messages) == 1


def test_refusal_for_now_is_tried_again_later_and_given_up_in_the_end(
    mailbox: Start, cast: Cast, told: Told
) -> None:
    mailbox(refuses="owner@", refuses_with="451 busy")
    told(cast.play_events, kind=Kind.SLO)
    assert mailing.send_due() == 0
    row = only()
    assert (row.mail, row.mail_attempts) == (Mail.DUE, 1)
    assert "451 busy" in row.mail_error
    assert only_due(row) > timezone.now()
    for _ in range(mailing.MOST_ATTEMPTS):
        mailing.send_due(now=timezone.now() + 24 * LATER)
    assert (only().mail, only().mail_attempts) == (Mail.FAILED, mailing.MOST_ATTEMPTS)


def test_refusal_for_good_is_not_tried_again_and_keeps_nobody_else_waiting(
    mailbox: Start, cast: Cast, told: Told, client: Client
) -> None:
    box = mailbox(refuses="owner@")
    Subscription.objects.create(user=cast.consumer, target="product", product=cast.play_events)
    told(cast.play_events, kind=Kind.SLO)
    assert mailing.send_due() == 1
    assert [parsed(text)["To"] for text in box.messages] == ["consumer@example.org"]
    assert Notification.objects.get(recipient=cast.owner).mail == Mail.FAILED
    client.force_login(cast.owner)
    assert "the e-mail was refused" in client.get("/notifications/").content.decode()


@pytest.mark.parametrize(
    ("attempts", "least", "most"), [(1, 30, 60), (2, 60, 120), (7, 1920, 3840), (20, 7200, 14400)]
)
def test_waits_double_up_to_four_hours(attempts: int, least: int, most: int) -> None:
    assert mailing.delay(attempts, 0.0) == dt.timedelta(seconds=least)
    assert mailing.delay(attempts, 1.0) == dt.timedelta(seconds=most)


class Killed(BaseException):
    """The worker ends on the spot: nothing after it runs, nothing is caught."""


def killed_while(what: Any, name: str) -> None:
    with mock.patch.object(what, name, side_effect=Killed), pytest.raises(Killed):
        mailing.send_due()


def test_worker_killed_before_the_handover_loses_nothing_and_doubles_nothing(
    mailbox: Start, cast: Cast, told: Told
) -> None:
    box = mailbox()
    told(cast.play_events, kind=Kind.SLO)
    killed_while(letters, "compose")
    assert only().mail == Mail.CLAIMED
    assert mailing.send_due() == 0, "it may still be at work"
    assert mailing.send_due(now=timezone.now() + LATER) == 1
    assert mailing.send_due(now=timezone.now() + 2 * LATER) == 0
    assert len(box.messages) == 1


def test_worker_killed_between_handover_and_record_sends_nothing_twice_and_says_so(
    mailbox: Start, cast: Cast, told: Told, client: Client
) -> None:
    box = mailbox()
    told(cast.play_events, kind=Kind.SLO)
    really = EmailMessage.send

    def send_and_die(message: EmailMessage) -> None:
        really(message)
        raise Killed

    with mock.patch.object(EmailMessage, "send", send_and_die), pytest.raises(Killed):
        mailing.send_due()
    assert len(box.messages) == 1
    assert only().mail == Mail.SENDING
    for hours_later in range(1, 4):
        assert mailing.send_due(now=timezone.now() + hours_later * LATER) == 0
    assert len(box.messages) == 1
    assert only().mail == Mail.UNCERTAIN
    client.force_login(cast.owner)
    assert "the e-mail may not have arrived" in client.get("/notifications/").content.decode()


def test_connection_that_breaks_is_tried_again_under_the_same_name(
    mailbox: Start, cast: Cast, told: Told
) -> None:
    box = mailbox()
    told(cast.play_events, kind=Kind.SLO)
    with mock.patch("smtplib.SMTP.sendmail", side_effect=TimeoutError):
        assert mailing.send_due() == 0
    row = only()
    name = letters.compose(cast.owner, [row]).extra_headers["Message-ID"]
    assert mailing.send_due(now=timezone.now() + LATER) == 1
    assert parsed(box.messages[0])["Message-ID"] == name


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_send_each_message_once(mailbox: Start, cast: Cast, told: Told) -> None:
    box = mailbox()
    for person in (cast.consumer, cast.steward, cast.admin):
        Subscription.objects.create(user=person, target="product", product=cast.play_events)
    told(cast.play_events, kind=Kind.SLO)
    ready, sent = threading.Barrier(3), []

    def work() -> None:
        ready.wait(30)
        try:
            sent.append(mailing.send_due())
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert sum(sent) == 4
    assert sorted(parsed(text)["To"] for text in box.messages) == [
        f"{name}@example.org" for name in ("admin", "consumer", "owner", "steward")
    ]
