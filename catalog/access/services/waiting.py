"""Waiting by stamps in rows, on a clock that may be set back."""

import datetime as dt

from django.db.models import Q


def waited(stamp: str, span: dt.timedelta, now: dt.datetime) -> Q:
    """Rows whose `stamp` lies `span` back, or as far ahead: that was written before the clock was set back, and
    waiting for it would keep somebody's access in a store, or out of it, as long."""
    return Q(**{f"{stamp}__lte": now - span}) | Q(**{f"{stamp}__gt": now + span})
