"""The quality score: what each dimension measures, that unknown leaves the denominator, and that better never costs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.quality.score import FORMULA, KeyFacts, Measured, RequiredField, Score, score

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PERFECT = Measured(
    read_at=NOW,
    fresh_at=NOW - HOUR,
    freshness_promise=2 * HOUR,
    declared=10,
    broken=0,
    required=(RequiredField("id", 0.0),),
    key=KeyFacts("id", is_enforced=True),
    reached=7,
    tried=7,
)


def value_of(measured: Measured, name: str) -> float | None:
    (found,) = [item.value for item in score(measured).dimensions if item.name == name]
    return found


def test_perfect_port_has_all_points_and_says_why() -> None:
    result = score(PERFECT)
    assert result.value == 100
    assert result.formula == FORMULA
    assert sum(item.points for item in result.dimensions) == pytest.approx(100)
    assert sum(item.weight for item in result.dimensions) == 100
    assert [item.explanation for item in result.dimensions] == [
        "The newest data was 1 hour old when read; at most 2 hours is promised.",
        "10 of 10 declared fields found as promised.",
        "1 required field looked at: 0 % of their values are empty.",
        "Reached in 7 of 7 readings of the last seven days.",
        "The store itself keeps id unique.",
    ]


@pytest.mark.parametrize(
    ("age", "value"),
    [(0, 1), (2, 1), (3, 0.75), (4, 0.5), (6, 0), (600, 0), (-1, 1)],
)
def test_freshness_falls_from_the_promise_to_three_times_the_promise(age: int, value: float) -> None:
    assert value_of(replace(PERFECT, fresh_at=NOW - age * HOUR), "freshness") == pytest.approx(value)


@pytest.mark.parametrize(
    ("measured", "name"),
    [
        (replace(PERFECT, freshness_promise=None), "freshness"),
        (replace(PERFECT, fresh_at=None), "freshness"),
        (replace(PERFECT, declared=0), "conformance"),
        (replace(PERFECT, broken=None), "conformance"),
        (replace(PERFECT, required=()), "completeness"),
        (replace(PERFECT, required=(RequiredField("id", None),)), "completeness"),
        (replace(PERFECT, tried=0, reached=0), "reachability"),
        (replace(PERFECT, key=None), "uniqueness"),
        (replace(PERFECT, key=KeyFacts("id")), "uniqueness"),
        (replace(PERFECT, key=KeyFacts("id", distinct=0, filled=0)), "uniqueness"),
    ],
)
def test_unmeasured_dimension_is_unknown_and_leaves_the_denominator(measured: Measured, name: str) -> None:
    assert value_of(measured, name) is None
    result = score(measured)
    assert result.value == 100
    (unknown,) = [item for item in result.dimensions if item.value is None]
    assert unknown.out_of == 0
    assert unknown.explanation.endswith(".")


def test_below_two_measured_dimensions_there_is_no_score() -> None:
    one = Measured(reached=1, tried=1)
    assert score(Measured()).value is None
    assert score(one).value is None
    assert score(replace(one, declared=2, broken=1)).value == pytest.approx(66.7)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (KeyFacts("id", distinct=50, filled=100), 0.5),
        (KeyFacts("id", distinct=99, filled=100), 0.99),
        (KeyFacts("id", distinct=99, filled=100, is_estimate=True), 1),
        (KeyFacts("id", distinct=104, filled=100, is_estimate=True), 1),
        (KeyFacts("id", distinct=97, filled=100, is_estimate=True), 0.97),
    ],
)
def test_key_is_as_unique_as_its_distinct_values(key: KeyFacts, value: float) -> None:
    assert value_of(replace(PERFECT, key=key), "uniqueness") == pytest.approx(value)


def test_empty_required_fields_are_named() -> None:
    measured = replace(
        PERFECT, required=(RequiredField("a", 0.5), RequiredField("b", 0.0), RequiredField("c", None))
    )
    (found,) = [item for item in score(measured).dimensions if item.name == "completeness"]
    assert found.value == pytest.approx(0.75)
    assert found.explanation == (
        "2 required fields looked at: 25 % of their values are empty. Worst is a with 50 %. 1 more not profiled."
    )


def test_almost_none_is_not_shown_as_none() -> None:
    measured = replace(PERFECT, required=(RequiredField("a", 0.00001),))
    assert "under 0.1 %" in " ".join(item.explanation for item in score(measured).dimensions)


COUNTS = st.integers(0, 50)
SHARES = st.one_of(st.none(), st.floats(0, 1))
MEASURED = st.builds(
    Measured,
    read_at=st.just(NOW),
    fresh_at=st.one_of(st.none(), st.integers(0, 500).map(lambda hours: NOW - hours * HOUR)),
    freshness_promise=st.one_of(st.none(), st.integers(0, 100).map(lambda hours: hours * HOUR)),
    declared=st.just(50),
    broken=st.one_of(st.none(), COUNTS),
    required=st.lists(st.builds(RequiredField, st.just("f"), SHARES), max_size=4).map(tuple),
    key=st.one_of(
        st.none(), st.builds(KeyFacts, st.just("id"), st.booleans(), COUNTS, st.just(50), st.booleans())
    ),
    reached=st.just(10),
    tried=st.one_of(st.just(0), st.integers(10, 20)),
)


@given(measured=MEASURED)
def test_score_is_the_sum_of_its_explained_points(measured: Measured) -> None:
    result = score(measured)
    known = [item for item in result.dimensions if item.value is not None]
    assert all(0 <= (item.value or 0) <= 1 for item in known)
    assert (result.value is None) == (len(known) < 2)
    if result.value is not None:
        assert result.value == pytest.approx(sum(item.points for item in result.dimensions), abs=0.051)
        assert sum(item.out_of for item in result.dimensions) == pytest.approx(100)
        assert 0 <= result.value <= 100


def better(measured: Measured) -> list[Measured]:
    """The same port with one measured thing better."""
    found = []
    if measured.fresh_at is not None:
        found.append(replace(measured, fresh_at=measured.fresh_at + HOUR))
    if measured.freshness_promise is not None:
        found.append(replace(measured, freshness_promise=measured.freshness_promise + HOUR))
    if measured.broken:
        found.append(replace(measured, broken=measured.broken - 1))
    if any(item.null_share for item in measured.required):
        filled = tuple(
            RequiredField(i.path, None if i.null_share is None else i.null_share / 2)
            for i in measured.required
        )
        found.append(replace(measured, required=filled))
    if measured.key and measured.key.distinct is not None:
        found.append(replace(measured, key=replace(measured.key, distinct=measured.key.distinct + 1)))
        found.append(replace(measured, key=replace(measured.key, is_enforced=True)))
    if measured.reached < measured.tried:
        found.append(replace(measured, reached=measured.reached + 1))
    return found


@given(measured=MEASURED)
def test_better_data_never_lowers_the_score(measured: Measured) -> None:
    before = score(measured)
    for improved in better(measured):
        after: Score = score(improved)
        assert after.value is None or before.value is None or after.value >= before.value - 0.051
        for old, new in zip(before.dimensions, after.dimensions, strict=True):
            assert old.value is None or new.value is None or new.value >= old.value - 1e-9
