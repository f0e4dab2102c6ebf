"""Who is told: owners, consumers and watchers, each once, and nobody of what they may not see."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.accounts import kernel
from catalog.accounts.models import Membership, Role, Team, User
from catalog.common.bell import Bell
from catalog.notifications import services
from catalog.notifications.models import Channel, Kind, Notice, Notification, Subscription
from catalog.notifications.signals import noticed
from catalog.notifications.telling import Draft, fan_out, tell
from catalog.products.models import DataProduct, Visibility
from catalog.products.permissions import audience
from tests import factories as make
from tests.catalog.notifications.conftest import Told
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def reasons(rows: list[Notification]) -> dict[str, str]:
    return {row.recipient.username: row.reason for row in rows}


def watch(person: User, **target: object) -> Subscription:
    (name,) = target
    return Subscription.objects.create(user=person, target=name, **target)


def test_owners_consumers_and_watchers_are_told_each_once_and_why(cast: Cast, told: Told) -> None:
    port = make.make_port(cast.play_events, "plays")
    make.make_input_port(cast.playback_quality, port)
    watch(cast.consumer, domain=cast.listening)
    watch(cast.owner, product=cast.play_events)
    found = reasons(told(cast.play_events))
    assert found == {"owner": "owner", "steward": "consumer", "consumer": "watcher"}


def test_only_consumers_of_the_port_it_is_about_are_told(cast: Cast, told: Told) -> None:
    read, unread = make.make_port(cast.play_events, "plays"), make.make_port(cast.play_events, "totals")
    make.make_input_port(cast.playback_quality, read)
    assert "steward" in reasons(told(cast.play_events, about={"port": read.pk}))
    assert "steward" not in reasons(told(cast.play_events, about={"port": unread.pk}))


def test_audience_of_owners_leaves_the_others_alone(cast: Cast, told: Told) -> None:
    make.make_input_port(cast.playback_quality, make.make_port(cast.play_events, "plays"))
    watch(cast.consumer, product=cast.play_events)
    assert reasons(told(cast.play_events, audience=Notice.Audience.OWNERS)) == {"owner": "owner"}
    both = told(cast.play_events, audience=Notice.Audience.OWNERS_AND_WATCHERS)
    assert reasons(both) == {"owner": "owner", "consumer": "watcher"}


def test_who_did_it_is_not_told(cast: Cast, told: Told) -> None:
    assert told(cast.play_events, about={"actor": cast.owner.pk}) == []


def test_watcher_who_may_no_longer_see_the_product_is_not_told(cast: Cast, told: Told) -> None:
    watch(cast.consumer, product=cast.play_events)
    DataProduct.objects.filter(pk=cast.play_events.pk).update(visibility=Visibility.PRIVATE)
    assert reasons(told(cast.play_events)) == {"owner": "owner"}


def test_deactivated_people_are_not_told(cast: Cast, told: Told) -> None:
    watch(cast.consumer, product=cast.play_events)
    User.objects.filter(pk=cast.consumer.pk).update(is_active=False)
    assert "consumer" not in reasons(told(cast.play_events))


def test_product_without_owners_is_told_to_whoever_is_next_above(cast: Cast, told: Told) -> None:
    Membership.objects.filter(user=cast.owner).delete()
    cast.play_events.stewardships.all().delete()
    assert reasons(told(cast.play_events)) == {"admin": "owner"}
    make.make_membership(cast.consumer, Role.TECHNICAL_OWNER, Team.objects.get(name="Daff"))
    assert reasons(told(cast.play_events)) == {"consumer": "owner"}


def test_same_thing_is_told_once_however_often_it_is_noticed(cast: Cast, told: Told) -> None:
    assert len(told(cast.play_events, key="same")) == 1
    tell([Draft("same", Kind.SLO, "Again", about={"product": cast.play_events.pk})])
    assert Notice.objects.count() == 1
    assert fan_out(Notice.objects.get().pk) == 0
    assert Notification.objects.count() == 1


def test_kind_that_is_off_leaves_no_row(cast: Cast, told: Told) -> None:
    services.choose_channels(actor=cast.owner, channels={Kind.LIFECYCLE: Channel.OFF})
    assert told(cast.play_events) == []
    assert len(told(cast.play_events, kind=Kind.SLO)) == 1


def test_number_of_queries_does_not_grow_with_the_people(cast: Cast, told: Told) -> None:
    def queries(people: int) -> int:
        for number in range(people):
            person = make.make_user(f"watcher-{people}-{number}")
            make.make_membership(person, Role.VIEWER, cast.playback_team)
            watch(person, product=cast.play_events)
        tell([Draft(f"many:{people}", Kind.LIFECYCLE, "It goes", about={"product": cast.play_events.pk})])
        notice = Notice.objects.get(key=f"many:{people}")
        with CaptureQueriesContext(
            connection,
        ) as counted:
            assert fan_out(notice.pk) >= people
        return len(counted)

    assert queries(5) == queries(50)


@pytest.mark.parametrize("visibility", Visibility.values)
@pytest.mark.parametrize("lifecycle", ["draft", "active"])
def test_holders_of_an_audience_are_those_who_see_the_product(
    cast: Cast, visibility: str, lifecycle: str
) -> None:
    product = cast.play_events
    make.make_membership(cast.consumer, Role.DOMAIN_ADMIN, Team.objects.get(name="Daff"))
    make.make_membership(make.make_user("governor"), Role.GOVERNANCE)
    make.make_membership(make.make_user("colleague"), Role.VIEWER, cast.listening_team)
    DataProduct.objects.filter(pk=product.pk).update(visibility=visibility, lifecycle=lifecycle)
    fresh = DataProduct.objects.select_related("domain").get(pk=product.pk)
    holding = set(User.objects.filter(kernel.holders(audience(fresh))))
    seeing = {
        person
        for person in User.objects.all()
        if DataProduct.objects.visible_to(person).filter(pk=product.pk).exists()
    }
    assert holding == seeing


def test_broker_that_is_away_is_asked_once_and_then_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise ConnectionRefusedError

    bell = Bell(fail)
    for _ in range(5):
        bell.press()
    assert len(calls) == 1
    assert caplog.text.count("No worker could be rung") == 1
    bell.rests_until = 0.0
    bell.press()
    assert len(calls) == 2


def test_many_notices_of_one_transaction_ring_once(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    rung: list[int] = []

    def heard(**_: Any) -> None:
        rung.append(1)

    noticed.connect(heard, sender=Notice)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            for number in range(3):
                about = {"product": cast.play_events.pk}
                tell([Draft(f"ring:{number}", Kind.SLO, "It is missed", about=about)])
    finally:
        noticed.disconnect(heard, sender=Notice)
    assert len(rung) == 1
