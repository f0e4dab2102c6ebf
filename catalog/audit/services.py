"""Writing to the audit trail and to the outbox; call inside the transaction of the change itself.

Whoever listens to `events_recorded` writes what follows (events of the feed, notices) in the same transaction. An error
there is raised, so the change is undone with it: nothing is changed that nobody is told of.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.utils import timezone

from catalog.audit.models import AuditEvent, ChangeMark
from catalog.audit.remembered import forget_on_commit
from catalog.audit.signals import changes_marked, events_recorded
from catalog.common import bulk

if TYPE_CHECKING:
    from catalog.accounts.models import User

PORTAL = "portal"  # the actor's name where no person acted


def record(
    *,
    actor: "User | None",
    verb: str,
    obj: models.Model,
    product_id: int | None = None,
    name: str = "",
    changes: dict[str, list[Any]] | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEvent:
    """Append one event about `obj`; `actor` None means the portal itself. `changes`: field -> [before, after].

    `name` stands for the object's own name where one event tells of many objects.
    """
    forget_on_commit()
    event = _event(actor, verb, obj, product_id, name, changes, detail)
    event.save(force_insert=True)
    events_recorded.send(sender=AuditEvent, events=[event])
    return event


def record_all(events: Iterable[dict[str, Any]]) -> None:
    """Append many events by one statement; each holds the arguments of `record`."""
    forget_on_commit()
    made = AuditEvent.objects.bulk_create((_event(**_NOTHING | event) for event in events), batch_size=500)
    if made:
        events_recorded.send(sender=AuditEvent, events=made)


_NOTHING: dict[str, Any] = {"product_id": None, "name": "", "changes": None, "detail": None}


def _event(
    actor: "User | None",
    verb: str,
    obj: models.Model,
    product_id: int | None,
    name: str,
    changes: dict[str, list[Any]] | None,
    detail: dict[str, Any] | None,
) -> AuditEvent:
    return AuditEvent(
        actor=actor,
        actor_name=str(actor) if actor else PORTAL,
        actor_number=actor.pk if actor else None,
        verb=verb,
        object_kind=verb.split(".", 1)[0],
        object_id=obj.pk,
        object_name=(name or str(obj))[:300],
        product_id=product_id,
        changes=changes or {},
        detail=detail or {},
    )


def mark_changed(kind: str, object_ids: Iterable[int]) -> None:
    """Leave an index mark for each object; `kind` is a ChangeMark.Kind value."""
    now = timezone.now()
    marks = [(str(kind), pk, now) for pk in object_ids]
    if marks:
        bulk.insert(ChangeMark, ("kind", "object_id", "created_at"), marks)
        forget_on_commit()
        changes_marked.send(sender=ChangeMark)


def mark_changed_in(kind: str, objects: models.QuerySet[Any]) -> None:
    """Leave an index mark for every object of a query, by one INSERT … SELECT: no ids pass through Python."""
    try:
        inner, parameters = objects.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return
    table = connection.ops.quote_name(ChangeMark._meta.db_table)
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (kind, object_id, created_at) "  # noqa: S608  # names of ours, values as parameters
            f"SELECT DISTINCT %s, found.*, {_TIMESTAMP[connection.vendor]} FROM ({inner}) AS found",
            [str(kind), now, *parameters],
        )
    forget_on_commit()
    changes_marked.send(sender=ChangeMark)


# An untyped parameter in a SELECT list is text to PostgreSQL.
_TIMESTAMP = {"postgresql": "CAST(%s AS timestamp with time zone)", "sqlite": "%s"}
