"""Stores that cannot be read for a while, as notices: to the team that runs them, and to owners of what lies in them.

A single failure is nothing to tell: crawls are tried again by themselves. What is told is found by the clock from
rows, once for each time a store goes dark.
"""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from catalog.audit.models import AuditEvent
from catalog.connections.models import Connection
from catalog.notifications.models import Kind, Notice
from catalog.notifications.telling import Draft, tell
from catalog.products.models import DataProduct, Lifecycle

FAILURES = 3  # in a row, at least
A_WHILE = dt.timedelta(hours=1)  # since the first of them
MOST = 200  # stores of one look
MOST_PRODUCTS = 100  # of one store


@transaction.atomic
def look_after_sources(*, now: dt.datetime | None = None) -> int:
    """Tell of the stores that have failed for a while and were not told of yet; returns how many there are."""
    now = now or timezone.now()
    dark = [item for item in _failing() if item.first_failed_at and item.first_failed_at <= now - A_WHILE]
    keys = {item.pk: f"crawl:{item.pk}:{item.first_failed_id}" for item in dark}
    known = set(Notice.objects.filter(key__in=keys.values()).values_list("key", flat=True))
    fresh = [item for item in dark if keys[item.pk] not in known]
    for connection in fresh:
        tell(_drafts(connection, keys[connection.pk]), now=now)
    return len(fresh)


def _failing() -> Any:
    """Stores that failed several times in a row, with the first of these failures."""
    about = AuditEvent.objects.filter(object_kind="connection", object_id=OuterRef("pk"))
    last_good = about.filter(verb="connection.crawled").order_by("-at", "-pk").values("pk")[:1]
    return (
        Connection.objects.filter(failures_in_row__gte=FAILURES, is_paused=False)
        .annotate(last_good_id=Coalesce(Subquery(last_good), Value(0)))
        .annotate(
            first_failed_id=Subquery(_failures().values("pk")[:1]),
            first_failed_at=Subquery(_failures().values("at")[:1]),
        )
        .order_by("-failures_in_row", "pk")[:MOST]
    )


def _failures() -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(
        object_kind="connection",
        object_id=OuterRef("pk"),
        verb="connection.crawl_failed",
        pk__gt=OuterRef("last_good_id"),
    ).order_by("at", "pk")


def _drafts(connection: Connection, key: str) -> list[Draft]:
    found = [
        Draft(
            key,
            Kind.CRAWL,
            f"{connection.name} cannot be read for a while",
            f"{connection.failures_in_row} crawls in a row failed: {connection.check_error}".strip(),
            reverse("connections:detail", args=[connection.slug]),
            Notice.Audience.OWNERS,
            {"connection": connection.pk},
        )
    ]
    products = (
        DataProduct.objects.filter(output_ports__connection=connection)
        .exclude(lifecycle=Lifecycle.RETIRED)
        .exclude(team_id=connection.team_id)  # its people hear of the store itself
        .select_related("domain")
        .distinct()
        .order_by("pk")[:MOST_PRODUCTS]
    )
    found += [
        Draft(
            f"{key}:{product.pk}",
            Kind.CRAWL,
            f"{product.name} cannot be read for a while",
            "The portal does not know how its data is: schema, freshness and SLOs show what was seen last.",
            product.get_absolute_url(),
            Notice.Audience.OWNERS,
            {"product": product.pk},
        )
        for product in products
    ]
    return found
