"""The bell, the list and the preferences, as people meet them."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from catalog.notifications.models import Notification, Preference
from catalog.products.models import DataProduct, Visibility
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
One = Callable[..., Notification]


@pytest.fixture
def owner(client: Client, cast: Cast) -> Client:
    client.force_login(cast.owner)
    return client


def body(client: Client, name: str, query: str = "") -> str:
    return client.get(reverse(f"notifications:{name}") + query).content.decode()


def test_bell_counts_what_is_unread_and_stops_at_a_hundred(owner: Client, cast: Cast, one: One) -> None:
    assert "unread" not in owner.get("/").content.decode()
    rows = [one(cast.owner, cast.play_events) for _ in range(3)]
    assert "Notifications: 3 unread" in owner.get("/").content.decode()
    owner.get(rows[0].get_absolute_url())
    assert "Notifications: 2 unread" in owner.get("/").content.decode()
    for _ in range(100):
        one(cast.owner, cast.play_events)
    assert "Notifications: 99+ unread" in owner.get("/").content.decode()


def test_following_one_leads_to_what_it_is_about_and_marks_it_read(
    owner: Client, cast: Cast, one: One
) -> None:
    row = one(cast.owner, cast.play_events)
    owner.head(row.get_absolute_url())
    row.refresh_from_db()
    assert row.read_at is None
    response = owner.get(row.get_absolute_url())
    assert response["Location"] == cast.play_events.get_absolute_url()
    row.refresh_from_db()
    assert row.read_at is not None


def test_what_was_hidden_since_is_neither_listed_nor_counted_nor_followed(
    owner: Client, client: Client, cast: Cast, one: One
) -> None:
    row = one(cast.consumer, cast.play_events, "Secret plans for Play events")
    client.force_login(cast.consumer)
    assert "Secret plans" in body(client, "list")
    DataProduct.objects.filter(pk=cast.play_events.pk).update(visibility=Visibility.PRIVATE)
    page = body(client, "list")
    assert "Secret plans" not in page
    assert "unread</span>" not in page
    assert client.get(row.get_absolute_url()).status_code == 404
    listed = client.get("/api/v1/notifications/").json()
    assert listed["count"] == 0


def test_chosen_ones_are_marked_read_and_unread_again_and_others_stay(
    owner: Client, cast: Cast, one: One
) -> None:
    mine, other = one(cast.owner, cast.play_events), one(cast.owner, cast.play_events)
    foreign = one(cast.consumer, cast.play_events)
    owner.post(reverse("notifications:read"), {"id": [mine.pk, foreign.pk, "nonsense", "9" * 30]})
    read = set(Notification.objects.exclude(read_at=None))
    assert read == {mine}
    assert other.notice.title in body(owner, "list", "?is_read=false")
    owner.post(reverse("notifications:read"), {"id": [mine.pk], "unread": "1"})
    assert not Notification.objects.exclude(read_at=None).exists()
    owner.post(reverse("notifications:read"), {"all": "1"})
    assert set(Notification.objects.filter(read_at=None)) == {foreign}


def test_marking_leads_back_to_the_list_as_it_was_and_nowhere_else(owner: Client) -> None:
    where = reverse("notifications:read")
    kept = owner.post(where, {"next": "/notifications/?kind=slo"})
    assert kept["Location"] == "/notifications/?kind=slo"
    for elsewhere in ("https://evil.example/notifications/", "//evil.example", "/account/", "\\\\evil"):
        assert owner.post(where, {"next": elsewhere})["Location"] == "/notifications/"


def test_list_is_filtered_and_refuses_what_means_nothing(owner: Client, cast: Cast, one: One) -> None:
    one(cast.owner, cast.play_events, "It is deprecated")
    assert "It is deprecated" in body(owner, "list", "?kind=lifecycle")
    assert "Nothing like that" in body(owner, "list", "?kind=slo")
    assert owner.get(reverse("notifications:list") + "?kind=nonsense").status_code == 400


def test_list_issues_as_many_queries_for_50_as_for_5(
    owner: Client, cast: Cast, one: One, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        one(cast.owner, cast.play_events)
    with django_assert_max_num_queries(30) as few:
        body(owner, "list")
    for _ in range(45):
        one(cast.owner, cast.play_events)
    with django_assert_max_num_queries(30) as many:
        body(owner, "list")
    assert len(many) == len(few)


def test_pages_say_when_there_is_no_mail_server(owner: Client) -> None:
    assert "no mail server" in body(owner, "list")
    assert "no mail server" in body(owner, "preferences")


def test_choices_are_kept_and_nonsense_is_refused(owner: Client, cast: Cast) -> None:
    where = reverse("notifications:preferences")
    owner.post(where, {"slo": "digest", "incident": "at_once"})
    assert list(Preference.objects.values_list("kind", "channel")) == [("slo", "digest")]
    assert (
        'name="slo" value="digest" aria-label="Missed and burning SLOs: In a daily e-mail" checked'
        in body(owner, "preferences")
    )
    refused = owner.post(where, {"slo": "pigeon"})
    assert refused.status_code == 400
    assert "Nothing was changed" in refused.content.decode()
    owner.post(where, {"slo": "at_once"})
    assert not Preference.objects.exists()


def test_api_lists_and_marks(owner: Client, cast: Cast, one: One) -> None:
    row, other = one(cast.owner, cast.play_events), one(cast.owner, cast.play_events)
    listed = owner.get("/api/v1/notifications/?is_read=false").json()
    assert [item["id"] for item in listed["results"]] == [other.pk, row.pk]
    assert listed["results"][0]["product"] == "listening/play-events"
    send = {"content_type": "application/json"}
    assert owner.post("/api/v1/notifications/read/", {"ids": [row.pk]}, **send).json() == {"marked": 1}
    assert owner.post("/api/v1/notifications/read/", {"all": True}, **send).json() == {"marked": 1}
    for wrong in ({}, {"ids": ["x"]}, {"all": True, "ids": [1]}, {"other": 1}, {"ids": [0]}):
        assert owner.post("/api/v1/notifications/read/", wrong, **send).status_code == 400
    assert owner.get("/api/v1/notifications/?is_read=perhaps").status_code == 400
