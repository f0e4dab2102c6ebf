"""The audit trail as a chain: each event's digest covers its content and the digest of the event before.

An event is sealed shortly after its commit, not while it is written: a chain written along with the changes would let
only one transaction of the whole portal write at a time. One sealer at a time goes on where the last one ended (the
lock of `catalog.audit.numbering`). Until then, seconds as a rule, an event is in the trail but not in the chain;
`verify` says how many these are.

What the chain proves: nobody altered, took out, put in or reordered events behind the digest somebody outside wrote
down. Who can write to the database can make a new chain of everything; then its head is another than the one noted.

Digests are SHA-256 over JSON with sorted keys. The retention rule deletes from the beginning only, after it kept the
position and the digest of the last event it deletes, and leaves an event that says so.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction

from catalog.audit import numbering
from catalog.audit.models import AuditEvent, Numbering

AT_ONCE = 1_000
PRUNED = "audit.pruned"
_FIELDS = (
    "pk", "position", "digest", "at", "actor_id", "actor_number", "actor_name", "verb", "object_kind", "object_id",
    "object_name", "product_id", "changes", "detail",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found: the first thing that is wrong (`broken`, "" when nothing is), and where the chain stands."""

    checked: int
    unsealed: int
    position: int
    digest: str
    begins_after: int  # position of the last event the retention rule deleted
    broken: str = ""
    broken_id: int | None = None


def digest_of(event: AuditEvent, before: str) -> str:
    """The digest of an event that follows the digest `before`, over all that never changes of it."""
    content = {
        "at": event.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "actor": event.actor_number,
        "actor_name": event.actor_name,
        "verb": event.verb,
        "object": [event.object_kind, event.object_id, event.object_name],
        "product": event.product_id,
        "changes": _plain(event.changes),
        "detail": _plain(event.detail),
        "position": event.position,
        "before": before,
    }
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(written.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """The value as every database gives it back: 1.0 is 1."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def seal_waiting() -> int:
    """Put every committed event that is not in the chain there; returns how many. Twice at a time does no harm."""
    sealed = 0
    while given := _seal_batch():
        sealed += given
    return sealed


def _seal_batch() -> int:
    if not AuditEvent.objects.filter(position=None).exists():
        return 0
    with transaction.atomic():
        head = numbering.locked(Numbering.Name.AUDIT)
        rows = list(AuditEvent.objects.filter(position=None).order_by("pk").only(*_FIELDS)[:AT_ONCE])
        for event in rows:
            head.position += 1
            event.position = head.position
            event.actor_number = event.actor_number or event.actor_id  # of a time before the chain
            head.digest = event.digest = digest_of(event, head.digest)
        _write(rows)
        head.save()
    return len(rows)


def _write(rows: list[AuditEvent]) -> None:
    """The one statement that touches events after they were written; it fills what was empty."""
    table = connection.ops.quote_name(AuditEvent._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET position = %s, digest = %s, actor_number = %s "  # noqa: S608  # a name of ours
            "WHERE id = %s AND position IS NULL",
            [(row.position, row.digest, row.actor_number, row.pk) for row in rows],
        )


def verify() -> Verdict:
    """Walk the chain from its beginning (or where the retention rule left it) to its head."""
    pruned = Numbering.objects.filter(pk=Numbering.Name.AUDIT_PRUNED).first()
    head = Numbering.objects.filter(pk=Numbering.Name.AUDIT).first()
    begins = pruned.position if pruned else 0
    position, digest = begins, pruned.digest if pruned else ""
    unsealed = AuditEvent.objects.filter(position=None).count()
    end = head.position if head else 0
    checked, problem = 0, ""
    for event in _walk(end):
        problem = _problem(event, position, digest)
        if problem:
            return Verdict(checked, unsealed, position, digest, begins, problem, event.pk)
        position, digest, checked = position + 1, event.digest, checked + 1
    if position != end or (head is not None and digest != head.digest):
        problem = f"The chain ends at {position}, but {end} events were sealed: the last ones are missing."
    elif pruned is not None and pruned.position and not _is_told(pruned):
        problem = "No event of the trail says that its beginning was deleted."
    return Verdict(checked, unsealed, position, digest, begins, problem)


def _walk(end: int) -> Iterator[AuditEvent]:
    rows = AuditEvent.objects.filter(position__isnull=False, position__lte=end).order_by("position")
    return rows.only(*_FIELDS).iterator(chunk_size=AT_ONCE)


def _problem(event: AuditEvent, position: int, digest: str) -> str:
    if event.position != position + 1:
        return f"Event {position + 1} of the chain is missing: after {position} comes {event.position}."
    if event.digest != digest_of(event, digest):
        return "Its content is not what was sealed, or an event before it was exchanged."
    if event.actor_id is not None and event.actor_id != event.actor_number:
        return "It names another person than the one it was sealed with."
    return ""


def _is_told(pruned: Numbering) -> bool:
    told = AuditEvent.objects.filter(verb=PRUNED, detail__position=pruned.position)
    return any(event.detail.get("digest") == pruned.digest for event in told)


@transaction.atomic
def prune(before: dt.datetime, *, most: int) -> int:
    """Delete sealed events of before `before` from the beginning of the chain, at most so many; returns how many.

    Whatever is younger, or not sealed yet, ends it: the chain never gets a hole. Where it begins now is kept beside it
    and told by an event of the trail itself.
    """
    pruned = numbering.locked(Numbering.Name.AUDIT_PRUNED)
    rows = AuditEvent.objects.filter(position__gt=pruned.position).order_by("position")
    listed = list(rows.values_list("pk", "position", "digest", "at")[:most])
    gone = []
    for row in listed:
        if row[3] >= before:
            break
        gone.append(row)
    if not gone:
        return 0
    _, position, digest, until = gone[-1]
    pruned.position, pruned.digest = position or 0, digest
    pruned.save()
    models.QuerySet(AuditEvent).filter(pk__in=[row[0] for row in gone]).delete()
    detail = {
        "events": len(gone),
        "until": until.isoformat(),
        "position": pruned.position,
        "digest": pruned.digest,
    }
    AuditEvent(
        actor_name="portal", verb=PRUNED, object_kind="audit", object_id=pruned.position,
        object_name="the audit trail", detail=detail,
    ).save(force_insert=True)  # fmt: skip
    return len(gone)
