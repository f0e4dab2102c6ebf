"""Leaving notices, in the transaction of what they tell of, and telling them to whom they concern.

`tell` costs whoever caused it one INSERT. A worker finds the people; without one nothing is lost, the clock finds the
row. `fan_out` may run twice, also at the same time: whoever comes second finds nothing left to do.
"""

import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from catalog.accounts.models import User
from catalog.notifications import audience, hours
from catalog.notifications.defaults import DEFAULTS
from catalog.notifications.models import Channel, Notice, Notification, Preference
from catalog.notifications.signals import noticed

logger = logging.getLogger(__name__)
AT_ONCE = 500  # rows of one statement
MOST = 500  # notices of one run of the task


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice to be left. `about` holds the ids of product, port, term, agreement, connection, recipient and actor."""

    key: str
    kind: str
    title: str
    sentence: str = ""
    link: str = "/"
    audience: str = Notice.Audience.EVERYBODY
    about: dict[str, int | None] = field(default_factory=dict)


def tell(drafts: Iterable[Draft], *, now: dt.datetime | None = None) -> None:
    """Leave notices; one whose key is known already is not left again. Call inside the transaction of the event."""
    now = now or timezone.now()
    rows = [_notice(draft, now) for draft in drafts]
    if rows:
        Notice.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
        _ring_on_commit()


def _ring_on_commit() -> None:
    waiting = connection.run_on_commit
    if not (waiting and waiting[-1][1] is _ring):  # many notices of one transaction ring once
        transaction.on_commit(_ring)


def _ring() -> None:
    noticed.send_robust(sender=Notice)


def _notice(draft: Draft, now: dt.datetime) -> Notice:
    about: dict[str, Any] = {f"{name}_id": pk for name, pk in draft.about.items()}
    return Notice(
        key=draft.key[:200],
        kind=draft.kind,
        audience=draft.audience,
        title=draft.title[:300],
        sentence=draft.sentence[:2_000],
        link=draft.link[:1_000],
        created_at=now,
        **about,
    )


def fan_out_waiting(*, limit: int = MOST) -> int:
    """Tell the notices that wait, oldest first; returns how many people were told of something.

    One that cannot be told is tried again at the next run, and does not keep the others waiting.
    """
    told = 0
    for pk in list(Notice.objects.waiting().order_by("pk").values_list("pk", flat=True)[:limit]):
        try:
            told += fan_out(pk)
        except Exception:
            logger.exception("Notice %s could not be told", pk)
    return told


@transaction.atomic
def fan_out(notice_id: int, *, now: dt.datetime | None = None) -> int:
    """Leave a notification for everybody the notice concerns; returns how many. Told already: 0."""
    now = now or timezone.now()
    if not Notice.objects.waiting().filter(pk=notice_id).update(fanned_out_at=now):
        return 0
    notice = (
        Notice.objects.select_related(
            "product__domain__team",
            "product__team",
            "port__product",
            "connection__team",
            "term",
            "agreement__port__product__domain__team",
            "agreement__port__product__team",
            "agreement__user",
            "agreement__team",
            "agreement__product__team",
        )
        .prefetch_related("product__stewardships")
        .get(pk=notice_id)
    )
    found = audience.recipients(notice)
    rows = _notifications(notice, found, now)
    Notification.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
    if any(row.mail_due_at and row.mail_due_at <= now for row in rows):
        transaction.on_commit(lambda: noticed.send_robust(sender=Notification))
    return len(rows)


def _notifications(notice: Notice, found: dict[int, str], now: dt.datetime) -> list[Notification]:
    people = User.objects.filter(pk__in=list(found)).only("pk", "email", "time_zone")
    chosen = dict(
        Preference.objects.filter(kind=notice.kind, user__in=list(found)).values_list("user_id", "channel")
    )
    rows = []
    for person in people:
        channel = chosen.get(person.pk, DEFAULTS[notice.kind])
        if channel == Channel.OFF:
            continue
        row = Notification(
            notice=notice, recipient=person, reason=found[person.pk], created_at=notice.created_at
        )
        due = _mail_due(channel, person, now)
        if due is not None:
            row.mail, row.mail_due_at = Notification.Mail.DUE, due
        rows.append(row)
    return rows


def _mail_due(channel: str, person: User, now: dt.datetime) -> dt.datetime | None:
    if not settings.EMAIL.is_configured or not person.email:
        return None
    if channel == Channel.AT_ONCE:
        return now
    return hours.next_digest(person.time_zone, now) if channel == Channel.DIGEST else None
