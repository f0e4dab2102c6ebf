"""Storing measurements and their roll-ups in bulk, in one transaction, exact for late, doubled and corrected ones."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from catalog.common import bulk
from catalog.slos.models import LONGEST_ROLLING, Measurement, MeasurementRollup, SloState
from catalog.slos.windows import bucket_starts

_AT_ONCE = 500  # identifiers per statement
_MEASUREMENT = ("slo_id", "key", "measured_at", "value", "good", "bad")
_ROLLUP = ("slo_id", "grain", "starts_at", "good", "bad")
_HOUR, _DAY = MeasurementRollup.Grain.HOUR.value, MeasurementRollup.Grain.DAY.value
_Sums = dict[tuple[int, str, dt.datetime], list[int]]


@dataclass(frozen=True, slots=True)
class NewMeasurement:
    """One to store; see `Measurement`. Without a value it was judged by whoever measured."""

    slo_id: int
    key: str
    measured_at: dt.datetime
    good: int
    bad: int
    value: float | None = None


def oldest_allowed(now: dt.datetime) -> dt.datetime:
    """Measurements may come late for as long as raw ones are kept."""
    return now - dt.timedelta(days=settings.SLO_RAW_DAYS)


@transaction.atomic
def store_measurements(measurements: Iterable[NewMeasurement], *, now: dt.datetime) -> set[int]:
    """Write measurements, add what is new in them to the roll-ups, and make their objectives due.

    The same key again replaces the earlier measurement: roll-ups get the difference. The states of the objectives
    are locked in the order of their ids, so two workers cannot both think a key is new. Returns the objectives whose
    measurements differ now; those that are no longer there are passed over.
    """
    wanted = {(item.slo_id, item.key): item for item in measurements}
    states = _lock({slo_id for slo_id, _ in wanted})
    wanted = {key: item for key, item in wanted.items() if item.slo_id in states}
    known = _known(wanted)
    fresh = {key: item for key, item in wanted.items() if known.get(key) != _said(item)}
    sums: _Sums = {}
    for key, item in fresh.items():
        zone = states[item.slo_id].zone
        _count(sums, item.slo_id, zone, item.measured_at, item.good, item.bad)
        if key in known:
            measured_at, _, good, bad = known[key]
            _count(sums, item.slo_id, zone, measured_at, -good, -bad)
    rows = [
        (item.slo_id, item.key, item.measured_at, item.value, item.good, item.bad) for item in fresh.values()
    ]
    bulk.upsert(Measurement, _MEASUREMENT, rows, unique=("slo_id", "key"), update=_MEASUREMENT[2:])
    bulk.add(
        MeasurementRollup,
        _ROLLUP,
        ((*bucket, good, bad) for bucket, (good, bad) in sums.items() if good or bad),
        unique=("slo_id", "grain", "starts_at"),
    )
    _make_due(states, fresh.values(), now)
    return {item.slo_id for item in fresh.values()}


@dataclass(frozen=True, slots=True)
class _State:
    zone: str
    measured_at: dt.datetime | None
    newest_is_good: bool


def _lock(slo_ids: set[int]) -> dict[int, _State]:
    listed = sorted(slo_ids)
    found: dict[int, _State] = {}
    for start in range(0, len(listed), _AT_ONCE):
        rows = (
            SloState.objects.select_for_update(of=("self",))
            .filter(slo__in=listed[start : start + _AT_ONCE])
            .order_by("slo_id")
        )
        found |= {
            pk: _State(zone, at, is_good)
            for pk, zone, at, is_good in rows.values_list(
                "slo_id", "slo__time_zone", "measured_at", "newest_is_good"
            )
        }
    return found


def _said(item: NewMeasurement) -> tuple[dt.datetime, float | None, int, int]:
    return (item.measured_at, item.value, item.good, item.bad)


def _known(
    wanted: Iterable[tuple[int, str]],
) -> dict[tuple[int, str], tuple[dt.datetime, float | None, int, int]]:
    rows = bulk.existing(Measurement, ("slo_id", "key"), wanted, _MEASUREMENT)
    return {(slo_id, key): (at, value, good, bad) for slo_id, key, at, value, good, bad in rows}


def _count(sums: _Sums, slo_id: int, zone: str, moment: dt.datetime, good: int, bad: int) -> None:
    hour, day = bucket_starts(zone, moment)
    for bucket in ((slo_id, _HOUR, hour), (slo_id, _DAY, day)):
        held = sums.setdefault(bucket, [0, 0])
        held[0] += good
        held[1] += bad


def _make_due(states: Mapping[int, _State], fresh: Iterable[NewMeasurement], now: dt.datetime) -> None:
    newest: dict[int, NewMeasurement] = {}
    for item in fresh:
        if item.slo_id not in newest or _order(item) > _order(newest[item.slo_id]):
            newest[item.slo_id] = item
    rows: list[Sequence[object]] = []
    for slo_id, item in newest.items():
        state = states[slo_id]
        if state.measured_at is None or item.measured_at >= state.measured_at:
            rows.append((slo_id, item.measured_at, item.bad == 0, now))
        else:
            rows.append((slo_id, state.measured_at, state.newest_is_good, now))
    columns = ("slo_id", "measured_at", "newest_is_good", "due_at")
    bulk.upsert(SloState, columns, rows, unique=("slo_id",), update=columns[1:])


def _order(item: NewMeasurement) -> tuple[dt.datetime, bool]:
    """Of two at the same moment the bad one speaks, whichever came first."""
    return (item.measured_at, item.bad > 0)


def prune(*, now: dt.datetime) -> int:
    """Forget raw measurements, hours and days older than they are kept; returns how many rows went."""
    before_hours = now - dt.timedelta(days=max(settings.SLO_RAW_DAYS, LONGEST_ROLLING) + 2)
    before_days = now - dt.timedelta(days=settings.SLO_DAY_DAYS)
    gone = _forget(Measurement, measured_at__lt=oldest_allowed(now))
    gone += _forget(MeasurementRollup, grain=_HOUR, starts_at__lt=before_hours)
    return gone + _forget(MeasurementRollup, grain=_DAY, starts_at__lt=before_days)


def _forget(model: type[Measurement] | type[MeasurementRollup], **older: object) -> int:
    gone = 0
    rows = model._default_manager.filter(**older).order_by()
    while ids := list(rows.values_list("pk", flat=True)[:5_000]):
        for start in range(0, len(ids), _AT_ONCE):
            gone += model._default_manager.filter(pk__in=ids[start : start + _AT_ONCE]).delete()[0]
    return gone
