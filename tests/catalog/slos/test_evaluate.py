"""The arithmetic of error budgets: properties over random measurements, and the alert rules case by case."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.slos.evaluate import (
    HOUR_SPANS,
    RAW_SPANS,
    RULES,
    Alert,
    Counts,
    Measured,
    Raw,
    Status,
    evaluate,
    measured_of,
    roll_up,
)
from catalog.slos.windows import DAY, HOUR, Window, WindowKind, day_start, hour_start

NOW = datetime(2026, 11, 18, 15, 40, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Chatham")
ROLLING = Window()

raws = st.lists(
    st.builds(
        Raw,
        st.integers(0, 40 * 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes)),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    max_size=60,
)
windows = st.builds(Window, st.sampled_from(WindowKind), st.integers(1, 90), st.sampled_from(ZONES))
targets = st.floats(0.5, 0.99999)
ORDER = [Status.GOOD, Status.WARNING, Status.BAD]


@given(raws, windows, targets)
def test_budget_is_whole_where_nothing_failed(found: list[Raw], window: Window, target: float) -> None:
    fine = [Raw(raw.measured_at, raw.good + 1, 0) for raw in found]
    result = evaluate(target, window, measured_of(window, fine, NOW), NOW)
    assert result.budget_left in (None, 1.0)
    assert result.status in (Status.GOOD, Status.UNKNOWN)
    assert result.alert is Alert.NONE


@given(raws.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))), windows, targets)
def test_order_of_arrival_does_not_matter(
    both: tuple[list[Raw], list[Raw]], window: Window, target: float
) -> None:
    first, second = (evaluate(target, window, measured_of(window, part, NOW), NOW) for part in both)
    assert first == second


@given(raws, windows, targets, targets)
def test_a_stricter_target_never_looks_better(
    found: list[Raw], window: Window, one: float, other: float
) -> None:
    lax, strict = (
        evaluate(target, window, measured_of(window, found, NOW, 400 * DAY), NOW)
        for target in sorted((one, other))
    )
    assert lax.attainment == strict.attainment
    if lax.budget_left is not None and strict.budget_left is not None:
        assert strict.budget_left <= lax.budget_left
        assert ORDER.index(strict.status) >= ORDER.index(lax.status)


@given(raws, windows)
def test_roll_ups_count_what_raw_measurements_count(found: list[Raw], window: Window) -> None:
    """Whole local days and the hours at the edges are the window, in every time zone."""
    hours, days = roll_up(window.zone, found)
    start = window.start(NOW)
    assert hour_start(window.zone, start) == start
    today, counted = day_start(window.zone, NOW), Counts()
    for bucket in days:
        if start <= bucket.starts_at < today:
            counted += bucket.counts
    first = next((d.starts_at for d in days if d.starts_at >= start), None)
    edge = min(first or today, today)
    for bucket in hours:
        is_today = bucket.starts_at >= max(today, start)
        is_edge = start <= bucket.starts_at < edge and day_start(window.zone, bucket.starts_at) < start
        if is_today or is_edge:
            counted += bucket.counts
    assert counted == measured_of(window, found, NOW).window


def every(step: timedelta, days: float, bad: set[int]) -> list[Raw]:
    count = int(timedelta(days=days) / step)
    return [Raw(NOW - place * step, int(place not in bad), int(place in bad)) for place in range(count)]


def judged(found: list[Raw], target: float = 0.99, window: Window = ROLLING) -> tuple[Status, Alert]:
    result = evaluate(target, window, measured_of(window, found, NOW), NOW)
    return result.status, result.alert


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], (Status.UNKNOWN, Alert.NONE)),
        (every(HOUR, 28, set()), (Status.GOOD, Alert.NONE)),
        # an outage of the last 20 minutes, measured each minute: more than 2 % of the budget in an hour
        (every(timedelta(minutes=1), 10, set(range(20))), (Status.WARNING, Alert.PAGE)),
        # the same outage, over for ten minutes: the short window ends the page of the hour
        (every(timedelta(minutes=1), 28, set(range(40, 55))), (Status.GOOD, Alert.NONE)),
        # measured every two hours, too seldom to page; the newest was bad, a tenth of the budget is spent in three days
        (every(2 * HOUR, 28, {0, 10}), (Status.WARNING, Alert.TICKET)),
        # one failure of something measured daily: the budget of a tight target is gone, nobody is paged
        (every(DAY, 28, {0}), (Status.BAD, Alert.TICKET)),
        # long ago, nearly everything failed, but the pace is slow now
        (every(HOUR, 28, set(range(300, 400))), (Status.BAD, Alert.NONE)),
    ],
)
def test_status_and_alert(found: list[Raw], expected: tuple[Status, Alert]) -> None:
    assert judged(found) == expected


def test_old_measurements_are_unknown_and_their_figures_are_kept() -> None:
    found = [Raw(NOW - 3 * DAY, 9, 1)]
    result = evaluate(0.8, ROLLING, measured_of(ROLLING, found, NOW), NOW)
    assert result.status is Status.UNKNOWN
    assert result.attainment == pytest.approx(0.9)
    assert result.budget_left == pytest.approx(0.5)


def test_trouble_does_not_end_by_looking_away() -> None:
    """Nothing was measured in the short window: what was said last stands."""
    spans = {span: Counts(10, 0) for span in (*RAW_SPANS, *HOUR_SPANS)}
    spans[3 * DAY], spans[6 * HOUR] = Counts(2, 1), Counts()
    quiet = Measured(Counts(27, 1), spans, NOW - 8 * HOUR, newest_is_good=False)
    assert evaluate(0.9, ROLLING, quiet, NOW).alert is Alert.TICKET
    mended = Measured(Counts(27, 1), spans, NOW - 8 * HOUR, newest_is_good=True)
    assert evaluate(0.9, ROLLING, mended, NOW).alert is Alert.NONE


def test_burn_rates_are_those_of_the_workbook_for_thirty_days() -> None:
    window = Window(days=30)
    assert [rule.burn_rate(window) for rule in RULES] == pytest.approx([14.4, 6, 1])


def test_forecast_says_when_the_budget_is_spent() -> None:
    spans = {3 * DAY: Counts(94, 6)}
    result = evaluate(0.97, ROLLING, Measured(Counts(985, 15), spans, NOW), NOW)
    assert result.burn_rate == pytest.approx(2)
    assert result.exhausted_at == pytest.approx(NOW + 7 * DAY, abs=timedelta(seconds=1))  # type: ignore[comparison-overlap]
    slow = {3 * DAY: Counts(99, 1)}
    assert evaluate(0.97, ROLLING, Measured(Counts(985, 15), slow, NOW), NOW).exhausted_at is None


@pytest.mark.parametrize(
    ("kind", "zone", "start"),
    [
        (WindowKind.WEEK, "UTC", datetime(2026, 11, 16, tzinfo=UTC)),
        (WindowKind.MONTH, "Europe/Berlin", datetime(2026, 10, 31, 23, tzinfo=UTC)),
        (WindowKind.QUARTER, "Asia/Kolkata", datetime(2026, 9, 30, 18, 30, tzinfo=UTC)),
        (WindowKind.YEAR, "America/New_York", datetime(2026, 1, 1, 5, tzinfo=UTC)),
    ],
)
def test_calendar_windows_begin_at_local_midnight(kind: WindowKind, zone: str, start: datetime) -> None:
    window = Window(kind, zone=zone)
    assert window.start(NOW) == start
    end = window.end(NOW)
    assert end is not None
    assert end > NOW
    assert window.start(end) == end
