"""Who had access to what on a day, and why: read from the agreements as they are, their audit events undone one by one.

Agreements change: they are renewed, cut short, granted, removed. What one was on a day is found backwards: from its
present state every change since then is taken back, newest first. So it needs the audit trail from that day on only,
and stays right when older events were deleted by their retention rule.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from catalog.access.models import AccessRequest, Agreement, Decision
from catalog.access.services.writing import AGREED, JOINS, state_of
from catalog.access.states import MAY_BE_THERE, DecisionState, Provisioning
from catalog.accounts.models import User
from catalog.audit.models import AuditEvent
from catalog.audit.reading import record_read
from catalog.common.errors import Problem
from catalog.common.validation import invalid
from catalog.vocabulary.models import Purpose

AT_ONCE = 500  # agreements looked at together
THERE = {Provisioning.GRANTED.value, Provisioning.NOT_NEEDED.value}
DAY = dt.timedelta(days=1)
State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """What one consumer had on the day. `is_agreed`: it was in force at a moment of the day; `provisioning`: what the
    portal knew of the store then. Not agreed but in the store is told too: somebody could read."""

    agreement: Agreement
    is_agreed: bool
    provisioning: str
    mode: str
    columns: list[str]
    principal: str
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    request: AccessRequest | None
    deciders: tuple[str, ...]

    @property
    def is_there(self) -> bool:
        return self.provisioning in THERE

    @property
    def words(self) -> str:
        """The state in a few words."""
        there = Provisioning(self.provisioning)
        if not self.is_agreed:
            return f"not agreed, but {there.replace('_', ' ')}"
        return "agreed, " + (
            "open without a grant" if there == Provisioning.NOT_NEEDED else there.replace("_", " ")
        )

    @property
    def meaning(self) -> str:
        return "good" if self.is_agreed and self.is_there else "warning" if self.is_agreed else "bad"

    @property
    def purpose(self) -> str:
        return self.request.purpose if self.request else ""

    @property
    def purposes(self) -> tuple[Purpose, ...]:
        """The purposes of governance it was asked for, each with its legal basis."""
        return tuple(self.request.purposes.all()) if self.request else ()

    @property
    def rule(self) -> str:
        return self.request.route if self.request else ""


@dataclass(frozen=True, slots=True)
class Found:
    """That something was had, before it is explained: light, so that thousands can be counted and sorted."""

    pk: int
    state: State
    is_agreed: bool
    product: str
    consumer: str

    @property
    def starts_at(self) -> dt.datetime | None:
        return _moment(self.state.get("starts_at"))

    @property
    def ends_at(self) -> dt.datetime | None:
        return _moment(self.state.get("ends_at"))


class HeldRows(Sequence[Held]):
    """What was had, each explained when it is looked at: a page costs what it shows, whatever the number."""

    def __init__(self, found: Sequence[Found], end: dt.datetime) -> None:
        self.found, self.end = found, end

    def __len__(self) -> int:
        return len(self.found)

    @overload
    def __getitem__(self, place: int) -> Held: ...

    @overload
    def __getitem__(self, place: slice) -> list[Held]: ...

    def __getitem__(self, place: int | slice) -> Held | list[Held]:
        if isinstance(place, slice):
            return explained(self.found[place], self.end)
        return explained([self.found[place]], self.end)[0]

    def __iter__(self) -> Iterator[Held]:
        for start in range(0, len(self.found), AT_ONCE):
            yield from self[start : start + AT_ONCE]

    def by(self, key: Callable[[Iterable[Found]], Sequence[Found]]) -> "HeldRows":
        """The same in another order."""
        return HeldRows(key(self.found), self.end)


def record_held(reader: User, day: dt.date, rows: Sequence[Held]) -> None:
    """Seeing who had access is itself an event of the trail: the first of a person's day, with the day asked about.

    An answer without rows says nothing of anybody and leaves none, so nobody can fill the trail by asking.
    """
    if rows:
        record_read(
            actor=reader,
            what="access_report",
            object_id=reader.pk,
            name=f"who had access on {day}",
            detail={"on": day.isoformat()},
        )


def day_of(text: str) -> dt.date:
    """The day somebody asks about, today where they say nothing. Raises Invalid."""
    if not text:
        return timezone.now().date()
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not dt.date(2000, 1, 1) <= day <= dt.date(9999, 1, 1):
        raise invalid([Problem("on", "date", "Write the day as 2026-03-31.")])
    return day


def held_on(
    user: User, day: dt.date, *, product: str = "", consumer: str = "", now: dt.datetime | None = None
) -> HeldRows:
    """What was had on `day` (UTC) of the agreements `user` may see; a fixed number of queries for each 500.

    `product` is `domain/slug`; `consumer` a part of a name of the person, team or product.
    """
    begin = dt.datetime.combine(day, dt.time(), dt.UTC)
    end = min(begin + DAY, now or timezone.now())
    if end <= begin:
        return HeldRows([], end)
    rows = _candidates(user, begin, end)
    if product:
        domain, _, slug = product.partition("/")
        rows = rows.filter(port__product__domain__slug=domain, port__product__slug=slug)
    if consumer:
        named = Q(user__username__icontains=consumer) | Q(user__name__icontains=consumer)
        rows = rows.filter(named | Q(team__name__icontains=consumer) | Q(product__name__icontains=consumer))
    ids = list(rows.order_by("port__product__name", "port__name", "pk").values_list("pk", flat=True))
    parts = (_of(ids[start : start + AT_ONCE], begin, end) for start in range(0, len(ids), AT_ONCE))
    return HeldRows([found for part in parts for found in part], end)


def _candidates(user: User, begin: dt.datetime, end: dt.datetime) -> QuerySet[Agreement]:
    """Those that may have been held: by their present dates, or because something of them changed since."""
    changed = AuditEvent.objects.filter(object_kind="agreement", object_id=OuterRef("pk"), at__gte=begin)
    now_held = Q(starts_at__lt=end) & (Q(ends_at=None) | Q(ends_at__gt=begin))
    may_be_there = Q(provisioning__in=[state.value for state in MAY_BE_THERE])
    return Agreement.objects.visible_to(user).agreed().filter(now_held | may_be_there | Exists(changed))


def _of(ids: Sequence[int], begin: dt.datetime, end: dt.datetime) -> Iterator[Found]:
    names = ("user__username", "team__name", "product__name")
    named = Coalesce(NullIf("user__name", Value("")), *names, output_field=CharField())
    rows = Agreement.objects.only(*AGREED).annotate(of_product=F("port__product__name"), of_consumer=named)
    agreements: dict[int, Any] = rows.in_bulk(ids)
    events: dict[int, list[AuditEvent]] = {}
    since = AuditEvent.objects.filter(object_kind="agreement", object_id__in=ids, at__gte=begin)
    for event in since.order_by("-at", "-pk").only("object_id", "at", "changes"):
        events.setdefault(event.object_id, []).append(event)
    for pk in ids:
        agreement = agreements[pk]
        best = best_of(states_within(state_of(agreement), events.get(pk, []), begin, end))
        if best is not None:
            yield Found(pk, *best, agreement.of_product, agreement.of_consumer)


def states_within(
    present: State, events: Iterable[AuditEvent], begin: dt.datetime, end: dt.datetime
) -> Iterator[tuple[State, bool]]:
    """The states between `begin` and `end`, newest first, each with whether it was in force while it lasted.

    `events` are all since `begin`, newest first. Pure.
    """
    state, until = dict(present), None
    for event in events:
        if event.at < end:
            yield dict(state), _is_in_force(state, event.at, min(until or end, end))
        until = event.at
        for name, pair in event.changes.items():
            state[name] = pair[0]
    yield state, _is_in_force(state, begin, min(until or end, end))


def best_of(states: Iterable[tuple[State, bool]]) -> tuple[State, bool] | None:
    """The newest state that was agreed and there, else agreed, else there without being agreed; None: no access."""
    listed = list(states)
    for wants_agreed, wants_there in ((True, True), (True, False), (False, True)):
        for state, is_agreed in listed:
            there = state.get("provisioning") or ""
            is_there = there in THERE if is_agreed else there in {item.value for item in MAY_BE_THERE}
            if is_agreed == wants_agreed and (is_there or not wants_there):
                return state, is_agreed
    return None


def _is_in_force(state: State, since: dt.datetime, until: dt.datetime) -> bool:
    starts, ends = _moment(state.get("starts_at")), _moment(state.get("ends_at"))
    if starts is None:
        return False
    return max(starts, since) < (min(ends, until) if ends else until)


def _moment(value: Any) -> dt.datetime | None:
    return parse_datetime(value) if isinstance(value, str) else value


def explained(found: Sequence[Found], end: dt.datetime) -> list[Held]:
    """With the request that led to it, its purposes, and who decided it; four queries."""
    agreements = Agreement.objects.select_related(*JOINS).in_bulk([item.pk for item in found])
    approved = AccessRequest.objects.filter(
        agreement__in=agreements,
        decision=DecisionState.APPROVED,
        decided_at__lt=end,
    ).exclude(kind=AccessRequest.Kind.RELEASE)
    rows = approved.order_by("decided_at", "pk").prefetch_related("purposes")
    latest = {item.agreement_id: item for item in rows}
    said: dict[int, list[str]] = {}
    decisions = Decision.objects.filter(
        stage__request__in=[item.pk for item in latest.values()], is_approval=True
    )
    for decision in decisions.select_related("decided_by", "decided_for", "stage"):
        said.setdefault(decision.stage.request_id, []).append(_decider(decision))
    return [
        _held(item, agreements[item.pk], latest.get(item.pk), said)
        for item in found
        if item.pk in agreements  # not deleted meanwhile
    ]


def _held(
    found: Found, agreement: Agreement, request: AccessRequest | None, said: Mapping[int, list[str]]
) -> Held:
    state = found.state
    return Held(
        agreement=agreement, is_agreed=found.is_agreed, provisioning=state.get("provisioning") or "",
        mode=state.get("mode") or "", columns=list(state.get("columns") or []),
        principal=state.get("principal") or "", starts_at=found.starts_at, ends_at=found.ends_at, request=request,
        deciders=tuple(said.get(request.pk, ())) if request else (),
    )  # fmt: skip


def _decider(decision: Decision) -> str:
    who = str(decision.decided_by) if decision.decided_by else "somebody whose account is gone"
    return f"{who} for {decision.decided_for}" if decision.decided_for else who
