"""How an objective stands: attainment, error budget, burn rate, alerts, forecast. Pure.

Terms and the method of alerting (several windows, several burn rates, a short window that ends an alert soon after
the trouble ended) follow *The Site Reliability Workbook*, O'Reilly 2018, chapter 5, "Alerting on SLOs"
(https://sre.google/workbook/alerting-on-slos/). The workbook's three rules say which share of the budget may be spent
in which time; the burn rate that means is derived from the objective's own window.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from catalog.slos.windows import DAY, HOUR, Window, WindowKind, bucket_starts, hour_start

LOW_BUDGET = 0.25  # of the budget: below it an objective that still holds is a warning


class Status(StrEnum):
    """The four meanings of the portal; `unknown` where nothing, or nothing lately, was measured."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    UNKNOWN = "unknown"


class Alert(StrEnum):
    """How fast the budget burns: `page` wants somebody now, `ticket` within days."""

    NONE = ""
    TICKET = "ticket"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Counts:
    """Good and bad measurements of some time."""

    good: int = 0
    bad: int = 0

    @property
    def total(self) -> int:
        return self.good + self.bad

    @property
    def bad_share(self) -> float:
        return self.bad / self.total if self.total else 0.0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.good + other.good, self.bad + other.bad)


NOTHING = Counts()


@dataclass(frozen=True, slots=True)
class Rule:
    """Alert when `share` of the budget is spent within `long` and the spending still goes on in `short`.

    `least` measurements must lie in the long window: one failure of something measured daily pages nobody.
    """

    alert: Alert
    long: dt.timedelta
    short: dt.timedelta
    share: float
    least: int

    def burn_rate(self, window: Window) -> float:
        """The burn rate at which `share` of the budget of `window` is spent in `long`."""
        return self.share * (window.length / self.long)


RULES = (
    Rule(Alert.PAGE, HOUR, dt.timedelta(minutes=5), 0.02, 5),
    Rule(Alert.PAGE, 6 * HOUR, dt.timedelta(minutes=30), 0.05, 5),
    Rule(Alert.TICKET, 3 * DAY, 6 * HOUR, 0.10, 1),
)
PACE = RULES[-1].long  # the burn rate people see is that of the last three days
#: spans counted from raw measurements, and those counted from hours
RAW_SPANS = (dt.timedelta(minutes=5), dt.timedelta(minutes=30), HOUR)
HOUR_SPANS = (6 * HOUR, 3 * DAY)


@dataclass(frozen=True, slots=True)
class Bucket:
    """The measurements counted between `starts_at` and the next hour or day."""

    starts_at: dt.datetime
    counts: Counts


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known at one time: counts of the window, of the spans the rules look at, and the newest measurement."""

    window: Counts = NOTHING
    spans: Mapping[dt.timedelta, Counts] = field(default_factory=dict)
    newest_at: dt.datetime | None = None
    newest_is_good: bool = True
    valid_for: dt.timedelta = 2 * DAY  # how long a measurement counts as recent


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`attainment` and `budget_left` are shares: 0.997 attained, 0.4 of the budget left; below 0 it is overspent.

    `burn_rate` 1 spends the budget exactly within one window. None where nothing was measured.
    """

    status: Status
    counts: Counts = NOTHING
    attainment: float | None = None
    budget_left: float | None = None
    burn_rate: float | None = None
    alert: Alert = Alert.NONE
    exhausted_at: dt.datetime | None = None
    valid_until: dt.datetime | None = None


def evaluate(target: float, window: Window, measured: Measured, now: dt.datetime) -> Evaluation:
    """Judge what was measured. `target` is a share above 0 and below 1.

    Budget left = 1 - bad / ((1 - target) · measured). The objective is missed (bad) when more is spent than there
    was; it is a warning while an alert fires or less than a quarter is left. Without a measurement in the window, or
    without a recent one, it is unknown, whatever the figures were: they are kept and shown with their age.
    """
    counts = measured.window
    if not counts.total:
        return Evaluation(Status.UNKNOWN)
    left = budget_left(target, counts)
    pace = burn_rate(target, measured.spans.get(PACE, NOTHING) if window.length >= PACE else counts)
    alert = _alert(target, window, measured, now)
    until = measured.newest_at and measured.newest_at + measured.valid_for
    status = Status.GOOD
    if until is None or now > until:
        status, alert = Status.UNKNOWN, Alert.NONE
    elif left < 0:
        status = Status.BAD
    elif alert or left < LOW_BUDGET:
        status = Status.WARNING
    return Evaluation(
        status,
        counts,
        counts.good / counts.total,
        left,
        pace,
        alert,
        _exhausted_at(left, pace, window, now),
        until,
    )


def budget_left(target: float, counts: Counts) -> float:
    """The share of the error budget that is left; 1 where nothing failed, below 0 where more failed than allowed."""
    if not counts.bad:
        return 1.0
    return 1 - counts.bad / ((1 - target) * counts.total)


def burn_rate(target: float, counts: Counts) -> float | None:
    """How many budgets a whole window at this rate would spend; None where nothing was measured."""
    return counts.bad_share / (1 - target) if counts.total else None


def _alert(target: float, window: Window, measured: Measured, now: dt.datetime) -> Alert:
    """The most urgent rule that fires.

    A short window in which nothing was measured says what the newest measurement said: trouble does not end by
    looking away.
    """
    for rule in RULES:
        if rule.long > window.length:
            continue
        long = measured.spans.get(rule.long, NOTHING)
        short = measured.spans.get(rule.short) or NOTHING
        if not short.total and measured.newest_at and now - measured.newest_at <= rule.long:
            short = Counts(1, 0) if measured.newest_is_good else Counts(0, 1)
        threshold = rule.burn_rate(window)
        rates = (burn_rate(target, long), burn_rate(target, short))
        if long.total >= rule.least and all(rate is not None and rate >= threshold for rate in rates):
            return rule.alert
    return Alert.NONE


def _exhausted_at(left: float, pace: float | None, window: Window, now: dt.datetime) -> dt.datetime | None:
    """When the budget is spent if the last three days go on; None when it is spent already or lasts.

    A rolling window gets back what leaves it at its far end, so a burn rate of 1 or less never spends it; a calendar
    window starts anew at its end.
    """
    if left <= 0 or pace is None or pace <= (1 if window.kind == WindowKind.ROLLING else 0):
        return None
    moment = now + min(window.length * (left / pace), 400 * DAY)
    end = window.end(now)
    return None if end is not None and moment >= end else moment


@dataclass(frozen=True, slots=True)
class Raw:
    """One measurement: when, and how many of what it stands for were good and bad."""

    measured_at: dt.datetime
    good: int
    bad: int


def roll_up(zone: str, raws: Iterable[Raw]) -> tuple[list[Bucket], list[Bucket]]:
    """Hours and days of raw measurements, oldest first."""
    hours: dict[dt.datetime, Counts] = {}
    days: dict[dt.datetime, Counts] = {}
    for raw in raws:
        hour, day = bucket_starts(zone, raw.measured_at)
        counts = Counts(raw.good, raw.bad)
        hours[hour] = hours.get(hour, NOTHING) + counts
        days[day] = days.get(day, NOTHING) + counts
    return _listed(hours), _listed(days)


def measured_of(
    window: Window, raws: Iterable[Raw], now: dt.datetime, valid_for: dt.timedelta = 2 * DAY
) -> Measured:
    """What raw measurements say at `now`, counted one by one; the database counts the same from its roll-ups."""
    known = sorted(
        (raw for raw in raws if raw.measured_at <= now), key=lambda raw: (raw.measured_at, raw.bad)
    )
    start = window.start(now)
    spans = {span: _counted(known, now - span) for span in RAW_SPANS}
    spans |= {span: _counted(known, hour_start(window.zone, now - span)) for span in HOUR_SPANS}
    newest = known[-1] if known else None
    return Measured(
        _counted(known, start),
        spans,
        newest.measured_at if newest else None,
        newest.bad == 0 if newest else True,
        valid_for,
    )


def _counted(raws: Iterable[Raw], since: dt.datetime) -> Counts:
    kept = [raw for raw in raws if raw.measured_at >= since]
    return Counts(sum(raw.good for raw in kept), sum(raw.bad for raw in kept))


def _listed(found: Mapping[dt.datetime, Counts]) -> list[Bucket]:
    return [Bucket(start, found[start]) for start in sorted(found)]
