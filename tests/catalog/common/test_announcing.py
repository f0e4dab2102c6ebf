"""What is done together is announced once, after the commit."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.dispatch import Signal

from catalog.common.announcing import announce, together

pytestmark = pytest.mark.django_db(transaction=True)
Heard = list[tuple[set[int], set[int]]]


@pytest.fixture
def moved() -> Signal:
    return Signal()


@pytest.fixture
def heard(moved: Signal) -> Iterator[Heard]:
    known: Heard = []

    def hear(ports: set[int], products: set[int], **_: object) -> None:
        known.append((ports, products))

    moved.connect(hear)
    yield known
    moved.disconnect(hear)


def test_an_announcement_by_itself_is_sent_at_once_when_nothing_is_pending(
    moved: Signal, heard: Heard
) -> None:
    announce(moved, sender=object, ports=[1], products=[])
    assert heard == [({1}, set())]


def test_what_is_done_together_is_one_announcement_after_the_commit(moved: Signal, heard: Heard) -> None:
    with transaction.atomic(), together():
        announce(moved, sender=object, ports=[1, 2], products=[])
        with transaction.atomic(), together():
            announce(moved, sender=object, ports=[2, 3], products=[7])
        assert heard == []
    assert heard == [({1, 2, 3}, {7})]


def test_without_gathering_each_is_sent_for_itself(moved: Signal, heard: Heard) -> None:
    with transaction.atomic():
        announce(moved, sender=object, ports=[1], products=[])
        announce(moved, sender=object, ports=[1], products=[])
    assert len(heard) == 2


def test_what_is_rolled_back_is_not_announced(moved: Signal, heard: Heard) -> None:
    with transaction.atomic(), together():
        announce(moved, sender=object, ports=[1], products=[])
        transaction.set_rollback(True)
    with transaction.atomic(), together():
        announce(moved, sender=object, ports=[4], products=[])
    assert heard == [({4}, set())]


def test_two_signals_stay_two(moved: Signal, heard: Heard) -> None:
    other = Signal()
    calls: list[set[int]] = []
    receiver = lambda ports, **_: calls.append(ports)  # noqa: E731
    other.connect(receiver)
    with transaction.atomic(), together():
        announce(moved, sender=object, ports=[1], products=[])
        announce(other, sender=object, ports=[2])
    assert (heard, calls) == ([({1}, set())], [{2}])
