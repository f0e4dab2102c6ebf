"""The clock of the portal is set back: what ended stays ended, is told once, what waits does not wait for it."""

import datetime as dt

import pytest
from django.utils import timezone

from catalog.access.models import Agreement, PortTerms
from catalog.access.services.agreeing import mark_provisioning, revoke_agreement
from catalog.access.services.ending import expire_due, remind_due
from catalog.access.services.looking import look_around
from catalog.access.services.ordering import due_orders
from catalog.access.services.running import due
from catalog.access.states import Event, Validity
from catalog.audit.models import AuditEvent, OutboxEvent
from catalog.common.errors import Conflict, Invalid
from catalog.products.models import OutputPort
from tests import factories as make
from tests.catalog.access.asking import agreed, ask
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def ended(cast: Cast, port: OutputPort, now: dt.datetime) -> Agreement:
    """An agreement of 30 days that was granted, has ended, and was removed from the store."""
    agreement = agreed(cast.consumer, port, cast.owner, now=now, days=30)
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED, now=now)
    assert expire_due(now=now + 31 * DAY) == 1
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.REMOVED, now=now + 31 * DAY)
    agreement.refresh_from_db()
    return agreement


def test_what_has_ended_is_not_shown_as_active_again(cast: Cast, port: OutputPort) -> None:
    now = timezone.now()
    agreement = ended(cast, port, now)
    back = now + 20 * DAY
    assert agreement.validity(back) == Validity.EXPIRED
    assert agreement.verdict(back).word == "expired"
    assert not Agreement.objects.standing(back).exists()
    assert Agreement.objects.ended(back).get() == agreement
    agreement.provisioning = "not_needed"  # no store contradicts
    assert not agreement.verdict(back).is_usable


def test_it_is_not_ended_twice_and_can_only_be_agreed_anew(cast: Cast, port: OutputPort) -> None:
    now = timezone.now()
    agreement = ended(cast, port, now)
    back = now + 20 * DAY
    told = AuditEvent.objects.about("agreement", agreement.pk).count()
    with pytest.raises(Conflict):
        revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True, now=back)
    assert expire_due(now=back) == expire_due(now=now + 40 * DAY) == 0
    assert AuditEvent.objects.about("agreement", agreement.pk).count() == told
    with pytest.raises(Invalid):  # a renewal would take up a grant that was removed
        ask(cast.consumer, port, now=back, kind="renew")
    again = agreed(cast.consumer, port, cast.owner, now=back, days=30)
    assert (again.pk, again.provisioning) == (agreement.pk, "waiting")
    assert again.is_in_force(back)


def test_the_end_is_told_once_at_each_distance(cast: Cast, port: OutputPort) -> None:
    now = timezone.now()
    agreed(cast.consumer, port, cast.owner, now=now, days=90)
    days = (70, 77, 62, 76, 88, 70, 89)
    assert [remind_due(now=now + day * DAY) for day in days] == [1, 1, 0, 0, 1, 0, 0]
    agreed(cast.consumer, port, cast.owner, now=now + 80 * DAY, kind="change")  # the end stays: no news
    assert remind_due(now=now + 89 * DAY) == 0
    assert OutboxEvent.objects.filter(type="access.ending").count() == 3


@pytest.mark.parametrize(("provisioner", "due_of"), [("postgresql", due), ("http", due_orders)])
def test_what_failed_before_is_tried_without_waiting_for_the_old_time(
    cast: Cast, port: OutputPort, provisioner: str, due_of: object
) -> None:
    now = timezone.now()
    agreement = agreed(cast.consumer, port, cast.owner, now=now - 9 * DAY)
    PortTerms.objects.create(port=port, provisioner=provisioner)
    states = ("in_progress", "failed", "removing", "granted")
    for state in states:
        for written, is_due in ((now + 2 * DAY, True), (now, False), (now + dt.timedelta(minutes=5), False)):
            Agreement.objects.filter(pk=agreement.pk).update(
                provisioning=state, provisioning_at=written, provisioning_note="The server is away.",
                verified_at=written, updated_at=written, ordered_at=written, order="1", is_order_taken=False,
            )  # fmt: skip
            assert due_of(now).exists() == is_due, (state, written)  # type: ignore[operator]


def test_stores_are_asked_again(cast: Cast, port: OutputPort) -> None:
    now = timezone.now()
    PortTerms.objects.create(port=port, provisioner="postgresql")
    port.asset = make.make_asset()
    port.save()
    assert [look_around(now=now + days * DAY) for days in (1, 1, 0, 0)] == [1, 0, 1, 0]
