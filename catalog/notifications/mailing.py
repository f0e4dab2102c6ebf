"""Sending notifications by e-mail. The row is the job; every step is one conditional UPDATE, kept before the next.

    due -> claimed -> sending -> sent
                          |-> due again, later (the server refused for now, or the connection broke)
                          |-> failed (refused for good, or too often)
                          |-> uncertain (the worker ended while it handed the message over)

What is promised: nothing is sent twice because a worker was killed. Until `sending` is kept nothing has left, so a
lost claim is taken back and tried again. From then on only the server knows, so it is not tried again: the message
may be missing, the list behind the bell has it and says so. Where the connection breaks while we are alive to see it,
the message is sent again under the same Message-ID: it may then arrive twice.
"""

import datetime as dt
import logging
import random
import smtplib
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.mail import get_connection
from django.db.models import F, Min
from django.utils import timezone

from catalog.accounts.models import User
from catalog.notifications import letters
from catalog.notifications.models import Notification, NotificationQuerySet

logger = logging.getLogger(__name__)
Mail = Notification.Mail
PEOPLE = 200  # one message each, of one run of the task
MOST_IN_ONE = 100  # notifications of one message; the others follow in the next
LONGEST_RUN = 400.0  # seconds
STALE = dt.timedelta(minutes=20)  # longer than the task may run
MOST_ATTEMPTS = 8
FIRST_DELAY, LONGEST_DELAY = dt.timedelta(minutes=1), dt.timedelta(hours=4)


def send_due(*, now: dt.datetime | None = None, people: int = PEOPLE) -> int:
    """Send what is due, one message a person, whoever waits longest first; returns how many messages left.

    A server that cannot be reached costs nobody an attempt: nothing is claimed before it answers.
    """
    now = now or timezone.now()
    take_back(now)
    waiting = _due(now).order_by().values("recipient").annotate(oldest=Min("mail_due_at"))
    listed = [row["recipient"] for row in waiting.order_by("oldest", "recipient")[:people]]
    if not listed or not settings.EMAIL.is_configured:
        return 0
    connection = get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning(
            "The mail server cannot be reached (%s); %s people wait", type(error).__name__, len(listed)
        )
        return 0
    begun, sent = time.monotonic(), 0
    try:
        for person_id in listed:
            if time.monotonic() - begun > LONGEST_RUN:
                break
            sent += _send_to(person_id, connection, now)
    finally:
        connection.close()
    return sent


def take_back(now: dt.datetime) -> None:
    """What workers that are gone had claimed: due again where nothing had left, uncertain where it may have."""
    gone = Notification.objects.filter(mail_claimed_at__lt=now - STALE)
    lost = "The worker ended while it handed the message over."
    gone.filter(mail=Mail.SENDING).update(mail=Mail.UNCERTAIN, mail_error=lost)
    claimed = gone.filter(mail=Mail.CLAIMED)
    claimed.filter(mail_attempts__gte=MOST_ATTEMPTS).update(mail=Mail.FAILED, mail_error="Tried too often.")
    claimed.update(mail=Mail.DUE, mail_due_at=now)


def _due(now: dt.datetime) -> NotificationQuerySet:
    return Notification.objects.filter(mail=Mail.DUE, mail_due_at__lte=now)


def _send_to(person_id: int, connection: Any, now: dt.datetime) -> int:
    claim = str(uuid4())
    wanted = list(
        _due(now)
        .filter(recipient=person_id)
        .order_by("created_at", "pk")
        .values_list("pk", flat=True)[:MOST_IN_ONE]
    )
    taken = (
        _due(now)
        .filter(pk__in=wanted)
        .update(
            mail=Mail.CLAIMED,
            mail_claim=claim,
            mail_claimed_at=timezone.now(),
            mail_attempts=F("mail_attempts") + 1,
        )
    )
    if not taken:
        return 0  # another worker was faster
    ours = Notification.objects.filter(mail_claim=claim)
    person = User.objects.get(pk=person_id)
    rows = _worth_sending(ours, person)
    ours.exclude(pk__in=[row.pk for row in rows]).update(mail=Mail.NONE, mail_due_at=None)
    if not rows:
        return 0
    message = letters.compose(person, rows)
    message.connection = connection
    if ours.filter(mail=Mail.CLAIMED).update(mail=Mail.SENDING) != len(rows):
        return 0  # taken back meanwhile: this worker was thought to be gone
    try:
        message.send()
    except (OSError, smtplib.SMTPException) as error:
        _put_off(ours, rows, error, timezone.now())
        if not isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused):
            connection.close()  # broken; the next message opens another
        return 0
    ours.update(mail=Mail.SENT, mailed_at=timezone.now(), mail_error="")
    return 1


def _worth_sending(ours: NotificationQuerySet, person: User) -> list[Notification]:
    """Those the person may see now and has not read; none where there is nobody to send to."""
    if not person.is_active or not person.email:
        return []
    rows = ours.visible_to(person).unread()
    return list(rows.select_related("notice").order_by("created_at", "pk"))


def _put_off(
    ours: NotificationQuerySet, rows: Sequence[Notification], error: Exception, now: dt.datetime
) -> None:
    """Later again, or never: by what the server said and how often it was tried."""
    words = _words(error)
    attempts = max(row.mail_attempts for row in rows)
    if _is_final(error) or attempts >= MOST_ATTEMPTS:
        logger.warning("An e-mail about %s notifications was given up: %s", len(rows), words)
        ours.update(mail=Mail.FAILED, mail_error=words)
        return
    chance = random.random()  # noqa: S311  # spreads retries, protects nothing
    ours.update(mail=Mail.DUE, mail_due_at=now + delay(attempts, chance), mail_error=words)


def delay(attempts: int, chance: float) -> dt.timedelta:
    """How long to wait after so many attempts: doubled each time, spread by `chance` (0..1) between half and whole."""
    longest: dt.timedelta = min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY)
    return longest * (0.5 + chance / 2)


def _is_final(error: Exception) -> bool:
    """A reply in the five hundreds (RFC 5321, 4.2.1): the server will not say otherwise tomorrow."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        replies = [f"{code} {_text(said)}" for code, said in error.recipients.values()]
        return f"The server refuses the address: {replies[0] if replies else ''}"[:300]
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The server refuses: {error.smtp_code} {_text(error.smtp_error)}"[:300]
    return f"The connection broke ({type(error).__name__})."


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
