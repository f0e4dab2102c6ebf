"""How old the last sight of an edge is: machines that stop seeing an edge make it fade; only people end it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from catalog.common import humanise
from lineage.models import Source

SEEN_BY_MACHINES = (Source.OPENLINEAGE, Source.DBT, Source.SQL)


@dataclass(frozen=True, slots=True)
class Age:
    """In words, and whether it is long enough for a machine's edge to be doubted."""

    words: str
    is_fading: bool


def fading_since(now: datetime) -> datetime:
    """A machine's edge last seen before this fades."""
    return now - timedelta(days=settings.EDGE_FADING_DAYS)


def fading(now: datetime) -> Q:
    """The edges that fade."""
    return Q(source__in=SEEN_BY_MACHINES, last_seen__lt=fading_since(now))


def age_of(source: str, last_seen: datetime, now: datetime) -> Age:
    """What was declared or drawn holds until somebody says otherwise: it has an age and does not fade."""
    is_fading = source in SEEN_BY_MACHINES and last_seen < fading_since(now)
    return Age(humanise.relative(last_seen, now), is_fading)
