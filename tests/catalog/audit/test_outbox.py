"""The outbox: events come with their change or not at all, and get their place in the order of commits."""

import threading

import pytest
from django.db import connection, transaction

from catalog.audit import outbox
from catalog.audit.models import Numbering, OutboxEvent

SOON = 20.0  # seconds


def publish(subject: str) -> None:
    outbox.publish(type="product.edited", subject=subject, data={"n": 1}, product_id=1)


def numbered() -> list[tuple[int | None, str]]:
    return list(OutboxEvent.objects.order_by("position").values_list("position", "subject"))


@pytest.mark.django_db
def test_positions_follow_the_order_of_publishing_without_a_gap() -> None:
    for name in "abc":
        publish(name)
    assert outbox.number_waiting() == 3
    publish("d")
    assert outbox.number_waiting() == 1
    assert outbox.number_waiting() == 0
    assert numbered() == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


@pytest.mark.django_db
def test_more_than_a_batch_is_numbered_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "AT_ONCE", 7)
    outbox.publish_all([outbox.Happened("product.edited", str(number)) for number in range(20)])
    assert outbox.number_waiting() == 20
    assert [subject for _, subject in numbered()] == [str(number) for number in range(20)]


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_tells_nothing() -> None:
    with transaction.atomic():
        publish("a")
        transaction.set_rollback(True)
    assert outbox.number_waiting() == 0
    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_row_that_commits_late_is_not_lost_to_a_cursor_that_went_on() -> None:
    """Two real connections: the one that writes first commits last."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time: nothing commits late there")
    has_written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                publish("slow, first row")
                has_written.set()
                assert may_commit.wait(SOON)
        finally:
            connection.close()

    other = threading.Thread(target=slow)
    other.start()
    try:
        assert has_written.wait(SOON)
        publish("quick, second row")
        assert outbox.number_waiting() == 1
        cursor = Numbering.objects.get(pk="outbox").position
    finally:
        may_commit.set()
        other.join(SOON)
    outbox.number_waiting()
    slow_row, quick_row = OutboxEvent.objects.order_by("pk")
    assert slow_row.pk < quick_row.pk, "the sequence gave the late one the lower number"
    late = OutboxEvent.objects.filter(position__gt=cursor).values_list("subject", flat=True)
    assert list(late) == ["slow, first row"]


@pytest.mark.django_db(transaction=True)
def test_many_drains_at_once_give_every_position_once() -> None:
    outbox.publish_all([outbox.Happened("product.edited", str(number)) for number in range(500)])

    def drain() -> None:
        try:
            outbox.number_waiting()
        finally:
            connection.close()

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert numbered() == [(number + 1, str(number)) for number in range(500)]
