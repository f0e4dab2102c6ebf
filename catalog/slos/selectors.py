"""Reads of objectives for lists, pages and the API; a fixed number of queries whatever their number."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.slos import bounds, charts
from catalog.slos.evaluate import Counts
from catalog.slos.models import Measurement, MeasurementRollup, ServiceLevelObjective
from catalog.slos.windows import DAY

WORDS = {"good": "kept", "warning": "at risk", "bad": "missed", "unknown": "unknown"}
ALERTS = {"page": "burns fast", "ticket": "burns"}


def slos_for(user: User) -> QuerySet[ServiceLevelObjective]:
    """Those `user` may see, with what every list shows."""
    return ServiceLevelObjective.objects.visible_to(user).select_related(
        "state", "port__product__domain", "port__product__team", "port__connection"
    )


def slo_or_404(user: User, pk: int) -> ServiceLevelObjective:
    found = slos_for(user).prefetch_related("port__product__stewardships__user").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such objective, or you may not see it.")
    return found


def mine(user: User) -> Q:
    """Objectives of products the person is in charge of, or whose team they belong to."""
    teams = kernel.standing(user).team_ids
    return Q(port__product__stewardships__user=user) | Q(port__product__team__in=teams)


@dataclass(frozen=True, slots=True)
class Line:
    """One objective as a list shows it, judged now: what was measured too long ago is unknown."""

    slo: ServiceLevelObjective
    meaning: str
    word: str
    alert: str
    promise: str
    window: str
    strip: tuple[charts.Day, ...] = ()

    @property
    def state(self) -> Any:
        return self.slo.state

    @property
    def bar(self) -> float:
        return charts.bar_width(self.slo.state.budget_left)


def meaning_of(slo: ServiceLevelObjective, now: dt.datetime) -> str:
    """The status as it stands at `now`; an ended objective and an old measurement are unknown."""
    state = slo.state
    is_old = state.valid_until is None or now > state.valid_until
    return "unknown" if is_old or slo.ended_at else state.status


def lines_of(slos: Iterable[ServiceLevelObjective], now: dt.datetime) -> list[Line]:
    """Objectives as lines, with the strip of their last days."""
    listed = list(slos)
    strips = _strips(listed, now)
    return [_line(slo, now, strips.get(slo.pk, ())) for slo in listed]


def _line(slo: ServiceLevelObjective, now: dt.datetime, strip: Sequence[charts.Day]) -> Line:
    meaning = meaning_of(slo, now)
    word = "ended" if slo.ended_at else WORDS[meaning]
    if meaning == "unknown" and not slo.ended_at:
        word = "outdated" if slo.state.measured_at else "not measured"
    alert = ALERTS.get(slo.state.alert, "") if meaning != "unknown" else ""
    return Line(slo, meaning, word, alert, bounds.promise(slo), slo.judged_over.words, tuple(strip))


def _strips(slos: Sequence[ServiceLevelObjective], now: dt.datetime) -> dict[int, list[charts.Day]]:
    since = now - (charts.STRIP_DAYS + 1) * DAY
    days = day_counts([slo.pk for slo in slos], since, now)
    return {
        slo.pk: charts.days_of(slo.target, slo.judged_over, days.get(slo.pk, {}), now, charts.STRIP_DAYS)
        for slo in slos
    }


def day_counts(
    slo_ids: Sequence[int], since: dt.datetime, now: dt.datetime
) -> dict[int, dict[dt.datetime, Counts]]:
    """Objective -> local day -> what was measured in it."""
    found: dict[int, dict[dt.datetime, Counts]] = {}
    rows = MeasurementRollup.objects.filter(
        slo__in=slo_ids, grain=MeasurementRollup.Grain.DAY, starts_at__gte=since, starts_at__lte=now
    )
    for slo_id, at, good, bad in rows.values_list("slo_id", "starts_at", "good", "bad"):
        found.setdefault(slo_id, {})[at] = Counts(good, bad)
    return found


@dataclass(frozen=True, slots=True)
class Consumed:
    """An hour in which measurements failed, and the share of the window's budget that cost."""

    starts_at: dt.datetime
    counts: Counts
    share: float


@dataclass(frozen=True, slots=True)
class Page:
    """What the page of one objective shows."""

    line: Line
    days: list[charts.Day]
    curve: charts.Curve
    consumed: list[Consumed]
    newest: list[tuple[Measurement, str]]
    allowed: float  # measurements that may fail, at what was measured so far


def page_of(slo: ServiceLevelObjective, now: dt.datetime) -> Page:
    window = slo.judged_over
    shown = min(max(window.length.days, 28), 92)
    since = now - (shown + max(window.length.days, 31) + 2) * DAY
    days = charts.days_of(slo.target, window, day_counts([slo.pk], since, now).get(slo.pk, {}), now, shown)
    newest = [
        (item, "" if item.value is None else bounds.said(slo, item.value))
        for item in slo.measurements.all()[:20]
    ]
    allowed = (1 - slo.target) * (slo.state.good + slo.state.bad)
    return Page(
        lines_of([slo], now)[0], days, charts.curve(days), _consumed(slo, now, allowed), newest, allowed
    )


def _consumed(slo: ServiceLevelObjective, now: dt.datetime, allowed: float) -> list[Consumed]:
    """The hours that cost most, the worst first."""
    start = slo.judged_over.start(now)
    rows = MeasurementRollup.objects.filter(
        slo=slo, grain=MeasurementRollup.Grain.HOUR, starts_at__gte=start, starts_at__lte=now, bad__gt=0
    ).order_by("-bad", "-starts_at")[:10]
    return [
        Consumed(row.starts_at, Counts(row.good, row.bad), row.bad / allowed if allowed else 0.0)
        for row in rows
    ]
