"""Reads for the bell, the list and the preferences."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from catalog.accounts.models import User
from catalog.common.prepared import Prepared
from catalog.notifications.defaults import DEFAULTS, HELP
from catalog.notifications.models import Kind, Notification, Preference, Subscription

MOST_COUNTED = 99  # the bell says 99+ from there on, and the database stops counting


def notifications_for(user: User) -> QuerySet[Notification]:
    """One's own, newest first, with what the list shows of each."""
    rows: QuerySet[Notification] = Notification.objects.visible_to(user).select_related(
        "notice__product__domain", "notice__connection"
    )
    return rows


def unread_count(user: User) -> int:
    """How many are unread, at most one more than MOST_COUNTED.

    Every page asks, and most people have read everything: whether there is anything is asked first, by the index alone,
    because the rules of who may see what take longer to write down than all else on a page of results.
    """
    if not _ANY_UNREAD.rows(user.pk):
        return 0
    unread = Notification.objects.visible_to(user).unread().order_by()
    return unread.values("pk")[: MOST_COUNTED + 1].count()


def _any_unread(user_id: int) -> Any:
    return Notification.objects.filter(recipient_id=user_id, read_at=None).order_by().values_list("pk")[:1]


_ANY_UNREAD: Final = Prepared(Notification, _any_unread)


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind with how the person hears of it."""

    kind: str
    label: str
    help: str
    channel: str


def channels_of(user: User) -> dict[str, str]:
    """Kind -> channel, for every kind."""
    chosen = dict(Preference.objects.filter(user=user).values_list("kind", "channel"))
    return {kind: chosen.get(kind, DEFAULTS[kind]) for kind in DEFAULTS}


def choices_of(user: User) -> list[Choice]:
    """Every kind, in the order the page shows them."""
    channels = channels_of(user)
    return [Choice(kind.value, kind.label, HELP[kind], channels[kind]) for kind in Kind]


def subscriptions_of(user: User) -> QuerySet[Subscription]:
    """What the person watches, with the names of it."""
    rows: QuerySet[Subscription] = Subscription.objects.visible_to(user).select_related(
        "product__domain", "domain", "term"
    )
    return rows.order_by("target", "product__name", "domain__name", "term__name", "query", "pk")
