"""Evaluating objectives from their roll-ups, many at once with a fixed number of queries per batch."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Sum

from catalog.common import bulk
from catalog.connections.models import Schedule
from catalog.connections.validity import counts_as_fresh
from catalog.slos.evaluate import (
    HOUR_SPANS,
    NOTHING,
    RAW_SPANS,
    Counts,
    Evaluation,
    Measured,
    evaluate,
)
from catalog.slos.models import Measurement, MeasurementRollup, ServiceLevelObjective, SloState
from catalog.slos.signals import slos_evaluated, slos_turned
from catalog.slos.windows import HOUR, Window, WindowKind, day_start, hour_start, next_day

AT_ONCE = 500
_STATE = (
    "slo_id", "status", "good", "bad", "attainment", "budget_left", "burn_rate", "alert", "exhausted_at",
    "valid_until", "evaluated_at", "due_at",
)  # fmt: skip
_HOUR, _DAY = MeasurementRollup.Grain.HOUR.value, MeasurementRollup.Grain.DAY.value


@dataclass(frozen=True, slots=True)
class Row:
    """An objective as far as its evaluation needs it."""

    pk: int
    port_id: int
    target: float
    window: Window
    valid_for: dt.timedelta
    measured_at: dt.datetime | None
    newest_is_good: bool
    shown: tuple[str, str, float | None, dt.datetime | None]  # what trust shows of it, before


@dataclass(frozen=True, slots=True)
class Turn:
    """An objective whose status or alert is another than at the evaluation before."""

    slo_id: int
    status_before: str
    status: str
    alert_before: str
    alert: str


def evaluate_due(*, now: dt.datetime, limit: int = 20_000) -> int:
    """Evaluate what is due (measured since, or an hour old), oldest first; returns how many there were."""
    due = SloState.objects.filter(Q(due_at=None) | Q(due_at__lte=now), slo__ended_at=None)
    ids = list(due.order_by(F("due_at").asc(nulls_first=True), "pk").values_list("pk", flat=True)[:limit])
    evaluate_slos(ids, now=now)
    return len(ids)


def evaluate_slos(slo_ids: Iterable[int], *, now: dt.datetime, announce: bool = True) -> None:
    """Evaluate objectives as of `now`, each batch in a transaction.

    `announce` tells which ports' states changed; crawls, which refresh their ports' trust themselves, need not.
    """
    listed = sorted(set(slo_ids))
    for start in range(0, len(listed), AT_ONCE):
        with transaction.atomic():
            changed = _evaluate_batch(listed[start : start + AT_ONCE], now)
            if changed and announce:
                transaction.on_commit(partial(slos_evaluated.send, sender=SloState, port_ids=changed))


def _evaluate_batch(slo_ids: Sequence[int], now: dt.datetime) -> list[int]:
    rows = _rows(slo_ids)
    windows, spans = _windows(rows, now), _spans(rows, now)
    written: list[Sequence[object]] = []
    changed: set[int] = set()
    turns: list[Turn] = []
    for row in rows:
        measured = Measured(
            windows.get(row.pk, NOTHING),
            spans.get(row.pk, {}),
            row.measured_at,
            row.newest_is_good,
            row.valid_for,
        )
        found = evaluate(row.target, row.window, measured, now)
        written.append(_written(row, found, now))
        if row.shown != (found.status, found.alert, found.budget_left, found.valid_until):
            changed.add(row.port_id)
        if row.shown[:2] != (found.status, found.alert):
            turns.append(Turn(row.pk, row.shown[0], found.status.value, row.shown[1], found.alert.value))
    bulk.upsert(SloState, _STATE, written, unique=("slo_id",), update=_STATE[1:])
    if turns:
        slos_turned.send_robust(sender=SloState, turns=turns, at=now)
    return sorted(changed)


def _written(row: Row, found: Evaluation, now: dt.datetime) -> Sequence[object]:
    due = hour_start(row.window.zone, now) + HOUR
    if found.valid_until and now < found.valid_until < due:
        due = found.valid_until + dt.timedelta(seconds=1)
    return (
        row.pk,
        found.status.value,
        found.counts.good,
        found.counts.bad,
        found.attainment,
        found.budget_left,
        found.burn_rate,
        found.alert.value,
        found.exhausted_at,
        found.valid_until,
        now,
        due,
    )


def _rows(slo_ids: Sequence[int]) -> list[Row]:
    states = (
        SloState.objects.select_for_update(of=("self",))
        .filter(slo__in=slo_ids)
        .order_by("slo_id")
        .values(
            "slo_id", "measured_at", "newest_is_good", "status", "alert", "budget_left", "valid_until",
            "slo__port_id", "slo__target", "slo__window", "slo__window_days", "slo__time_zone", "slo__kind",
            "slo__expected_every", "slo__port__connection__schedule",
        )
    )  # fmt: skip
    return [_row(state) for state in states]


def _row(state: Mapping[str, Any]) -> Row:
    schedule = state["slo__port__connection__schedule"]
    return Row(
        pk=state["slo_id"],
        port_id=state["slo__port_id"],
        target=state["slo__target"],
        window=Window(WindowKind(state["slo__window"]), state["slo__window_days"], state["slo__time_zone"]),
        valid_for=valid_for(state["slo__kind"], state["slo__expected_every"], schedule),
        measured_at=state["measured_at"],
        newest_is_good=state["newest_is_good"],
        shown=(state["status"], state["alert"], state["budget_left"], state["valid_until"]),
    )


def valid_for(kind: str, expected_every: dt.timedelta | None, schedule: str | None) -> dt.timedelta:
    """How long a measurement counts as recent: by the crawl schedule, or twice what a custom one is expected every."""
    if kind == ServiceLevelObjective.Kind.CUSTOM:
        return 2 * expected_every if expected_every else dt.timedelta(days=2)
    return counts_as_fresh(schedule or Schedule.MANUAL)


def _windows(rows: Sequence[Row], now: dt.datetime) -> dict[int, Counts]:
    """The counts of each objective's window: whole days from the roll-up of days, the edges from hours."""
    found: dict[int, Counts] = {}
    groups: dict[Window, list[int]] = {}
    for row in rows:
        groups.setdefault(row.window, []).append(row.pk)
    for window, ids in groups.items():
        for grain, since, until in buckets_of(window, now):  # one range of the index each
            buckets = MeasurementRollup.objects.filter(
                slo__in=ids, grain=grain, starts_at__gte=since, starts_at__lt=until
            )
            counted = buckets.order_by().values("slo_id").annotate(g=Sum("good"), b=Sum("bad"))
            for pk, counts in _summed(counted).items():
                found[pk] = found.get(pk, NOTHING) + counts
    return found


def buckets_of(window: Window, now: dt.datetime) -> list[tuple[str, dt.datetime, dt.datetime]]:
    """The ranges (grain, from, to) of roll-ups that together are the window at `now`."""
    start, today = window.start(now), day_start(window.zone, now)
    soon = hour_start(window.zone, now) + HOUR
    first = day_start(window.zone, start)
    if first != start:
        first = next_day(window.zone, first)
    if first > today:
        return [(_HOUR, start, soon)]
    ranges = [(_DAY, first, today), (_HOUR, start, first), (_HOUR, today, soon)]
    return [(grain, since, until) for grain, since, until in ranges if since < until]


def _spans(rows: Sequence[Row], now: dt.datetime) -> dict[int, dict[dt.timedelta, Counts]]:
    """The spans the alert rules look at; only what was measured within the longest of them is asked for."""
    found: dict[int, dict[dt.timedelta, Counts]] = {}
    recent = [row for row in rows if row.measured_at and row.measured_at >= now - HOUR_SPANS[-1] - HOUR]
    zones: dict[str, list[int]] = {}
    for row in recent:
        zones.setdefault(row.window.zone, []).append(row.pk)
    for zone, ids in zones.items():
        hours = MeasurementRollup.objects.filter(slo__in=ids, grain=_HOUR, starts_at__lte=now)
        for span in HOUR_SPANS:
            since = hour_start(zone, now - span)
            counted = hours.filter(starts_at__gte=since).order_by().values("slo_id")
            _put(found, span, _summed(counted.annotate(g=Sum("good"), b=Sum("bad"))))
    lately = [row.pk for row in recent if row.measured_at and row.measured_at >= now - RAW_SPANS[-1]]
    for span in RAW_SPANS:
        raws = Measurement.objects.filter(slo__in=lately, measured_at__gte=now - span, measured_at__lte=now)
        _put(found, span, _summed(raws.order_by().values("slo_id").annotate(g=Sum("good"), b=Sum("bad"))))
    return found


def _put(
    found: dict[int, dict[dt.timedelta, Counts]], span: dt.timedelta, counted: Mapping[int, Counts]
) -> None:
    for pk, counts in counted.items():
        found.setdefault(pk, {})[span] = counts


def _summed(rows: Iterable[Any]) -> dict[int, Counts]:
    return {row["slo_id"]: Counts(row["g"], row["b"]) for row in rows}
