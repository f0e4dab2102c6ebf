"""What people do with notifications: read them, say how they want them, watch things."""

from collections.abc import Collection, Mapping

from django.db import transaction
from django.utils import timezone

from catalog.accounts.models import User
from catalog.common.errors import Invalid, Problem
from catalog.notifications.defaults import DEFAULTS
from catalog.notifications.models import Channel, Kind, Notification, Preference

Mail = Notification.Mail


@transaction.atomic
def mark_read(*, actor: User, ids: Collection[int] | None = None) -> int:
    """Mark one's own notifications read (all of them without `ids`); returns how many were unread.

    An e-mail that waits for its turn is not sent any more: its reader knows. Ids of others' are not found.
    """
    mine = Notification.objects.filter(recipient=actor).unread()
    chosen = mine if ids is None else mine.filter(pk__in=ids)
    chosen.filter(mail=Mail.DUE).update(mail=Mail.NONE, mail_due_at=None)
    return chosen.update(read_at=timezone.now())


@transaction.atomic
def mark_unread(*, actor: User, ids: Collection[int]) -> int:
    """Mark one's own notifications unread again; returns how many were read. No e-mail follows."""
    mine = Notification.objects.filter(recipient=actor, pk__in=ids).exclude(read_at=None)
    return mine.update(read_at=None)


@transaction.atomic
def choose_channels(*, actor: User, channels: Mapping[str, str]) -> None:
    """Say how one wants to hear of each kind; kinds that are not named stay. Raises Invalid.

    E-mail that waits for its turn is not sent when its kind is not wanted by e-mail any more.
    """
    problems = [
        Problem(kind, "choice", f"There is no kind {kind[:40]!r}.")
        for kind in channels
        if kind not in Kind.values
    ]
    problems += [
        Problem(kind, "choice", f"Choose one of {', '.join(Channel.values)}.")
        for kind, channel in channels.items()
        if channel not in Channel.values
    ]
    if problems:
        raise Invalid(problems[0].message, kept="Nothing was changed.", problems=problems)
    quiet = [kind for kind, channel in channels.items() if channel in (Channel.PORTAL, Channel.OFF)]
    waiting = Notification.objects.filter(recipient=actor, mail=Mail.DUE, notice__kind__in=quiet)
    waiting.update(mail=Mail.NONE, mail_due_at=None)
    for kind, channel in channels.items():
        if channel == DEFAULTS[kind]:
            Preference.objects.filter(user=actor, kind=kind).delete()
        else:
            Preference.objects.update_or_create(user=actor, kind=kind, defaults={"channel": channel})
