"""Webhooks against real receivers: everything arrives, signed, in order for each product, and is told as it was."""

import base64
import datetime as dt
import hashlib
import hmac
import random
from collections import defaultdict

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from catalog.accounts.models import Membership
from catalog.audit import outbox
from catalog.audit.models import AuditEvent, OutboxEvent
from catalog.notifications.models import Notice
from catalog.notifications.webhooks import pacing, queueing, sending, services, signing
from catalog.notifications.webhooks.models import Webhook, WebhookDelivery
from catalog.products.models import Visibility
from tests import factories as make
from tests.catalog.notifications.webhooks.receiving import Receiver, State, publish, states, webhook
from tests.conftest import Cast
from tests.local_servers import http_server, redirect

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_thousand_deliveries_to_a_receiver_that_fails_half_the_time_all_arrive_in_order(
    cast: Cast, at_once: None
) -> None:
    chance = random.Random(7)
    receiver = Receiver(lambda event: chance.choice([0, 0, 500, 503]))
    products = [make.make_product(f"Product {number}", domain=cast.listening) for number in range(20)]
    with http_server({"/": receiver}) as base:
        webhook(cast, f"{base}/")
        outbox.publish_all(
            outbox.Happened("product.changed", "s", {"n": n, "of": item.pk}, product_id=item.pk)
            for n in range(50)
            for item in products
        )
        outbox.number_waiting()
        queueing.queue_new()
        arrived = sending.send_due(seconds=100)
    assert arrived == len(receiver.taken) == 1_000
    assert len({event["id"] for event in receiver.taken}) == 1_000
    by_product: dict[int, list[int]] = defaultdict(list)
    for event in receiver.taken:
        by_product[event["data"]["of"]].append(event["data"]["n"])
    assert list(by_product.values()) == [list(range(50))] * 20
    assert set(states()) == {State.DELIVERED}
    rows = list(WebhookDelivery.objects.all())
    assert sum(row.attempts for row in rows) == receiver.asked > 1_500
    for row in rows:
        answers = [entry["status"] for entry in row.log]
        assert answers[-1] == 200
        assert set(answers[:-1]) <= {500, 503}
        assert len(answers) == min(row.attempts, sending.KEPT)


def test_a_message_is_a_cloud_event_signed_as_standard_webhooks_are(cast: Cast) -> None:
    receiver = Receiver()
    with http_server({"/in": receiver}) as base:
        _, secret = webhook(cast, f"{base}/in")
        publish(cast.play_events, 1)
        assert sending.send_due() == 1
    (event,), (head,), (body,) = receiver.taken, receiver.heads, receiver.bodies
    row = OutboxEvent.objects.get()
    assert (event["id"], event["type"], event["data"]) == (str(row.event_id), row.type, {"n": 1})
    assert head["content-type"] == "application/cloudevents+json"
    assert head["webhook-id"] == event["id"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert head["webhook-signature"] == expected
    assert abs(int(head["webhook-timestamp"]) - timezone.now().timestamp()) < 60


def test_the_secret_is_nowhere_in_the_clear_and_both_count_for_a_day_after_a_change(cast: Cast) -> None:
    receiver = Receiver()
    with http_server({"/": receiver}) as base:
        made, old = webhook(cast, f"{base}/")
        new = services.rotate_secret(actor=cast.consumer, webhook=made)
        made.refresh_from_db()
        assert old not in made.secret + made.previous_secret + str(list(AuditEvent.objects.values()))
        publish(cast.play_events, 1)
        sending.send_due()
        Webhook.objects.update(previous_until=timezone.now())
        publish(cast.play_events, 2)
        sending.send_due()
    for head, body, secrets in zip(receiver.heads, receiver.bodies, ([new, old], [new]), strict=True):
        found = head["webhook-signature"].split()
        stamp = int(head["webhook-timestamp"])
        wanted = [signing.headers([secret], head["webhook-id"], stamp, body) for secret in secrets]
        assert found == [headers["webhook-signature"] for headers in wanted]


def test_one_that_fails_holds_back_its_own_product_alone_and_is_given_up_after_a_day(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = Receiver(lambda event: 500 if event["data"]["n"] == 1 else 0)
    with http_server({"/": receiver}) as base:
        webhook(cast, f"{base}/")
        publish(cast.play_events, 1, 2)
        publish(cast.playback_quality, 10, 11)
        sending.send_due()
        assert [event["data"]["n"] for event in receiver.taken] == [10, 11]
        assert states() == ["waiting", "waiting", "delivered", "delivered"]
        first = WebhookDelivery.objects.earliest("position")
        assert first.due_at > timezone.now() + dt.timedelta(seconds=5)
        for _ in range(pacing.MOST_ATTEMPTS):
            WebhookDelivery.objects.update(due_at=timezone.now())
            sending.send_due()
    assert states() == ["dead", "delivered", "delivered", "delivered"]
    first.refresh_from_db()
    assert first.attempts == pacing.MOST_ATTEMPTS
    assert first.log[-1]["words"] == "The receiver answered 500."


def test_waits_grow_spread_and_last_a_day() -> None:
    waits = [pacing.wait(attempts, 0.5) for attempts in range(1, pacing.MOST_ATTEMPTS)]
    known = [wait for wait in waits if wait is not None]
    assert known == sorted(known)
    assert len(known) == len(waits)
    assert dt.timedelta(hours=20) < sum(known, dt.timedelta()) < dt.timedelta(hours=30)
    assert pacing.wait(pacing.MOST_ATTEMPTS, 0.5) is None
    assert pacing.wait(3, 0.0) < pacing.wait(3, 1.0)  # type: ignore[operator]
    assert pacing.asked_wait("120") == dt.timedelta(minutes=2)
    assert pacing.asked_wait("Wed, 21 Oct 2099 07:28:00 GMT") == dt.timedelta(0)
    assert pacing.asked_wait("999999999") == pacing.LONGEST_ASKED


def test_a_name_that_leads_to_a_private_address_gets_nothing(cast: Cast, settings: Settings) -> None:
    receiver = Receiver()
    settings.ALLOWED_PRIVATE_HOSTS = []
    with http_server({"/": receiver}) as base:
        webhook(cast, base.replace("127.0.0.1", "localhost") + "/")
        publish(cast.play_events, 1)
        assert sending.send_due() == 0
    assert receiver.asked == 0
    assert "private network" in WebhookDelivery.objects.get().log[0]["words"]


def test_redirects_are_not_followed_and_said_so(cast: Cast) -> None:
    receiver = Receiver()
    with http_server({"/old": redirect("/new"), "/new": receiver}) as base:
        webhook(cast, f"{base}/old")
        publish(cast.play_events, 1)
        sending.send_due()
    assert receiver.asked == 0
    (entry,) = WebhookDelivery.objects.get().log
    assert entry["status"] == 302
    assert "not followed" in entry["words"]


def test_what_its_creator_may_see_at_the_moment_of_sending_decides(cast: Cast) -> None:
    receiver = Receiver()
    hidden = make.make_product("Hidden", domain=cast.playback, visibility=Visibility.PRIVATE)
    with http_server({"/": receiver}) as base:
        webhook(cast, f"{base}/")
        publish(hidden, 1)
        publish(cast.play_events, 2)
        cast.play_events.visibility = Visibility.PRIVATE
        cast.play_events.save()
        publish(cast.playback_quality, 3)
        sending.send_due()
    assert [event["data"]["n"] for event in receiver.taken] == [3]
    assert states() == ["withheld", "delivered"]


def test_days_of_failure_switch_it_off_and_its_creator_is_told(cast: Cast) -> None:
    with http_server({"/": Receiver(lambda event: 500)}) as base:
        made, _ = webhook(cast, f"{base}/")
        publish(cast.play_events, 1)
        sending.send_due()
        made.refresh_from_db()
        assert made.failing_since is not None
        Webhook.objects.update(failing_since=timezone.now() - pacing.LONGEST_FAILURE)
        WebhookDelivery.objects.update(due_at=timezone.now())
        sending.send_due()
    made.refresh_from_db()
    assert (made.is_active, made.switched_off_reason) == (False, "Nothing arrived for 3 days.")
    notice = Notice.objects.get(kind="webhook")
    assert notice.recipient == cast.consumer
    assert states() == ["waiting"]
    assert not mail.outbox


def test_gone_means_gone(cast: Cast) -> None:
    with http_server({"/": Receiver(lambda event: 410)}) as base:
        made, _ = webhook(cast, f"{base}/")
        publish(cast.play_events, 1)
        sending.send_due()
    made.refresh_from_db()
    assert not made.is_active


def test_nothing_is_sent_in_the_name_of_somebody_who_left(cast: Cast) -> None:
    receiver = Receiver()
    insights = Membership.objects.get(user=cast.consumer).team
    with http_server({"/": receiver}) as base:
        made, _ = webhook(cast, f"{base}/", team=insights)
        mine, _ = webhook(cast, f"{base}/", actor=cast.steward)
        publish(cast.play_events, 1)
        Membership.objects.filter(user=cast.consumer).update(team=cast.playback_team)
        cast.steward.is_active = False
        cast.steward.save()
        assert sending.send_due() == 0
    made.refresh_from_db()
    mine.refresh_from_db()
    assert made.switched_off_reason == "Consumer is no longer in the team Insights."
    assert mine.switched_off_reason == "The account of its creator is deactivated."
    assert receiver.asked == 0


def test_a_worker_that_was_killed_leaves_nothing_behind(cast: Cast) -> None:
    receiver = Receiver()
    with http_server({"/": receiver}) as base:
        webhook(cast, f"{base}/")
        publish(cast.play_events, 1)
        long_ago = timezone.now() - sending.STALE * 2
        WebhookDelivery.objects.update(state=State.SENDING, claimed_at=long_ago, claim="gone")
        assert sending.send_due() == 1
    assert [event["data"]["n"] for event in receiver.taken] == [1]
