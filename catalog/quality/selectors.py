"""Reads of checks for lists, pages and the API; a fixed number of queries whatever their number."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.products.value_discretion import discretion
from catalog.quality import charts, cron
from catalog.quality.models import CheckResult, CheckState, QualityCheck
from catalog.quality.outcomes import Status
from catalog.quality.words import question

LOUD = frozenset({QualityCheck.Severity.ERROR, QualityCheck.Severity.CRITICAL})
SHOWN = 60  # results on the page of a check


def checks_for(user: User) -> QuerySet[QualityCheck]:
    """Those `user` may see, with what every list shows."""
    return QualityCheck.objects.visible_to(user).select_related(
        "state", "port__product__domain", "port__product__team", "port__connection"
    )


def check_or_404(user: User, pk: int) -> QualityCheck:
    found = checks_for(user).prefetch_related("port__product__stewardships__user").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such check, or you may not see it.")
    return found


def mine(user: User) -> Q:
    """Checks of products the person is in charge of, or whose team they belong to."""
    teams = kernel.standing(user).team_ids
    return Q(port__product__stewardships__user=user) | Q(port__product__team__in=teams)


def next_due(check: QualityCheck, measured_at: dt.datetime | None) -> dt.datetime | None:
    """When a check with a schedule of its own is due after it was measured last, or made; None without a schedule."""
    if not check.schedule:
        return None
    return cron.parse(check.schedule).after(measured_at or check.created_at)


def status_of(check: QualityCheck, now: dt.datetime) -> str:
    """How it stands at `now`: ended checks and old results are unknown."""
    state = check.state
    is_old = state.valid_until is None or now > state.valid_until
    return Status.UNKNOWN.value if is_old or check.ended_at else str(state.status)


@dataclass(frozen=True, slots=True)
class Line:
    """One check as a list shows it, judged now; `strip` are its newest results, the oldest first."""

    check: QualityCheck
    meaning: str
    word: str
    question: str
    strip: tuple[charts.Cell, ...] = ()

    @property
    def state(self) -> CheckState:
        return self.check.state

    @property
    def failed_words(self) -> str:
        """`12 of 4,000 rows`, where rows were counted."""
        state = self.check.state
        if state.failed_rows is None:
            return ""
        return f"{state.failed_rows:,}" + (
            f" of {state.total_rows:,}" if state.total_rows is not None else ""
        )


def lines_of(checks: Iterable[QualityCheck], now: dt.datetime) -> list[Line]:
    """Checks as lines, with the strip of their newest results."""
    listed = list(checks)
    strips = _strips([check.pk for check in listed])
    return [_line(check, now, strips.get(check.pk, ())) for check in listed]


def _line(check: QualityCheck, now: dt.datetime, strip: Sequence[charts.Cell]) -> Line:
    status = status_of(check, now)
    failed = "bad" if check.severity in LOUD else "warning"
    meaning = {"passed": "good", "failed": failed, "error": "warning"}.get(status, "unknown")
    word = {"passed": "passed", "failed": "failed", "error": "not measurable"}.get(status, "")
    if not word:
        word = "outdated" if check.state.measured_at else "not measured"
        word = "in words" if check.kind == QualityCheck.Kind.TEXT else "ended" if check.ended_at else word
    asked = question(check.kind, check.element, check.parameters)
    return Line(check, meaning, word, asked, tuple(strip))


def _strips(check_ids: Sequence[int]) -> dict[int, list[charts.Cell]]:
    place = Window(RowNumber(), partition_by=F("quality_check_id"), order_by=F("measured_at").desc())
    rows = (
        CheckResult.objects.filter(quality_check__in=check_ids)
        .annotate(place=place)
        .filter(place__lte=charts.STRIP)
        .order_by("quality_check_id", "measured_at")
        .values_list("quality_check_id", "measured_at", "outcome", "failed_rows")
    )
    found: dict[int, list[charts.Cell]] = {}
    for check_id, at, outcome, failed in rows:
        found.setdefault(check_id, []).append(charts.Cell(at, outcome, failed))
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """What the page of one check shows; `sample` are failing values of the newest result, where they may be shown;
    `next_due` is from when on a crawl asks it, where it has a schedule of its own."""

    line: Line
    results: list[CheckResult]
    bars: charts.Bars
    sample: tuple[str, ...]
    next_due: dt.datetime | None


def page_of(check: QualityCheck, now: dt.datetime) -> Page:
    results = list(check.results.all()[:SHOWN])
    bars = charts.bars([(row.measured_at, row.outcome, _height(row)) for row in reversed(results)])
    due_at = next_due(check, check.state.measured_at) if check.is_active and check.is_crawled else None
    return Page(lines_of([check], now)[0], results, bars, sample_of(check, results), due_at)


def _height(row: CheckResult) -> float | None:
    return float(row.failed_rows) if row.failed_rows is not None else row.value


def sample_of(check: QualityCheck, results: Sequence[CheckResult]) -> tuple[str, ...]:
    """The failing values that were kept last, if the field's values may still be shown."""
    kept = next((row.sample for row in results if row.sample), None)
    if not kept or check.port.asset_id is None:
        return ()
    said = discretion([check.port.asset_id])[check.port.asset_id].folded()
    return () if said.objection(check.element.casefold(), was_released=False) else tuple(kept)
