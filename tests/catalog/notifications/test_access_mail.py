"""What becomes of access goes out by e-mail, at once or once a day as people chose, each thing once."""

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from catalog.access.models import Agreement, PortTerms
from catalog.access.services.agreeing import mark_provisioning, revoke_agreement
from catalog.access.services.deciding import decide_stage
from catalog.access.services.ending import expire_due, remind_due
from catalog.access.services.running import provision_due
from catalog.access.states import Event
from catalog.accounts.models import User
from catalog.notifications import hours, mailing, services
from catalog.notifications.models import Channel, Kind, Notification
from catalog.notifications.telling import fan_out_waiting
from catalog.products.models import OutputPort
from meshportal.email import Email
from tests import factories as make
from tests.catalog.access.asking import agreed, ask, stage_of
from tests.conftest import Cast

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)
PLACE = "Play events, plays 1.0.0"
MINE = f"Access of Consumer to {PLACE}"


@pytest.fixture
def port(cast: Cast, settings: Any) -> OutputPort:
    """E-mail is kept in `mail.outbox`; everybody has an address."""
    settings.PUBLIC_URL = "https://mesh.example.org"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.EMAIL = Email(settings.EMAIL_BACKEND, "localhost")
    for person in User.objects.all():
        User.objects.filter(pk=person.pk).update(email=f"{person.username}@example.org")
        person.refresh_from_db()
    return make.make_port(cast.play_events, "plays")


def sent(now: dt.datetime | None = None) -> list[tuple[str, str]]:
    """To whom what was sent since the last look."""
    fan_out_waiting()
    mailing.send_due(now=now)
    found = [(message.to[0].partition("@")[0], message.subject) for message in mail.outbox]
    mail.outbox.clear()
    return sorted(found)


def test_each_step_of_an_access_is_mailed_at_once_to_whom_it_concerns(cast: Cast, port: OutputPort) -> None:
    now = timezone.now()
    request = ask(cast.consumer, port, now=now)
    assert sent() == [("owner", f"Consumer asks for access to {PLACE}")]
    decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=True, now=now)
    by_hand = ("owner", f"To grant by hand: access of Consumer to {PLACE}")
    assert sent() == [("consumer", f"{MINE} is approved"), by_hand]
    agreement = Agreement.objects.get()
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.FAIL, note="There is no such role.")
    assert sent() == [("consumer", f"{MINE} is agreed and could not be granted")]  # the owner said so
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED, now=now)
    assert sent() == [("consumer", f"{MINE} is there")]
    for days in (30, 14, 3):
        assert remind_due(now=now + (90 - days) * DAY) == 1
        assert sent() == [("consumer", f"{MINE} ends within {days} days")]
    expire_due(now=now + 90 * DAY)
    assert sent() == [("consumer", f"{MINE} has ended"), (by_hand[0], by_hand[1].replace("grant", "remove"))]
    mark_provisioning(actor=None, agreement=agreement, event=Event.FAIL, note="The server is away.")
    assert sent() == [("owner", f"{MINE} has ended and could not be removed")]


def test_a_letter_says_why_where_it_leads_and_how_to_end_them(cast: Cast, port: OutputPort) -> None:
    request = ask(cast.consumer, port)
    sent()
    decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=False, note="Ask for the totals.")
    fan_out_waiting()
    mailing.send_due()
    (message,) = mail.outbox
    assert message.subject == f"{MINE} is denied"
    assert "Ask for the totals. You can ask again." in message.body
    row = Notification.objects.get(recipient=cast.consumer)
    assert f"https://mesh.example.org{row.get_absolute_url()}" in message.body
    assert "No more e-mail about: Access" in message.body


def test_what_the_worker_cannot_grant_is_mailed_once_to_both_sides(cast: Cast, port: OutputPort) -> None:
    PortTerms.objects.create(port=port, provisioner="postgresql")  # and the port is tied to nothing
    agreement, now = agreed(cast.consumer, port, cast.owner), timezone.now()
    sent()
    provision_due(now=now)
    words = f"{MINE} is agreed and could not be granted"
    assert sent() == [("consumer", words), ("owner", words)]
    row = Notification.objects.filter(recipient=cast.owner).latest("pk")
    assert "belongs to no connection" in row.notice.sentence
    for hours_later in (1, 2, 3):
        assert provision_due(now=now + hours_later * DAY / 24) == 1  # it is tried again, and fails again
    assert sent() == []
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    assert sent() == [("consumer", f"{MINE} is there")]
    mark_provisioning(actor=None, agreement=agreement, event=Event.FAIL, note="It is gone.")
    assert sent() == [("consumer", words), ("owner", words)]  # it was there, and is no longer: that is news


def test_a_revocation_is_mailed_with_its_reason(cast: Cast, port: OutputPort) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    sent()
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="It moves.")
    fan_out_waiting()
    mailing.send_due()
    assert "It moves." in mail.outbox[-1].body
    assert mail.outbox[-1].subject == f"{MINE} is revoked"


def test_who_wants_it_once_a_day_gets_one_letter_about_all_of_it(cast: Cast, port: OutputPort) -> None:
    services.choose_channels(actor=cast.owner, channels={Kind.ACCESS: Channel.OFF})
    services.choose_channels(actor=cast.consumer, channels={Kind.ACCESS: Channel.DIGEST})
    agreement = agreed(cast.consumer, port, cast.owner)
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    assert sent() == []
    morning = hours.next_digest("UTC", timezone.now())
    assert sent(now=morning) == [("consumer", f"2 notifications: {MINE} is approved, …")]
    assert sent(now=morning + DAY) == []


@pytest.mark.parametrize(
    ("channel", "letters"), [(Channel.PORTAL, 0), (Channel.OFF, 0), (Channel.AT_ONCE, 1)]
)
def test_who_wants_no_letters_gets_none(cast: Cast, port: OutputPort, channel: Channel, letters: int) -> None:
    services.choose_channels(actor=cast.owner, channels={Kind.ACCESS: Channel.OFF})
    services.choose_channels(actor=cast.consumer, channels={Kind.ACCESS: channel})
    agreed(cast.consumer, port, cast.owner)
    assert len(sent(now=timezone.now() + 2 * DAY)) == letters
