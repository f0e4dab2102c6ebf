"""The trust strip: green only from a fresh measurement, unknown shown as unknown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.trust.marks import Mark, TrustFacts, marks, worst_meaning

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GOOD = TrustFacts(
    quality=93.4,
    quality_at=NOW - HOUR,
    fresh_at=NOW - 2 * HOUR,
    freshness_promise=6 * HOUR,
    is_reachable=True,
    measured_at=NOW - HOUR,
    valid_until=NOW + HOUR,
    slo_status="good",
    slo_budget=0.8,
    slo_measured_at=NOW - HOUR,
    slo_valid_until=NOW + HOUR,
    contract_status="kept",
    certified_at=NOW - 48 * HOUR,
    certified_until=NOW + 60 * 24 * HOUR,
    has_owner=True,
)
KEYS = ["contract", "slos", "quality", "freshness", "certification", "owner"]


def mark(row: TrustFacts | None, key: str, now: datetime = NOW) -> Mark:
    (found,) = [item for item in marks(row, now) if item.key == key]
    return found


@pytest.mark.parametrize("row", [None, TrustFacts(), GOOD])
def test_six_marks_stand_in_the_same_order_whatever_is_known(row: TrustFacts | None) -> None:
    assert [item.key for item in marks(row, NOW)] == KEYS


@pytest.mark.parametrize(
    ("status", "budget", "meaning", "value"),
    [
        ("good", 1.0, "good", "100 % budget"),
        ("good", 0.996, "good", "99 % budget"),
        ("good", 0.004, "good", "under 1 % budget"),
        ("warning", 0.2, "warning", "20 % budget"),
        ("bad", -3.0, "bad", "missed"),
        ("unknown", 0.4, "unknown", "outdated"),
    ],
)
def test_objectives_stand_with_their_budget(status: str, budget: float, meaning: str, value: str) -> None:
    row = replace(GOOD, slo_status=status, slo_budget=budget, slo_measured_at=NOW, slo_valid_until=NOW + HOUR)
    found = mark(row, "slos")
    assert (found.key, found.meaning, found.value) == ("slos", meaning, value)
    old = mark(row, "slos", NOW + 2 * HOUR)
    assert (old.meaning, old.value) == ("unknown", "outdated")
    new = replace(GOOD, slo_status="unknown", slo_measured_at=None)
    assert mark(new, "slos").value == "not measured"


def test_fresh_good_measurement_is_green_everywhere() -> None:
    assert {item.meaning for item in marks(GOOD, NOW)} == {"good"}
    assert mark(GOOD, "quality").value == "93"
    assert (
        mark(GOOD, "freshness").explanation == "The newest data is 2 hours old; at most 6 hours is promised."
    )


@pytest.mark.parametrize(
    ("row", "key", "meaning", "value"),
    [
        (None, "quality", "unknown", "not measured"),
        (None, "contract", "unknown", "none"),
        (None, "slos", "unknown", "none"),
        (None, "certification", "unknown", "not certified"),
        (None, "owner", "bad", "unowned"),
        (replace(GOOD, quality=None), "quality", "unknown", "no score"),
        (replace(GOOD, quality=84.4), "quality", "warning", "84"),
        (replace(GOOD, quality=59.4), "quality", "bad", "59"),
        (replace(GOOD, quality=0.0), "quality", "bad", "0"),
        (replace(GOOD, quality=0.0, valid_until=NOW - HOUR), "quality", "unknown", "outdated"),
        (replace(GOOD, fresh_at=None), "freshness", "unknown", "age unknown"),
        (replace(GOOD, freshness_promise=None), "freshness", "unknown", "no promise"),
        (replace(GOOD, fresh_at=NOW - 9 * HOUR), "freshness", "bad", "late"),
        (replace(GOOD, freshness_promise=HOUR), "freshness", "warning", "to be measured"),
        (replace(GOOD, fresh_at=NOW + HOUR), "freshness", "good", "in time"),
        (replace(GOOD, is_reachable=False), "quality", "unknown", "outdated"),
        (replace(GOOD, is_reachable=False), "freshness", "bad", "unreachable"),
        (replace(GOOD, is_reachable=False, fresh_at=None), "freshness", "bad", "unreachable"),
        (replace(GOOD, is_reachable=False, freshness_promise=None), "freshness", "bad", "unreachable"),
        (replace(GOOD, is_reachable=False, valid_until=NOW - HOUR), "freshness", "unknown", "outdated"),
        (replace(GOOD, is_reachable=False, quality=None), "quality", "unknown", "no score"),
        (replace(GOOD, is_reachable=None), "freshness", "good", "in time"),
        (replace(GOOD, contract_status="drifted"), "contract", "bad", "broken"),
        (replace(GOOD, contract_status="unknown"), "contract", "unknown", "not compared"),
        (replace(GOOD, contract_status="kept", measured_at=None), "contract", "unknown", "not measured"),
        (replace(GOOD, certified_until=NOW), "certification", "unknown", "no longer certified"),
        (replace(GOOD, certified_until=NOW + 3 * 24 * HOUR), "certification", "good", "3 days left"),
        (replace(GOOD, certified_until=NOW + HOUR / 2), "certification", "good", "30 minutes left"),
        (replace(GOOD, has_owner=False), "owner", "bad", "unowned"),
    ],
)
def test_each_state(row: TrustFacts | None, key: str, meaning: str, value: str) -> None:
    found = mark(row, key)
    assert (found.meaning, found.value) == (meaning, value)
    assert found.explanation.endswith(".")


@pytest.mark.parametrize("key", ["contract", "quality", "freshness"])
def test_old_measurement_is_unknown_with_its_age(key: str) -> None:
    found = mark(GOOD, key, NOW + 72 * HOUR)
    assert (found.meaning, found.value, found.at) == ("unknown", "outdated", GOOD.measured_at)
    assert "3 days old" in found.explanation


def test_worst_meaning_speaks_for_all() -> None:
    assert worst_meaning(marks(GOOD, NOW)) == "good"
    assert worst_meaning(marks(replace(GOOD, quality=70.0), NOW)) == "warning"
    assert worst_meaning(marks(None, NOW)) == "bad"
    assert worst_meaning([]) == "unknown"


TIMES = st.one_of(st.none(), st.integers(-500, 500).map(lambda hours: NOW + hours * HOUR))
ROWS = st.builds(
    TrustFacts,
    quality=st.one_of(st.none(), st.floats(0, 100)),
    quality_at=TIMES,
    fresh_at=TIMES,
    freshness_promise=st.one_of(st.none(), st.integers(0, 100).map(lambda hours: hours * HOUR)),
    is_reachable=st.one_of(st.none(), st.booleans()),
    measured_at=TIMES,
    valid_until=TIMES,
    has_owner=st.booleans(),
    slo_status=st.sampled_from(["", "good", "warning", "bad", "unknown"]),
    slo_budget=st.one_of(st.none(), st.floats(-5, 1)),
    slo_measured_at=TIMES,
    slo_valid_until=TIMES,
    contract_status=st.sampled_from(["", "kept", "drifted", "unknown"]),
    certified_at=TIMES,
    certified_until=TIMES,
)
MEASURED = ("contract", "quality", "freshness")


@given(row=ROWS)
def test_nothing_is_green_without_something_that_still_counts(row: TrustFacts) -> None:
    ends = {"slos": row.slo_valid_until, "certification": row.certified_until}
    for item in marks(row, NOW):
        if item.meaning == "good" and item.key != "owner":
            end = ends.get(item.key, row.valid_until)
            assert end is not None
            assert end >= NOW
            assert item.key not in MEASURED or (row.measured_at is not None and item.at is not None)


@given(row=ROWS, later=st.integers(0, 2_000))
def test_time_alone_never_makes_a_mark_better(row: TrustFacts, later: int) -> None:
    """Nothing is written when a measurement grows old or a certification ends: the row is only read later."""
    order = ["unknown", "bad", "warning", "good"]
    for now, then in zip(marks(row, NOW), marks(row, NOW + later * HOUR), strict=True):
        assert order.index(then.meaning) <= order.index(now.meaning), (now, then)


@given(row=ROWS, later=st.integers(1_001, 5_000))
def test_everything_measured_is_unknown_once_nothing_counts_any_more(row: TrustFacts, later: int) -> None:
    for item in marks(row, NOW + later * HOUR):
        assert item.key == "owner" or item.meaning == "unknown"


@given(row=ROWS)
def test_every_mark_explains_itself_in_sentences(row: TrustFacts) -> None:
    for item in marks(row, NOW):
        assert item.explanation.endswith(".")
        assert item.value


def test_what_nobody_promised_speaks_neither_for_nor_against() -> None:
    bare = replace(GOOD, slo_status="", contract_status="", certified_at=None, certified_until=None)
    assert worst_meaning(marks(bare, NOW)) == "good"
    assert worst_meaning(marks(replace(GOOD, certified_until=NOW - HOUR), NOW)) == "good"
    assert worst_meaning(marks(replace(GOOD, contract_status="drifted"), NOW)) == "bad"


def test_marks_lead_to_their_proof() -> None:
    assert {item.url for item in marks(GOOD, NOW)} == {""}
    urls = [item.url for item in marks(GOOD, NOW, "/products/listening/play-events/")]
    assert urls[2] == "/products/listening/play-events/#quality"
