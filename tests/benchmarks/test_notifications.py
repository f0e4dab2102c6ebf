"""A thousand people watch a product: what the writer pays, what the worker does, what each of their pages pays.

The database is that of the tests: SQLite unless MESHPORTAL_DATABASE_URL names another. Times are processor
milliseconds of this process, the median of several; those of a database server come on top.
"""

import datetime as dt
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from catalog.accounts.models import Membership, Role, User
from catalog.notifications import receivers
from catalog.notifications.models import Notification, Subscription
from catalog.notifications.selectors import unread_count
from catalog.notifications.telling import fan_out_waiting
from catalog.products.services import edit_port
from tests import factories as make
from tests.conftest import Cast

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db, pytest.mark.timeout(900)]
PEOPLE, ROUNDS = 1_000, 9


def took(deed: Callable[[], Any]) -> float:
    began = time.process_time()
    deed()
    return (time.process_time() - began) * 1000


def test_a_thousand_watchers(
    cast: Cast, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    people = User.objects.bulk_create(User(username=f"watcher-{n}", name=f"W {n}") for n in range(PEOPLE))
    Membership.objects.bulk_create(
        Membership(user=person, team=cast.playback_team, role=Role.VIEWER) for person in people
    )
    Subscription.objects.bulk_create(
        Subscription(user=person, target="product", product=cast.play_events) for person in people
    )
    port = make.make_port(cast.play_events, "plays")
    days = iter(range(1, 1_000))

    def write() -> None:
        end = timezone.localdate() + dt.timedelta(days=next(days))
        edit_port(actor=None, port=port, sunset_at=end)

    write()
    fan_out_waiting()
    telling, working = [], []
    for _ in range(ROUNDS):
        telling.append(took(write))
        working.append(took(fan_out_waiting))
    assert Notification.objects.count() == (ROUNDS + 1) * (PEOPLE + 1)
    monkeypatch.setattr(receivers, "tell", lambda drafts: None)
    monkeypatch.setattr(receivers.audit_events, "drafts_of", lambda events: [])
    silent = [took(write) for _ in range(ROUNDS)]
    person = User.objects.get(username="watcher-7")
    unread_count(person)  # with the person's standing, which a page reads anyway
    bell = [took(lambda: unread_count(person)) for _ in range(ROUNDS)]
    figures = {
        "edit of a port, silent": statistics.median(silent),
        "the same, leaving a notice": statistics.median(telling),
        f"telling {PEOPLE:,} people": statistics.median(working),
        "the bell": statistics.median(bell),
    }
    with capsys.disabled():
        for name, value in figures.items():
            sys.stdout.write(f"\n{name}: {value:.1f} ms")
