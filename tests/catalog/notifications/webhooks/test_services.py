"""What people do with webhooks: make, narrow, test, switch, replay; the page and its log."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.notifications.webhooks import queueing, sending, services, switching
from catalog.notifications.webhooks.models import Webhook, WebhookDelivery
from tests.catalog.notifications.webhooks.receiving import Receiver, State, publish, webhook
from tests.conftest import Cast
from tests.local_servers import http_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "nothing",
        "https://u:p@a.example/",
        "http://10.0.0.7/",
        "http://169.254.169.254/x",
        "https://a.example:99999/",
    ],
)
def test_an_address_that_may_not_be_asked_is_refused_when_it_is_made(cast: Cast, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        webhook(cast, url)
    assert refused.value.problems[0].path == "url"


def test_types_product_and_domain_narrow_what_is_sent(cast: Cast) -> None:
    receiver = Receiver()
    with http_server({"/": receiver}) as base:
        webhook(cast, f"{base}/", types=["slo.breached"])
        webhook(cast, f"{base}/", product=cast.play_events)
        webhook(cast, f"{base}/", domain=cast.playback)
        publish(cast.play_events, 1)
        publish(cast.playback_quality, 2)
        sending.send_due()
    assert sorted(event["data"]["n"] for event in receiver.taken) == [1, 2]


def test_only_what_happens_after_it_was_made_is_sent_and_a_replay_reaches_further_back(cast: Cast) -> None:
    receiver = Receiver()
    publish(cast.play_events, 1)
    with http_server({"/": receiver}) as base:
        made, _ = webhook(cast, f"{base}/")
        publish(cast.play_events, 2, 3)
        sending.send_due()
        assert [event["data"]["n"] for event in receiver.taken] == [2, 3]
        since = timezone.now() - dt.timedelta(hours=1)
        assert services.replay_since(actor=cast.consumer, webhook=made, since=since) == 3
        sending.send_due()
        assert [event["data"]["n"] for event in receiver.taken] == [2, 3, 1, 2, 3]
        last = WebhookDelivery.objects.latest("position")
        assert services.replay(actor=cast.consumer, webhook=made, delivery_ids=[last.pk, 10**9]) == 1
        sending.send_due()
    assert receiver.taken[-1] == receiver.taken[1]
    assert services.replay_since(actor=cast.consumer, webhook=made, since=timezone.now()) == 0


def test_a_test_is_sent_at_once_whatever_waits_and_is_not_tried_again(cast: Cast) -> None:
    receiver = Receiver(lambda event: 0 if event["type"] == "webhook.test" else 500)
    with http_server({"/": receiver}) as base:
        made, _ = webhook(cast, f"{base}/")
        publish(cast.play_events, 1)
        services.send_test(actor=cast.consumer, webhook=made)
        sending.send_due()
        receiver.fails = lambda event: 500
        services.send_test(actor=cast.consumer, webhook=made)
        sending.send_due()
    assert [event["type"] for event in receiver.taken] == ["webhook.test"]
    assert WebhookDelivery.objects.latest("pk").state == State.DEAD


def test_switched_on_again_it_sends_what_waited_and_what_happened_meanwhile(cast: Cast) -> None:
    receiver = Receiver()
    with http_server({"/": receiver}) as base:
        made, _ = webhook(cast, f"{base}/")
        publish(cast.play_events, 1)
        services.switch(actor=cast.consumer, webhook=made, is_active=False)
        publish(cast.play_events, 2)
        assert sending.send_due() == 0
        services.switch(actor=cast.consumer, webhook=made, is_active=True)
        queueing.queue_new()
        assert sending.send_due() == 2
    assert [event["data"]["n"] for event in receiver.taken] == [1, 2]


def test_queueing_twice_makes_one_delivery(cast: Cast) -> None:
    made, _ = webhook(cast, "https://example.org/")
    publish(cast.play_events, 1)
    Webhook.objects.filter(pk=made.pk).update(cursor=0)
    queueing.queue_new()
    assert WebhookDelivery.objects.count() == 1


def test_rights_and_limits(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = webhook(cast, "https://example.org/in?key=abc", actor=cast.owner, team=cast.listening_team)
    assert "key=abc" not in str(list(AuditEvent.objects.values_list("detail", flat=True)))
    with pytest.raises(NotAllowed):
        services.create_webhook(actor=cast.guest, name="x", url="https://example.org/")
    for deed in (services.rotate_secret, services.send_test):
        with pytest.raises(NotAllowed):
            deed(actor=cast.admin, webhook=made)  # type: ignore[operator]
    services.switch(actor=cast.admin, webhook=made, is_active=False)
    with pytest.raises(NotAllowed):
        services.switch(actor=cast.admin, webhook=made, is_active=True)
    with pytest.raises(Conflict):
        services.send_test(actor=cast.owner, webhook=Webhook.objects.get())
    monkeypatch.setattr(services, "MOST", 1)
    with pytest.raises(Conflict):
        webhook(cast, "https://example.org/", actor=cast.owner)
    monkeypatch.setattr(services, "MOST_REPLAYED", 1)
    publish(cast.play_events, 1, 2)
    services.switch(actor=cast.owner, webhook=made, is_active=True)
    queueing.queue_new()
    with pytest.raises(Conflict, match="more than 1 events"):
        services.replay_since(
            actor=cast.owner, webhook=Webhook.objects.get(), since=timezone.now() - dt.timedelta(1)
        )


@pytest.fixture
def page(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.consumer)
    return client


def test_the_page_makes_one_shows_its_secret_once_and_its_log(cast: Cast, page: Client) -> None:
    receiver = Receiver(lambda event: 503)
    with http_server({"/": receiver}) as base:
        answer = page.post(
            "/account/webhooks/", {"name": "Tickets", "url": f"{base}/", "kinds": ["product", "access"]}
        )
        assert b"whsec_" in answer.content
        made = Webhook.objects.get()
        assert "product.changed" in made.types
        assert "slo.breached" not in made.types
        assert b"whsec_" not in page.get("/account/webhooks/").content
        publish(cast.play_events, 1)
        sending.send_due()
    shown = page.get(made.get_absolute_url()).content.decode()
    assert "answer 503" in shown
    assert "failed, waits" in shown
    assert "whsec_" not in shown
    assert page.post("/account/webhooks/", {"name": "", "url": "nothing"}).status_code == 400


def test_the_list_takes_as_many_queries_for_ten_as_for_one(
    cast: Cast, page: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        webhook(cast, "https://example.org/")
    with django_assert_max_num_queries(25):
        assert page.get("/account/webhooks/").status_code == 200


def test_why_not_is_silent_for_those_who_may(cast: Cast) -> None:
    made, _ = webhook(cast, "https://example.org/")
    assert switching.why_not(made) == ""


def test_its_creator_edits_it_and_what_waits_goes_to_the_new_address(cast: Cast) -> None:
    receiver = Receiver()
    with http_server({"/new": receiver, "/old": Receiver(lambda event: 500)}) as base:
        made, _ = webhook(cast, f"{base}/old", types=["product.changed"])
        publish(cast.play_events, 1)
        sending.send_due()
        made.refresh_from_db()
        assert made.failing_since is not None
        with pytest.raises(NotAllowed):
            services.edit_webhook(actor=cast.owner, webhook=made, name="x", url=f"{base}/new")
        with pytest.raises(Invalid):
            services.edit_webhook(actor=cast.consumer, webhook=made, name="x", url="ftp://nowhere")
        services.edit_webhook(
            actor=cast.consumer, webhook=made, name="Better", url=f"{base}/new", types=["product.changed"]
        )
        made.refresh_from_db()
        assert (made.name, made.failing_since) == ("Better", None)
        WebhookDelivery.objects.update(due_at=timezone.now())
        assert sending.send_due() == 1
    assert [event["data"]["n"] for event in receiver.taken] == [1]
    event = AuditEvent.objects.get(verb="webhook.edited")
    assert set(event.changes) == {"name", "url"}


def test_the_form_and_the_api_change_what_is_named_and_leave_the_rest(cast: Cast, client: Client) -> None:
    made, _ = webhook(cast, "https://example.org/a?key=1", types=["access.granted", "product.changed"])
    client.force_login(cast.consumer)
    page = client.get(f"/account/webhooks/{made.pk}/edit/").content.decode()
    assert "https://example.org/a?key=1" in page
    typed = {"name": "Now", "url": "https://example.org/b", "kinds": ["access", "slo"]}
    assert client.post(f"/account/webhooks/{made.pk}/edit/", typed).status_code == 302
    made.refresh_from_db()
    assert "access.granted" in made.types  # of a kind asked for in part, that part
    assert "access.ended" not in made.types
    assert "slo.breached" in made.types
    assert "product.changed" not in made.types
    body = {"url": "https://example.org/c", "is_active": False}
    answer = client.patch(f"/api/v1/webhooks/{made.pk}/", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert (found["name"], found["url"], found["is_active"]) == ("Now", "https://example.org/c", False)
    assert "access.granted" in found["types"]
    body = {"url": "http://user:pw@example.org/"}
    assert (
        client.patch(f"/api/v1/webhooks/{made.pk}/", body, content_type="application/json").status_code == 400
    )
