"""Who saw what was changed: for each change the people who were told, who opened it, who acknowledged it.

Read from the notices and notifications themselves, so as far back as these are kept.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from catalog.access.seen import products_edited
from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit.models import AuditEvent
from catalog.audit.reading import record_read
from catalog.common.errors import NotFound
from catalog.contracts.models import Acknowledgement
from catalog.notifications.models import Kind, Notice, Notification

#: Kinds that tell of a change of something others rely on.
CHANGES = {
    Kind.CONTRACT: "about its contract",
    Kind.SCHEMA: "about its schema",
    Kind.LIFECYCLE: "about its lifecycle",
    Kind.VERSION: "about a new version",
    Kind.PEOPLE: "about who is in charge",
    Kind.SLO: "about its objectives",
    Kind.INCIDENT: "about an incident",
}
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people were told of a change, how many opened it, how many an e-mail went to."""

    told: int = 0
    opened: int = 0
    mailed: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """One person and one change. `opened_at`: when they read the notification, None where they did not (yet)."""

    notice: Notice
    person: User
    reason: str
    told_at: dt.datetime
    mailed_at: dt.datetime | None
    opened_at: dt.datetime | None
    acknowledged_at: dt.datetime | None


def changes_for(user: User) -> QuerySet[Notice]:
    """Changes of products `user` may edit, the newest first; governance and platform admins those of all."""
    rows = Notice.objects.filter(product__isnull=False, agreement=None, kind__in=list(CHANGES))
    if not kernel.standing(user).sees_everything:
        rows = rows.filter(products_edited(user, "product__"))
    return rows.select_related("product__domain", "actor").order_by("-created_at", "-pk")


def about(notice: Notice) -> str:
    """What of its product a change tells of, to follow the product's name."""
    return CHANGES[Kind(notice.kind)]


def change_or_404(user: User, pk: int) -> Notice:
    """One of them. Raises NotFound."""
    found = changes_for(user).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such change, or it is not yours to look after.")
    return found


def counts_of(notices: Iterable[Notice]) -> dict[int, Counts]:
    """The figures of some changes, one query."""
    rows = Notification.objects.filter(notice__in=[notice.pk for notice in notices]).order_by()
    found = rows.values("notice").annotate(
        told=Count("pk"), opened=Count("read_at"), mailed=Count("mailed_at")
    )
    return {row["notice"]: Counts(row["told"], row["opened"], row["mailed"]) for row in found}


def record_seen(reader: User) -> None:
    """Seeing by name who opened what is itself an event of the trail, once a person and day, by page, file or API."""
    record_read(actor=reader, what="told", object_id=reader.pk, name="who was told of changes")


def people_of(notice: Notice) -> QuerySet[Notification]:
    """Who was told of it, by name."""
    rows: QuerySet[Notification] = notice.notifications.select_related("recipient")
    return rows.order_by("recipient__username", "pk")


def seen_of(notice: Notice, rows: Iterable[Notification]) -> list[Seen]:
    """What `rows` of one change say."""
    return _seen(notice, rows, acknowledged([notice]).get(notice.pk, {}))


def all_seen(notices: QuerySet[Notice]) -> Iterator[Seen]:
    """Everybody who was told of `notices`, a few hundred changes at a time."""
    batch: list[Notice] = []
    for notice in notices.iterator(chunk_size=AT_ONCE):
        batch.append(notice)
        if len(batch) == AT_ONCE:
            yield from _of_batch(batch)
            batch = []
    yield from _of_batch(batch)


def _of_batch(batch: Sequence[Notice]) -> Iterator[Seen]:
    by_notice: dict[int, list[Notification]] = {}
    told = Notification.objects.filter(notice__in=[notice.pk for notice in batch])
    for row in told.select_related("recipient").order_by("recipient__username", "pk"):
        by_notice.setdefault(row.notice_id, []).append(row)
    noted = acknowledged(batch)
    for notice in batch:
        yield from _seen(notice, by_notice.get(notice.pk, ()), noted.get(notice.pk, {}))


def _seen(notice: Notice, rows: Iterable[Notification], noted: Mapping[int, dt.datetime]) -> list[Seen]:
    return [
        Seen(
            notice, row.recipient, row.get_reason_display(), row.created_at, row.mailed_at, row.read_at,
            noted.get(row.recipient_id),
        )
        for row in rows
    ]  # fmt: skip


def acknowledged(notices: Sequence[Notice]) -> dict[int, dict[int, dt.datetime]]:
    """Change -> person -> when they took note of the breaking version it tells of, for a product of theirs."""
    events = {notice.pk: pk for notice in notices if (pk := _event_of(notice)) is not None}
    rows = AuditEvent.objects.filter(
        pk__in=events.values(), verb__in=("contract.proposed", "contract.published")
    )
    proposals = {row.pk: row.detail.get("proposal") for row in rows}
    wanted = {pk: proposals[event] for pk, event in events.items() if proposals.get(event)}
    if not wanted:
        return {}
    by_proposal: dict[int, dict[int, dt.datetime]] = {}
    for row in Acknowledgement.objects.filter(proposal__in=set(wanted.values())).order_by("created_at"):
        if row.user_id is not None:
            by_proposal.setdefault(row.proposal_id, {}).setdefault(row.user_id, row.created_at)
    return {pk: by_proposal.get(proposal, {}) for pk, proposal in wanted.items()}


def _event_of(notice: Notice) -> int | None:
    """The audit event a notice tells of: its key begins with it."""
    kind, _, rest = notice.key.partition(":")
    number = rest.partition(":")[0]
    return int(number) if kind == "event" and number.isdigit() else None
