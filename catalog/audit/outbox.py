"""The outbox of events: published in the transaction of what happened, read in the order of commits.

`publish` costs one INSERT. `number_waiting` gives what is committed its place in the feed (see
`catalog.audit.numbering` for why that is done afterwards). Within a transaction the order is that of publishing; of
two transactions about the same thing the second waits for the first, so the order per product is that of the changes.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from catalog.audit import numbering
from catalog.audit.models import Numbering, OutboxEvent
from catalog.audit.signals import events_numbered, events_published

AT_ONCE = 1_000  # rows of one statement


@dataclass(frozen=True, slots=True)
class Happened:
    """An event to be published; `agreement_id` restricts its readers to those who may see the agreement."""

    type: str
    subject: str
    data: dict[str, Any] = field(default_factory=dict)
    product_id: int | None = None
    port_id: int | None = None
    agreement_id: int | None = None
    at: dt.datetime | None = None


def publish(
    *,
    type: str,
    subject: str,
    data: dict[str, Any],
    product_id: int | None = None,
    port_id: int | None = None,
    agreement_id: int | None = None,
    at: dt.datetime | None = None,
) -> None:
    """Leave one event in the transaction of the change; feed and webhooks tell it once that is committed.

    `type` is one that `catalog.events.types` describes; `data` JSON values in full: names, before and after, who.
    Only those who may see the product (or the agreement, where one is given) read it.
    """
    publish_all([Happened(type, subject, data, product_id, port_id, agreement_id, at)])


def publish_all(events: Iterable[Happened]) -> int:
    """Leave many events by one statement a thousand; returns how many."""
    now = timezone.now()
    rows = [
        OutboxEvent(
            type=item.type,
            subject=item.subject[:300],
            at=item.at or now,
            data=item.data,
            product_id=item.product_id,
            port_id=item.port_id,
            agreement_id=item.agreement_id,
        )
        for item in events
    ]
    if rows:
        OutboxEvent.objects.bulk_create(rows, batch_size=AT_ONCE)
        _ring_on_commit()
    return len(rows)


def number_waiting() -> int:
    """Give every committed event that has none its position; returns how many. Twice at a time does no harm."""
    numbered = 0
    while given := _number_batch():
        numbered += given
    if numbered:
        events_numbered.send_robust(sender=OutboxEvent)
    return numbered


def _number_batch() -> int:
    if not OutboxEvent.objects.filter(position=None).exists():
        return 0  # nobody is kept waiting by a lock for nothing
    table = connection.ops.quote_name(OutboxEvent._meta.db_table)
    with transaction.atomic():
        head = numbering.locked(Numbering.Name.OUTBOX)
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET position = found.place + %s FROM ("  # noqa: S608  # a name of ours
                f"SELECT id, row_number() OVER (ORDER BY id) AS place FROM {table} WHERE position IS NULL "
                f"ORDER BY id LIMIT %s) AS found WHERE {table}.id = found.id",
                [head.position, AT_ONCE],
            )
            given: int = cursor.rowcount
        head.position += given
        head.save()
    return given


def _ring_on_commit() -> None:
    waiting = connection.run_on_commit
    if not (waiting and waiting[-1][1] is _ring):  # many events of one transaction ring once
        transaction.on_commit(_ring, robust=True)


def _ring() -> None:
    events_published.send_robust(sender=OutboxEvent)
