"""Storing results in bulk, and how their checks stand after them. The order of arrival does not matter."""

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from catalog.common import bulk
from catalog.connections.models import Schedule
from catalog.connections.validity import counts_as_fresh
from catalog.quality import cron, flapping
from catalog.quality.models import CheckResult, CheckState, QualityCheck
from catalog.quality.outcomes import Outcome, Status
from catalog.quality.signals import check_changed

AT_ONCE = 500  # identifiers per statement
OUTSIDE_VALID_FOR = dt.timedelta(days=8)  # a result of another tool that does not say how often it comes
LONGEST_MESSAGE = 1_000
_RESULT = (
    "quality_check_id", "measured_at", "outcome", "failed_rows", "total_rows", "value", "message", "source",
    "run_key", "sample",
)  # fmt: skip
_STATE = (
    "quality_check_id", "status", "since", "is_flapping", "outcome", "measured_at", "valid_until", "failed_rows",
    "total_rows", "value", "message",
)  # fmt: skip
_RANK = {
    Outcome.FAILED: 4,
    Outcome.ERROR: 3,
    Outcome.PASSED: 2,
    Outcome.UNKNOWN: 1,
    Outcome.SKIPPED: 0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewResult:
    """One result to store; see `CheckResult`. `source` says who measured: "crawl", "dbt", "soda", ..."""

    check_id: int
    measured_at: dt.datetime
    outcome: str
    source: str
    failed_rows: int | None = None
    total_rows: int | None = None
    value: float | None = None
    message: str = ""
    run_key: str = ""
    sample: tuple[str, ...] = ()

    @property
    def _weight(self) -> tuple[object, ...]:
        """Of two results of a check at the same moment the weightier is kept, whichever came first."""
        value = -math.inf if self.value is None else self.value
        rows = tuple(-1 if count is None else count for count in (self.failed_rows, self.total_rows))
        return (
            _RANK[Outcome(self.outcome)],
            *rows,
            value,
            self.source,
            self.run_key,
            self.message,
            self.sample,
        )

    def outweighs(self, other: "NewResult") -> bool:
        return self._weight > other._weight


@dataclass(frozen=True, slots=True)
class _Held:
    """A check's state as it is locked."""

    port_id: int
    status: str
    check: QualityCheck
    is_active: bool


@transaction.atomic
def store_results(results: Iterable[NewResult]) -> set[int]:
    """Write results and how their checks stand; returns the ports of checks with results that are new or other.

    The states are locked in the order of their ids. Results of checks that are no longer there are passed over.
    Tells `check_changed` of every check that stands differently, when the transaction is kept.
    """
    wanted: dict[tuple[int, dt.datetime], NewResult] = {}
    for item in results:
        key = (item.check_id, item.measured_at)
        if key not in wanted or item.outweighs(wanted[key]):
            wanted[key] = item
    held = _lock({check_id for check_id, _ in wanted})
    wanted = {key: item for key, item in wanted.items() if key[0] in held}
    known = _known(wanted)
    fresh = [item for key, item in wanted.items() if key not in known or item.outweighs(known[key])]
    bulk.upsert(
        CheckResult,
        _RESULT,
        (_row(item) for item in fresh),
        unique=("quality_check_id", "measured_at"),
        update=_RESULT[2:],
    )
    restate({item.check_id: held[item.check_id] for item in fresh})
    return {held[item.check_id].port_id for item in fresh}


def _row(item: NewResult) -> Sequence[object]:
    return (
        item.check_id,
        item.measured_at,
        str(item.outcome),
        item.failed_rows,
        item.total_rows,
        item.value,
        _text(item.message, LONGEST_MESSAGE),
        _text(item.source, 40),
        _text(item.run_key, 200),
        list(item.sample),
    )


def _text(value: str, longest: int) -> str:
    """As databases take it: without zero characters, cut."""
    return value.replace("\0", "")[:longest]


def _lock(check_ids: set[int]) -> dict[int, _Held]:
    listed = sorted(check_ids)
    found: dict[int, _Held] = {}
    for start in range(0, len(listed), AT_ONCE):
        rows = (
            CheckState.objects.select_for_update(of=("self",))
            .filter(quality_check__in=listed[start : start + AT_ONCE])
            .order_by("quality_check_id")
            .select_related("quality_check__port__connection")
        )
        for state in rows:
            check = state.quality_check
            found[check.pk] = _Held(check.port_id, state.status, check, check.is_active)
    return found


def recent_until(check: QualityCheck, schedule: str, measured_at: dt.datetime) -> dt.datetime:
    """Until when a result counts as recent: two of the spans it is asked in, and an hour.

    With a schedule of its own until its next time, and as long after that as any crawl counts. `schedule` is that of
    the port's connection.
    """
    if check.schedule:
        following = cron.parse(check.schedule).after(measured_at) or measured_at
        return following + (counts_as_fresh(schedule) if check.is_crawled else dt.timedelta(days=1))
    own = None if check.every is None else 2 * check.every + dt.timedelta(hours=1)
    if not check.is_crawled:
        return measured_at + (own or OUTSIDE_VALID_FOR)
    return measured_at + max(counts_as_fresh(schedule), own or dt.timedelta())


def _known(wanted: Iterable[tuple[int, dt.datetime]]) -> dict[tuple[int, dt.datetime], NewResult]:
    rows = bulk.existing(CheckResult, ("quality_check_id", "measured_at"), wanted, _RESULT)
    found = {}
    for check_id, at, outcome, failed, total, value, message, source, run_key, sample in rows:
        found[check_id, at] = NewResult(
            check_id=check_id,
            measured_at=at,
            outcome=outcome,
            failed_rows=failed,
            total_rows=total,
            value=value,
            message=message,
            source=source,
            run_key=run_key,
            sample=tuple(sample),
        )
    return found


def restate(held: Mapping[int, _Held]) -> None:
    """Work out from the newest results how checks stand, and tell of those that stand differently."""
    listed = sorted(held)
    changed: list[tuple[int, str, str, dt.datetime]] = []
    for start in range(0, len(listed), AT_ONCE):
        newest = _newest(listed[start : start + AT_ONCE])
        rows = []
        for check_id, results in newest.items():
            now_is, last = flapping.standing((r.measured_at, r.outcome) for r in results), results[-1]
            check = held[check_id].check
            schedule = check.port.connection.schedule if check.port.connection else Schedule.MANUAL
            until = recent_until(check, schedule, last.measured_at)
            rows.append(_state_row(check_id, now_is, last, until))
            if held[check_id].is_active and now_is.status != held[check_id].status:
                changed.append((check_id, held[check_id].status, now_is.status, last.measured_at))
        bulk.upsert(CheckState, _STATE, rows, unique=("quality_check_id",), update=_STATE[1:])
    if changed:
        transaction.on_commit(partial(announce, changed))


def _state_row(
    check_id: int, now_is: flapping.Standing, last: CheckResult, valid_until: dt.datetime
) -> Sequence[object]:
    return (
        check_id,
        now_is.status.value,
        now_is.since,
        now_is.is_flapping,
        last.outcome,
        last.measured_at,
        valid_until,
        last.failed_rows,
        last.total_rows,
        last.value,
        last.message,
    )


def _newest(check_ids: Sequence[int]) -> dict[int, list[CheckResult]]:
    """Of each check the newest results, the oldest of them first."""
    place = Window(RowNumber(), partition_by=F("quality_check_id"), order_by=F("measured_at").desc())
    rows = (
        CheckResult.objects.filter(quality_check__in=check_ids)
        .annotate(place=place)
        .filter(place__lte=flapping.LOOKED_AT)
        .order_by("quality_check_id", "measured_at")
        .defer("sample")
    )
    found: dict[int, list[CheckResult]] = {}
    for row in rows:
        found.setdefault(row.quality_check_id, []).append(row)
    return found


def announce(changed: Sequence[tuple[int, str, str, dt.datetime | None]]) -> None:
    """Send `check_changed` for each (check, before, after, moment); call it after the commit."""
    rows = QualityCheck.objects.select_related("port__product__domain")
    for start in range(0, len(changed), AT_ONCE):
        part = changed[start : start + AT_ONCE]
        checks = rows.in_bulk([check_id for check_id, *_ in part])
        for check_id, before, after, moment in part:
            if check_id in checks:
                check_changed.send(
                    sender=QualityCheck,
                    check=checks[check_id],
                    before=Status(before),
                    after=Status(after),
                    measured_at=moment,
                )


def sampled_elements(asset_id: int) -> set[str]:
    """The fields of which failing values are kept."""
    rows = CheckResult.objects.filter(quality_check__port__asset=asset_id).exclude(sample=[])
    return set(rows.order_by().values_list("quality_check__element", flat=True).distinct())


def forget_samples(*, asset_id: int, elements: Iterable[str]) -> None:
    """Empty the failing values of these fields; the counts stay."""
    for element in elements:
        CheckResult.objects.filter(
            quality_check__port__asset=asset_id, quality_check__element=element
        ).exclude(sample=[]).update(sample=[])


def oldest_allowed(now: dt.datetime) -> dt.datetime:
    """Results may come late for as long as they are kept."""
    return now - dt.timedelta(days=settings.QUALITY_RESULT_DAYS)


def prune(*, now: dt.datetime) -> int:
    """Forget results older than they are kept, but the newest of each check; returns how many went."""
    gone = 0
    old = CheckResult.objects.filter(measured_at__lt=oldest_allowed(now)).exclude(
        measured_at=F("quality_check__state__measured_at")
    )
    while ids := list(old.order_by().values_list("pk", flat=True)[:AT_ONCE]):
        gone += CheckResult.objects.filter(pk__in=ids).delete()[0]
    return gone
